import Domain
import Journal
import PostgresDriver
import Testing
import WebSupport

@testable import HeadOffice

/// R-A1: what a disabled or changed login did before its till could know is kept, and flagged.
struct AccountActTests {
    /// A store with the login `li`, a till and a card with ¥1,000.
    private func withTill(
        _ body: (TestShop, Stores, TestTill, TestShop.Card) async throws -> Void
    ) async throws {
        try await withOffice { office in
            let shop = try await TestShop.open(office)
            let stores = Stores(
                store: office.store, telephones: OfficeTelephones(service: "", fault: ""),
                passwords: PasswordWorker())
            for login in ["li", "wang"] {
                try await stores.addAccount(
                    .init(
                        login: login, name: login, roles: [.cashier],
                        password: "correct horse \(login)9"), toStore: "GD0001",
                    by: shop.administrator, at: office.time.now)
            }
            let till = try await TestTill.enrol(shop)
            try await body(shop, stores, till, try await shop.card(1, balance: 100_000))
        }
    }

    private func disable(
        _ shop: TestShop, _ stores: Stores, _ login: String = "li", _ isDisabled: Bool = true
    ) async throws {
        try await stores.setDisabled(
            isDisabled, login: login, ofStore: "GD0001", by: shop.administrator,
            at: shop.office.time.now)
    }

    private func acts(_ shop: TestShop, _ sale: RecordID) async throws -> [String] {
        try await shop.office.store.read { session in
            try AccountActs.of(sale: sale, in: session).map { "\($0.login) \($0.change)" }
        }
    }

    // A sale of the tests states that the till's knowledge was 60 s old.

    @Test
    func
        `a sale after the login was disabled, at a till that could not know, is posted and flagged`()
        async throws
    {
        try await withTill { shop, stores, till, card in
            let before = try till.sell(card, 100)
            shop.office.time.move(milliseconds: 1)
            try await disable(shop, stores)
            shop.office.time.move(milliseconds: 59_999)
            let between = try till.sell(card, 200)
            shop.office.time.move(milliseconds: 1)
            let after = try till.sell(card, 300)
            #expect(try await till.verdicts() == ["posted", "posted", "posted"])
            #expect(try await acts(shop, before) == [])
            #expect(try await acts(shop, between) == ["li disabled"])
            // A till that knew everything up to the change itself would not have let it.
            #expect(try await acts(shop, after) == [])
            // Sent again, it is flagged once.
            _ = try await till.push()
            #expect(try await acts(shop, between).count == 1)
        }
    }

    @Test
    func `what came in late is judged by when it was done, and another's login is not flagged`()
        async throws
    {
        try await withTill { shop, stores, till, card in
            try await disable(shop, stores, "wang")
            shop.office.time.move(milliseconds: 10_000)
            try await disable(shop, stores)
            shop.office.time.move(milliseconds: 10_000)
            let sale = try till.sell(card, 100)
            shop.office.time.move(milliseconds: 6 * 3_600_000)
            _ = try await till.push()
            #expect(try await acts(shop, sale) == ["li disabled"])
        }
    }

    @Test func `a new password flags too, and a login that was enabled again does not`()
        async throws
    {
        try await withTill { shop, stores, till, card in
            try await stores.resetPassword(
                "another horse 9", login: "li", ofStore: "GD0001", by: shop.administrator,
                at: shop.office.time.now)
            shop.office.time.move(milliseconds: 1_000)
            let first = try till.sell(card, 100)
            shop.office.time.move(milliseconds: 1)
            try await disable(shop, stores)
            shop.office.time.move(milliseconds: 1_000)
            try await disable(shop, stores, "li", false)
            shop.office.time.move(milliseconds: 1_000)
            let second = try till.sell(card, 100)
            _ = try await till.push()
            #expect(try await acts(shop, first) == ["li password"])
            #expect(try await acts(shop, second) == [])
        }
    }

    @Test func `a refund asked by a disabled login without line is flagged at the sale`()
        async throws
    {
        try await withTill { shop, stores, till, card in
            let sale = try till.sell(card, 100, quantity: 2)
            _ = try await till.push()
            shop.office.time.move(milliseconds: 3_600_000)
            try await disable(shop, stores, "wang")
            shop.office.time.move(milliseconds: 60_000)
            till.requestRefund(sale, quantity: 1, amount: 100, card: card)
            // The line came back much later: no beacon tells of a contact in between.
            shop.office.time.move(milliseconds: 3_600_000)
            _ = try await till.push()
            #expect(try await acts(shop, sale) == ["wang disabled"])
            // With the line up the till had known: a request that comes at once is none of these.
            till.requestRefund(sale, quantity: 1, amount: 100, card: card)
            _ = try await till.push()
            #expect(try await acts(shop, sale) == ["wang disabled"])
        }
    }

    @Test func `an approver and an auditor find the flagged orders in the list`() async throws {
        try await withTill { shop, stores, till, card in
            let plain = try till.sell(card, 100)
            shop.office.time.move(milliseconds: 1)
            try await disable(shop, stores)
            shop.office.time.move(milliseconds: 1_000)
            let flagged = try till.sell(card, 200)
            _ = try await till.push()
            let orders = Orders(store: shop.office.store)
            for role in [StaffRole.approver, .auditor] {
                let reader = try await shop.staff(
                    "reader-\(role.rawValue)".replacing("_", with: "-"), [role])
                var filter = Orders.Filter()
                #expect(
                    try await orders.list(filter, by: reader)
                        .filter(\.isFlagged).map(\.saleID) == [flagged])
                filter.state = "account"
                #expect(try await orders.list(filter, by: reader).map(\.saleID) == [flagged])
                let shown = try #require(try await orders.find(flagged, by: reader))
                #expect(shown.order.isFlagged && shown.acts.map(\.login) == ["li"])
                #expect(try await orders.find(plain, by: reader)?.acts == [])
            }
        }
    }
}
