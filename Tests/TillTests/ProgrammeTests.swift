import Domain
import Foundation
import GRDB
import Journal
import Testing

@testable import Till

/// What head office says of a programme, as the till keeps to it.
struct ProgrammeTests {
    private let till: EnrolledTill

    init() async throws { till = try await EnrolledTill() }

    /// A programme of numbers that cannot be guessed.
    private func programme(
        verifiedOnly: Bool, picture: RecordHash? = nil, version: Int64
    ) -> ChangeItem {
        ChangeItem(
            topic: .programme, key: "ZJ", version: version,
            body: .programme(
                .init(
                    isAccepted: true, face: .init(colour: "#0b6e5f", title: "浙", picture: picture),
                    name: "浙江慧医卡", prefix: "621700", province: "33", scheme: .luhn19,
                    isVerifiedOnly: verifiedOnly)))
    }

    private func check() async throws {
        let card = PaymentCard(
            fingerprint: try CardFingerprint(String(repeating: "ab", count: 16)), mask: "6217",
            programme: "ZJ", isTest: false)
        let now = till.clock.now
        try await till.store.read { database in
            try StandIn.check(amount: Money(fen: 100), card: card, at: now, in: database)
        }
    }

    @Test func `a programme that asks for it lets no card stand in that was not seen approved`()
        async throws
    {
        try await till.apply([
            programme(verifiedOnly: false, version: 30),
            ChangeItem(
                topic: .limits, key: "ZJ", version: 31,
                body: .programmeLimits(
                    .init(perCard: Money(fen: 50_000), perSale: Money(fen: 20_000)))),
        ])
        try await check()
        try await till.apply([programme(verifiedOnly: true, version: 32)])
        await #expect(throws: StandInRefusal.cardUnverified) { try await check() }
        try await till.store.storeApproval(
            try CardFingerprint(String(repeating: "ab", count: 16)), at: till.clock.now)
        try await check()
    }

    @Test func `a face's picture is shown once it is here, and only as the one that was named`()
        async throws
    {
        let picture: [UInt8] = Array("a picture".utf8)
        let content = RecordHash(of: picture)
        try await till.apply([programme(verifiedOnly: false, picture: content, version: 30)])
        func shown() async throws -> String? {
            try await till.store.read { try Cards.programme("ZJ", in: $0)?.facePicture }
        }
        #expect(try await shown() == nil)
        #expect(try await till.store.read { try CardFaces.missing(in: $0) } == [content.hex])
        let isOther = try await till.store.write {
            try CardFaces.keep(Array("another".utf8), as: content.hex, in: $0)
        }
        #expect(!isOther)
        let isKept = try await till.store.write {
            try CardFaces.keep(picture, as: content.hex, in: $0)
        }
        #expect(isKept)
        #expect(try await shown() == "/faces/" + content.hex)
        #expect(try await till.store.read { try CardFaces.missing(in: $0) } == [])
    }
}
