import Crypto
import Domain
import Foundation
import PostgresDriver
import Testing

@testable import HeadOffice

struct CardIssueTests {
    @Test
    func
        `the printer's file and the mailers leave once each, and only the recipient reads passwords`()
        async throws
    {
        try await withDesk { world in
            let issuer = try await world.actor("issuer")
            let supervisor = try await world.actor("issuing-supervisor")
            let batch = try await world.cards.askBatch(
                programme: "JS", quantity: 3, initialLoad: .zero, by: issuer, at: world.now)
            await #expect(throws: CardsRefusal.batchNotIssued) {
                try await world.cards.printerFile(batch, by: issuer, at: world.now)
            }
            try await world.cards.approveBatch(batch, by: supervisor, at: world.now)
            let printed = try await world.cards.printerFile(batch, by: issuer, at: world.now)
            #expect(printed.map(\.serial) == (1...3).map { "\(batch)-\($0)" })
            await #expect(throws: CardsRefusal.alreadyExported) {
                try await world.cards.printerFile(batch, by: supervisor, at: world.now)
            }
            let mailer = try #require(try await world.mailers.list(by: issuer).first)
            let bytes = try await world.mailers.fetch(
                mailer.mailerID, by: supervisor, at: world.now)
            await #expect(throws: CardsRefusal.alreadyFetched) {
                try await world.mailers.fetch(mailer.mailerID, by: supervisor, at: world.now)
            }
            let sealed = try SealedMailers(bytes: bytes)
            let letters = try sealed.open(with: world.mailerKey)
            let other = Curve25519.KeyAgreement.PrivateKey()
            #expect(throws: (any Error).self) { try sealed.open(with: other) }
            for card in printed {
                #expect(letters.contains(card.serial))
                #expect(!letters.contains(card.number.text))
            }
            // The password of the first mailer opens the first card.
            let line = try #require(
                letters.split(whereSeparator: \.isNewline).dropFirst().first)
            let password = try #require(line.split(separator: ",").last).filter(\.isNumber)
            let verified = try await isPassword(
                String(password), of: printed[0].number.text, in: world)
            #expect(verified)
            let left = try await world.number(
                "SELECT count(*) AS n FROM password_mailer WHERE sealed IS NOT NULL")
            #expect(left == 0)
            let looks = try await world.number(
                """
                SELECT count(*) AS n FROM audit
                WHERE action IN ('card_batch.export', 'password_mailer.fetch')
                """)
            #expect(looks == 2)
        }
    }

    @Test func `without a recipient no password is made`() async throws {
        try await withDesk { world in
            let issuer = try await world.actor("issuer")
            let supervisor = try await world.actor("issuing-supervisor")
            try await world.store.write { session in
                try session.execute("UPDATE mailer_recipient SET retired_at = \(world.now)")
            }
            let batch = try await world.cards.askBatch(
                programme: "JS", quantity: 1, initialLoad: .zero, by: issuer, at: world.now)
            await #expect(throws: CardsRefusal.mailerRecipientMissing) {
                try await world.cards.approveBatch(batch, by: supervisor, at: world.now)
            }
            #expect(try await world.number("SELECT count(*) AS n FROM card") == 0)
        }
    }

    @Test(arguments: [
        "", "zz", String(repeating: "00", count: 32), String(repeating: "ab", count: 31),
    ])
    func `a key nobody can open mail with is refused`(key: String) async throws {
        try await withDesk { world in
            let supervisor = try await world.actor("issuing-supervisor")
            await #expect(throws: CardsRefusal.mailerKeyInvalid) {
                try await world.mailers.register(
                    name: "信封厂", publicKey: key, by: supervisor, at: world.now)
            }
        }
    }

    @Test func `the printer's file holds numbers as text and runs no formula`() throws {
        let text = Cards.printerText([
            Cards.PrintedCard(
                serial: "3-1", number: try CardNumber("6232001234567890123"),
                holder: "=HYPERLINK(1)", faceTitle: "慧医卡", programme: "JS", expiresOn: nil)
        ])
        #expect(text.contains("6232 0012 3456 7890 123"))
        #expect(text.contains(",'=HYPERLINK(1),"))
        #expect(text.hasPrefix("\u{FEFF}"))
    }

    private func isPassword(
        _ password: String, of number: String, in world: DeskWorld
    ) async throws -> Bool {
        let fingerprint = world.store.cards.fingerprint(ofNumber: number)
        let row = try await world.store.read { session in
            try session.queryOne(
                """
                SELECT password_salt, password_verifier FROM card
                WHERE fingerprint = \(fingerprint)
                """
            ).map {
                (
                    salt: try $0["password_salt"] as [UInt8],
                    verifier: try $0["password_verifier"] as [UInt8]
                )
            }
        }
        let stored = try #require(row)
        return world.store.cards.isPassword(
            password, salt: stored.salt, verifier: stored.verifier)
    }
}
