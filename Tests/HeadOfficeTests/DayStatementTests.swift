import Domain
import Journal
import Testing

@testable import HeadOffice

struct DayStatementTests {
    private func statement(
        first: Int64 = 1, last: Int64, count: Int64, total: Int64, number: Int = 1
    ) -> DayClosed {
        DayClosed(
            date: BusinessDate(TestOffice.morning), number: number, from: nil, first: first,
            last: last,
            sales: [
                .init(mode: "stand_in", isTest: false, count: count, total: Money(fen: total))
            ], receipts: nil, cancelled: .none, refundsRequested: .none, refundsApproved: .none,
            priceChanges: .none, reprints: 0,
            unsent: .init(records: last, sales: count, total: Money(fen: total)), by: "wang")
    }

    @Test func `a statement stands beside what was received, and a difference shows`()
        async throws
    {
        try await withOffice { office in
            let shop = try await TestShop.open(office)
            let till = try await TestTill.enrol(shop)
            let card = try await shop.card(1, balance: 10_000)
            try till.sell(card, 3_500)
            try till.sell(card, 9_000)
            till.append(.dayClosed(statement(last: 2, count: 2, total: 12_500)))
            try till.sell(card, 100)
            // It says one sale more than it recorded.
            till.append(
                .dayClosed(statement(first: 4, last: 4, count: 2, total: 200, number: 2)))
            #expect(
                try await till.verdicts() == [
                    "posted", "exception insufficient_balance", "posted",
                    "exception insufficient_balance", "posted",
                ])
            let statements = DayStatements(store: office.store)
            let rows = try #require(
                try await statements.of(tillCode: "GD0001-01", by: shop.administrator))
            #expect(rows.map(\.statement.number) == [2, 1])
            #expect(rows.map(\.agrees) == [false, true])
            #expect(rows[0].received == .init(count: 1, total: Money(fen: 100)))
            #expect(rows[1].received == .init(count: 2, total: Money(fen: 12_500)))
            #expect(rows[1].questioned == .init(count: 1, total: Money(fen: 9_000)))
            #expect(
                try await statements.of(tillCode: "GD9999-01", by: shop.administrator) == nil)
        }
    }

    @Test func `what a restored till brings again is neither a new statement nor a new sale`()
        async throws
    {
        try await withOffice { office in
            let shop = try await TestShop.open(office)
            let till = try await TestTill.enrol(shop)
            let card = try await shop.card(1, balance: 10_000)
            try till.sell(card, 3_500)
            till.append(.dayClosed(statement(last: 1, count: 1, total: 3_500)))
            #expect(try await till.verdicts() == ["posted", "posted"])
            let renewed = try await till.renewed()
            #expect(try await renewed.verdicts() == ["duplicate", "duplicate"])
            let rows = try #require(
                try await DayStatements(store: office.store).of(
                    tillCode: "GD0001-01", by: shop.administrator))
            #expect(rows.count == 1)
            #expect(rows.first?.agrees == true)
        }
    }
}
