import Domain
import Testing

@testable import Journal

struct DayClosedTests {
    private static let body = DayClosed(
        date: BusinessDate(Samples.at), number: 2, from: Samples.at, first: 3, last: 41,
        sales: [
            .init(mode: "authorised", isTest: false, count: 17, total: Money(fen: 45_210)),
            .init(mode: "stand_in", isTest: false, count: 3, total: Money(fen: 5_400)),
            .init(mode: "authorised", isTest: true, count: 1, total: Money(fen: 99)),
        ], receipts: .init(first: "GD0001-01-20251125-0003", last: "GD0001-01-20251125-0023"),
        cancelled: .init(count: 2, total: Money(fen: 3_100)),
        refundsRequested: .init(count: 1, total: Money(fen: 1_280)), refundsApproved: .none,
        priceChanges: .init(count: 1, total: Money(fen: -200)), reprints: 1,
        unsent: .init(records: 9, sales: 3, total: Money(fen: 5_400)), by: "manager1")

    @Test func `a frozen statement is read and made again byte for byte`() throws {
        let record = Record(
            at: Samples.at, id: Samples.id(40), offset: -1_500, body: .dayClosed(Self.body))
        let frozen = try Frozen.bytes("record-day.closed.json", fresh: record.bytes)
        #expect(try Record(bytes: frozen) == record)
        #expect(record.bytes == frozen)
    }

    @Test func `the sums keep test cards apart`() {
        #expect(Self.body.sum(isTest: false) == .init(count: 20, total: Money(fen: 50_610)))
        #expect(Self.body.sum(isTest: true) == .init(count: 1, total: Money(fen: 99)))
    }

    @Test(arguments: [
        ("\"number\":2", "\"number\":0"), ("\"first\":3", "\"first\":0"),
        ("\"last\":41", "\"last\":1"), ("\"reprints\":1", "\"reprints\":-1"),
        ("\"date\":\"2025-11-25\"", "\"date\":\"2025-13-01\""),
    ])
    func `a statement that cannot be is unreadable`(old: String, new: String) throws {
        let record = Record(
            at: Samples.at, id: Samples.id(40), offset: nil, body: .dayClosed(Self.body))
        let text = String(decoding: record.bytes, as: UTF8.self)
        #expect(text.contains(old))
        let spoilt = Array(text.replacing(old, with: new).utf8)
        #expect(throws: WireFault.self) { try Record(bytes: spoilt) }
    }
}
