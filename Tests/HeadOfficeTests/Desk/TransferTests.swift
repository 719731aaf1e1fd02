import Domain
import Foundation
import PostgresDriver
import Testing
import WebSupport

@testable import HeadOffice

struct TransferTests {
    private static let number = "6160201901100002"

    /// Every figure of every report of a month beside what its transfers come to; returns how many were compared.
    static func expectTrails(_ world: DeskWorld, _ month: TradingMonth) async throws -> Int {
        let finance = try await world.actor("finance")
        let transfers = Transfers(store: world.store)
        var count = 0
        for report in MonthReport.allCases {
            let shown = try await Finance(store: world.store)
                .show(report, month, closing: nil, by: finance)
            for row in shown.rows + shown.totals {
                for (column, cell) in zip(report.columns, row) {
                    let trail = ReportTrail(
                        report, column: column.key, row: row, month: month,
                        position: shown.source.closing?.position)
                    guard let trail else { continue }
                    let value = trail.value(of: try await transfers.sums(trail.filter, by: finance))
                    #expect(
                        Int64(cell.replacing(".", with: "")) == value,
                        "\(report) \(column.key) of \(row)")
                    count += 1
                }
            }
        }
        return count
    }

    @Test func `every figure of a month leads to the transfers that make it`() async throws {
        try await withDesk { world in
            _ = try await world.store.write { session in
                try session.execute("UPDATE store SET fee_per_million = 6150")
            }
            let card = try await world.issueCard(number: Self.number, load: 50_000)
            let sale = try await world.sell(
                [.init(price: 999, quantity: 1)], card: card, number: Self.number)
            _ = try await world.sell(
                [.init(price: 2_000, quantity: 1)], card: card, number: Self.number, paid: 500,
                mode: "stand_in")
            let request = try await world.request(
                sale, [0: 1], amount: 999, number: Self.number)
            try await world.refunds.decide(
                request, .approved, opinion: "同意", digest: try await world.digest(request),
                by: try await world.actor("approver"), at: world.now)
            #expect(try await Self.expectTrails(world, TradingMonth(world.now)) > 50)
        }
    }

    @Test func `a transfer leads to its order, a refund's and a fee's to the order behind it`()
        async throws
    {
        try await withDesk { world in
            _ = try await world.store.write { session in
                try session.execute("UPDATE store SET fee_per_million = 6150")
            }
            let card = try await world.issueCard(number: Self.number, load: 50_000)
            let sale = try await world.sell(
                [.init(price: 999, quantity: 1)], card: card, number: Self.number)
            let request = try await world.request(
                sale, [0: 1], amount: 999, number: Self.number)
            try await world.refunds.decide(
                request, .approved, opinion: "同意", digest: try await world.digest(request),
                by: try await world.actor("approver"), at: world.now)
            let rows = try await Transfers(store: world.store).list(
                TransferFilter(month: TradingMonth(world.now)),
                by: try await world.actor("finance"))
            for row in rows where row.kind != "load" {
                #expect(row.saleID == sale, "\(row.kind)")
            }
            #expect(Set(rows.map(\.kind)) == ["load", "sale", "fee", "refund", "fee_returned"])
        }
    }

    @Test func `a list longer than a page goes on after its last transfer, none twice`()
        async throws
    {
        try await withDesk { world in
            let card = try await world.issueCard(number: Self.number, load: 50_000)
            for _ in 0..<(Transfers.pageSize + 2) {
                _ = try await world.sell(
                    [.init(price: 1, quantity: 1)], card: card, number: Self.number)
            }
            var filter = TransferFilter(month: TradingMonth(world.now))
            filter.kinds = [.sale]
            let finance = try await world.actor("finance")
            let transfers = Transfers(store: world.store)
            let first = try await transfers.list(filter, by: finance)
            #expect(first.count == Transfers.pageSize + 1)
            let last = try #require(first.prefix(Transfers.pageSize).last)
            let second = try await transfers.list(filter, after: last.number, by: finance)
            #expect(second.count == 2 && second.first?.number == first.last?.number)
        }
    }

    @Test func `an address says the whole filter and reads back as the same`() throws {
        var filter = TransferFilter(
            month: try #require(TradingMonth(year: 2026, month: 10)), position: 77)
        filter.kinds = [.sale, .shortfall]
        filter.store = "GD0001"
        filter.day = BusinessDate.parse("2026-10-31")
        filter.isStandIn = true
        filter.isLate = true
        filter.load = .later
        filter.book = .test
        filter.account = .init(kind: .storePayable, owner: "GD0001", side: .moneyOut)
        let query = try #require(filter.address().split(separator: "?").last)
        let fields = try FormFields(urlEncoded: query.utf8)
        #expect(try TransferFilter(fields, now: TestOffice.morning) == filter)
    }
}
