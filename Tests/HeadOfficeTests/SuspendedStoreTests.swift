import Domain
import Journal
import PostgresDriver
import Testing
import WebSupport

@testable import HeadOffice

/// A suspended store begins nothing; what it sold is still delivered (S-7).
struct SuspendedStoreTests {
    private func suspend(_ shop: TestShop, _ isSuspended: Bool) async throws {
        try await Stores(
            store: shop.office.store, telephones: OfficeTelephones(service: "", fault: ""),
            passwords: PasswordWorker()
        ).setSuspended(isSuspended, store: "GD0001", by: shop.administrator, at: shop.now)
    }

    /// The till as the door reads it at each request.
    private func known(_ till: TestTill) async throws -> KnownTill {
        let found = try await Tills(till.shop.office.store)
            .known(code: till.known.code, epoch: till.known.epoch)
        return try #require(found)
    }

    @Test
    func `authorisation is refused by name while the store is suspended, and works again after`()
        async throws
    {
        try await withOffice { office in
            let shop = try await TestShop.open(office)
            let till = try await TestTill.enrol(shop)
            let card = try await shop.card(1, balance: 1_000)
            try await suspend(shop, true)
            till.reload(try await known(till))
            let refused = try await till.authorise(card, 100)
            #expect(refused.code == "store_suspended" && refused.result == .refused)
            let wrong = try await till.authorise(card, 100, password: "000000")
            #expect(wrong.code == "store_suspended")
            #expect(try await shop.number("SELECT wrong_count FROM card") == 0, "no try is counted")
            #expect(try await shop.balance(card) == (1_000, 0))
            try await suspend(shop, false)
            till.reload(try await known(till))
            #expect(try await till.authorise(card, 100).result == .approved)
        }
    }

    @Test func `what a suspended store sold is taken in, and what it had on hold is paid`()
        async throws
    {
        try await withOffice { office in
            let shop = try await TestShop.open(office)
            let till = try await TestTill.enrol(shop)
            let card = try await shop.card(1, balance: 1_000)
            let id = office.store.clock.makeID()
            _ = try await till.authorise(card, 300, payment: id)
            try await suspend(shop, true)
            till.reload(try await known(till))
            // Held before: the same payment asked again is still approved, and its sale posts.
            #expect(
                try await till.authorise(card, 300, payment: id, attempt: 2).result == .approved)
            try till.sell(card, 300, id: id, authorised: true)
            try till.sell(card, 200)
            #expect(try await till.verdicts() == ["posted", "posted"])
            #expect(try await shop.balance(card) == (500, 0))
        }
    }

    @Test func `phones are told that the store is suspended`() async throws {
        try await withOffice { office in
            let shop = try await TestShop.open(office)
            let till = try await TestTill.enrol(shop)
            let payments = PhonePayments(office.store)
            _ = try await payments.keys.current(for: till.known, holds: nil)
            let token = PhoneRequest(
                till: till.known.code, epoch: 1, payment: office.store.clock.makeID(),
                amount: Money(fen: 100), made: office.time.now, lifetime: 300,
                head: JournalHead(sequence: 0, hash: RecordHash(of: [])), key: 1,
                items: [PhoneItem(amount: Money(fen: 100), name: "感冒颗粒", quantity: 1)],
                signedBy: till.key
            ).token
            try await suspend(shop, true)
            await #expect(throws: PhoneRefusal.storeSuspended) {
                _ = try await payments.demand(token)
            }
            try await suspend(shop, false)
            _ = try await payments.demand(token)
        }
    }
}
