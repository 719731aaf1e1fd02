import Domain
import Foundation
import Journal
import PostgresDriver
import TestSupport
import Testing

@testable import HeadOffice

/// The sealing key changes, and earlier ones go when no till can hold records under them (R-W5).
struct OfficeKeyTests {
    /// The same head office, started again on other keys.
    private func restarted(_ shop: TestShop, _ secrets: OfficeSecrets) -> TestShop {
        let old = shop.office
        return TestShop(
            office: TestOffice(
                store: OfficeStore(
                    pool: old.store.pool, secrets: secrets, clock: old.store.clock,
                    logger: old.store.logger), time: old.time,
                connectionString: old.connectionString), storeID: shop.storeID,
            programmeID: shop.programmeID, administrator: shop.administrator)
    }

    private func withFolder(_ body: (URL) async throws -> Void) async throws {
        let folder = FileManager.default.temporaryDirectory
            .appending(path: "office-keys-\(UInt64.random(in: 0 ... .max))")
        defer { try? FileManager.default.removeItem(at: folder) }
        try await body(folder)
    }

    /// The till has everything that is published, its journal ending where it does now.
    private func hear(_ till: TestTill, _ shop: TestShop) async throws {
        var page: ChangeFeed.Page
        repeat {
            page = try await shop.office.store.read { session in
                try ChangeFeed.read(session, scope: "GD0001", after: .start)
            }
        } while !page.isComplete
        try await Tills(shop.office.store).acknowledge(
            till.known, headSequence: Int64(till.entries.count), cursor: page.next)
    }

    @Test
    func
        `what was sealed to the earlier key still opens, and the key goes when no till can need it`()
        async throws
    {
        try await withFolder { folder in
            try await withOffice { office in
                let before = restarted(
                    try await TestShop.open(office), try OfficeSecrets(folder: folder))
                let till = try await TestTill.enrol(before)
                let card = try await before.card(1, balance: 1_000)
                try await OfficeKeys(store: before.office.store).publish(at: before.now)
                let first = before.office.store.secrets.sealingKeyID
                try till.sell(card, 100)
                let second = try OfficeSecrets.renewSealingKey(in: folder)
                #expect(first != second)

                let shop = restarted(before, try OfficeSecrets(folder: folder))
                let keys = OfficeKeys(store: shop.office.store)
                office.time.move(milliseconds: 60_000)
                try await keys.publish(at: shop.now)
                func earlier() async throws -> OfficeKeys.Listed? {
                    try await keys.list(at: shop.now)
                        .first { $0.kind == "sealing" && $0.supersededAt != nil }
                }
                #expect(try await earlier()?.keyID == first)
                #expect(try await earlier()?.tillCount == 1)
                await #expect(throws: OfficeKeysRefusal.keyNeeded) {
                    try await keys.remove(first, at: shop.now)
                }
                // The sale was sealed to the earlier key and arrives now.
                let moved = BatchIngest(shop.office.store)
                guard case .taken(let reply) = try await moved.take(till.frame(), from: till.known)
                else { throw TestShop.TestFault.noRow }
                #expect(reply.verdicts.map(\.state) == [.posted])
                #expect(try await earlier()?.tillCount == 1, "the till has not said that it knows")
                try await hear(till, shop)
                #expect(try await earlier()?.tillCount == 1, "a payment may be under way")
                office.time.move(milliseconds: OfficeKeys.settlingTime)
                #expect(try await earlier()?.mayBeRemoved == true)
                for _ in 0..<2 { try await keys.remove(first, at: shop.now) }
                let removals = try await shop.number(
                    "SELECT count(*) FROM audit WHERE action = 'keys.remove_sealing'")
                #expect(removals == 1)
                let isGone = try OfficeSecrets.removeSealingKey(first, in: folder)
                #expect(isGone)
                #expect(try await earlier() == nil)
                #expect(try OfficeSecrets(folder: folder).earlierSealingKeys.isEmpty)
            }
        }
    }

    @Test func `a till whose records are not all here keeps the earlier key`() async throws {
        try await withFolder { folder in
            try await withOffice { office in
                let before = restarted(
                    try await TestShop.open(office), try OfficeSecrets(folder: folder))
                let till = try await TestTill.enrol(before)
                let card = try await before.card(1, balance: 1_000)
                try await OfficeKeys(store: before.office.store).publish(at: before.now)
                try till.sell(card, 100)
                _ = try OfficeSecrets.renewSealingKey(in: folder)
                let shop = restarted(before, try OfficeSecrets(folder: folder))
                let keys = OfficeKeys(store: shop.office.store)
                office.time.move(milliseconds: 60_000)
                try await keys.publish(at: shop.now)
                try await hear(till, shop)
                office.time.move(milliseconds: 10 * OfficeKeys.settlingTime)
                let kept = try await keys.list(at: shop.now).filter { $0.supersededAt != nil }
                #expect(kept.map(\.tillCount) == [1])
                _ = try await till.push()
                let free = try await keys.list(at: shop.now).filter { $0.supersededAt != nil }
                #expect(free.map(\.mayBeRemoved) == [true])
            }
        }
    }

    @Test func `what is sealed to a key that only another program has yet is judged by neither`()
        async throws
    {
        try await withFolder { folder in
            try await withOffice { office in
                let old = restarted(
                    try await TestShop.open(office), try OfficeSecrets(folder: folder))
                try await OfficeKeys(store: old.office.store).publish(at: old.now)
                _ = try OfficeSecrets.renewSealingKey(in: folder)
                let new = restarted(old, try OfficeSecrets(folder: folder))
                office.time.move(milliseconds: 1_000)
                try await OfficeKeys(store: new.office.store).publish(at: new.now)
                let till = try await TestTill.enrol(new)
                let card = try await new.card(1, balance: 1_000)
                try till.sell(card, 100)
                await #expect(throws: OfficeKeysRefusal.keyElsewhere) {
                    try await BatchIngest(old.office.store).take(till.frame(), from: till.known)
                }
                let payment = new.office.store.clock.makeID()
                await #expect(throws: OfficeKeysRefusal.keyElsewhere) {
                    try await till.authorise(
                        card, 200, payment: payment, at: Authorisations(old.office.store))
                }
                #expect(try await new.number("SELECT count(*) FROM journal_record") == 0)
                #expect(try await till.verdicts() == ["posted"])
                #expect(try await till.authorise(card, 200, payment: payment).result == .approved)
            }
        }
    }

    @Test func `publishing the same keys again tells tills nothing new`() async throws {
        try await withOffice { office in
            let shop = try await TestShop.open(office)
            let keys = OfficeKeys(store: office.store)
            try await keys.publish(at: shop.now)
            let position = try await shop.number(
                "SELECT change_id FROM change WHERE topic = 'sealing_key'")
            try await keys.publish(at: shop.now)
            #expect(
                try await shop.number("SELECT change_id FROM change WHERE topic = 'sealing_key'")
                    == position)
            #expect(try await keys.list(at: shop.now).map(\.kind) == ["signing", "sealing"])
        }
    }
}
