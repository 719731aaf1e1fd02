import Domain
import Journal
import PostgresDriver
import Testing

@testable import HeadOffice

/// What a till records of its sales is never older than what it had acknowledged (R-P14).
struct PolicyRollbackTests {
    /// A till that has acknowledged everything published, its journal ending where it does now.
    private func acknowledge(_ till: TestTill) async throws {
        // What another database of the cluster has under way hides the newest items for a while.
        let store = till.shop.office.store
        var page: ChangeFeed.Page
        repeat {
            page = try await store.read { session in
                try ChangeFeed.read(session, scope: "GD0001", after: .start)
            }
        } while !page.isComplete
        try await Tills(till.shop.office.store).acknowledge(
            till.known, headSequence: Int64(till.entries.count), cursor: page.next)
    }

    private func publish(_ shop: TestShop, blocking card: TestShop.Card) async throws {
        _ = try await shop.office.store.write { session in
            try ChangeItems.publishProgrammes(in: session)
            try session.execute("UPDATE card SET state = 'frozen' WHERE card_id = \(card.id)")
            try ChangeItems.publishCards([card.id], in: session)
        }
    }

    private func flagged(_ shop: TestShop) async throws -> Int64 {
        try await shop.number("SELECT count(*) FROM sale WHERE policy_rollback")
    }

    @Test func `a sale that went by less than its till knew is flagged and posted`() async throws {
        try await withOffice { office in
            let shop = try await TestShop.open(office)
            let till = try await TestTill.enrol(shop)
            let card = try await shop.card(1, balance: 1_000)
            try await publish(shop, blocking: try await shop.card(2, balance: 0))
            try till.sell(card, 100)
            try await acknowledge(till)
            try till.sell(card, 200)
            #expect(try await till.verdicts() == ["posted", "posted"])
            #expect(try await flagged(shop) == 1, "only the sale after the acknowledgement")
            #expect(
                try await shop.number("SELECT total FROM sale WHERE policy_rollback") == 200)
        }
    }

    @Test func `a till that goes by what it acknowledged, or by newer, is not flagged`()
        async throws
    {
        try await withOffice { office in
            let shop = try await TestShop.open(office)
            let till = try await TestTill.enrol(shop)
            let card = try await shop.card(1, balance: 1_000)
            try await publish(shop, blocking: try await shop.card(2, balance: 0))
            try await acknowledge(till)
            let newest = try await shop.number("SELECT max(change_id) FROM change")
            till.knew = .init(
                blockListVersion: newest, contactAge: 60, limitsVersion: newest)
            try till.sell(card, 100)
            try await publish(shop, blocking: try await shop.card(3, balance: 0))
            #expect(try await till.verdicts() == ["posted"])
            #expect(try await flagged(shop) == 0)
        }
    }

    @Test func `what a rolled back till is short of is the store's, whatever the programme bears`()
        async throws
    {
        try await withOffice { office in
            let shop = try await TestShop.open(office)
            let till = try await TestTill.enrol(shop)
            let card = try await shop.card(1, balance: 100)
            try await office.store.write {
                _ = try $0.execute("UPDATE programme SET shortfall_bearer = 'programme'")
            }
            try till.sell(card, 150)
            try await publish(shop, blocking: try await shop.card(2, balance: 0))
            try await acknowledge(till)
            try till.sell(card, 150)
            #expect(
                try await till.verdicts() == [
                    "exception insufficient_balance", "exception insufficient_balance",
                ])
            let bearers = try await office.store.read { session in
                try session.query("SELECT bearer FROM exception ORDER BY seq")
                    .map { try $0["bearer"] as String }
            }
            #expect(bearers == ["programme", "store"])
        }
    }

    @Test func `a card blocked after the till's word is the store's when the till was put back`()
        async throws
    {
        try await withOffice { office in
            let shop = try await TestShop.open(office)
            let till = try await TestTill.enrol(shop)
            let card = try await shop.card(1, balance: 1_000)
            try await publish(shop, blocking: try await shop.card(2, balance: 0))
            try await acknowledge(till)
            // The till heard of limits a minute before the sale; the card was frozen in between.
            try await shop.move(card, to: "frozen")
            office.time.move(milliseconds: 30_000)
            try till.sell(card, 150)
            #expect(try await till.verdicts() == ["exception card_frozen"])
            #expect(
                try await shop.number(
                    "SELECT count(*) FROM exception WHERE bearer = 'store'") == 1)
        }
    }

    @Test func `an acknowledgement is kept once, and one from beyond the present says nothing`()
        async throws
    {
        try await withOffice { office in
            let shop = try await TestShop.open(office)
            let till = try await TestTill.enrol(shop)
            try await publish(shop, blocking: try await shop.card(2, balance: 0))
            try await Tills(office.store).acknowledge(
                till.known, headSequence: 0,
                cursor: ChangeCursor(transaction: .max / 2, changeID: 1))
            #expect(try await shop.number("SELECT count(*) FROM till_acknowledgement") == 0)
            try await acknowledge(till)
            till.append(.tillStarted(.init(version: "1.0")))
            try await acknowledge(till)
            #expect(try await shop.number("SELECT count(*) FROM till_acknowledgement") == 1)
        }
    }
}
