import Domain
import Foundation
import GRDB
import Journal
import Testing

@testable import Till

/// Faults that shops reported of other tills, tried on this one.
struct FieldFaultTests {
    private let till: EnrolledTill

    init() async throws { till = try await EnrolledTill() }

    private func sell(
        _ quantity: Int64, _ sku: String = "YP0001", price: Int64? = nil, by login: String = "li",
        at other: EnrolledTill? = nil
    ) async throws -> RecordID {
        let till = other ?? till
        let checkout = till.makeCheckout { EnrolledTill.reply($0) }
        _ = try await till.store.addToBasket(of: login, code: sku, quantity: quantity)
        if let price {
            _ = try await till.store.changeBasketLine(
                of: login, line: 1, quantity: nil, price: price, reason: "促销")
        }
        let sale = try await checkout.begin(login: login)
        try await checkout.attempt(
            sale, number: EnrolledTill.numbers.first, password: "123456")
        return sale
    }

    private func refund(
        _ sale: RecordID, _ quantity: Int64, line: Int = 0, id: RecordID? = nil
    ) async throws -> RefundSummary {
        try await till.store.requestRefund(
            RefundEntry(
                id: id ?? till.clock.world.makeID(), sale: sale,
                lines: [RefundLine(line: line, quantity: quantity)],
                cardNumber: EnrolledTill.numbers.first, reason: "顾客退货", by: "li"),
            at: till.clock.now, identity: till.identity)
    }

    private func order(_ sale: RecordID, at other: EnrolledTill? = nil) async throws -> Order? {
        try await (other ?? till).store.read { try Orders.find(sale.description, in: $0) }
    }

    private func requestCount() async throws -> Int? {
        try await till.store.read {
            try Int.fetchOne(
                $0, sql: "SELECT count(*) FROM journal_record WHERE kind = 'refund.requested'")
        }
    }

    @Test func `O-08: two windows of one till never share a number, and one number is no identity`()
        async throws
    {
        async let first = sell(1, by: "li")
        async let second = sell(2, by: "wang")
        let (one, two) = try await (order(first), order(second))
        let receipts = [one, two].compactMap { $0?.summary.receipt }
        #expect(Set(receipts).count == 2)
        // The till as it was before it was set up anew counts from the start again.
        let again = try await EnrolledTill()
        let sale = try await sell(3, at: again)
        let third = try await order(sale, at: again)
        #expect(receipts.contains(third?.summary.receipt ?? "-"))
        #expect(third?.summary.id != one?.summary.id && third?.summary.id != two?.summary.id)
    }

    @Test(arguments: [
        "6160202511010002", "6160 2025 1101 0002", " 6160202511010002\r\n",
        "６１６０２０２５１１０１０００２",
    ])
    func `O-11: a card is its whole number after one clean-up`(entered: String) async throws {
        #expect(
            try till.fingerprint(entered) == till.fingerprint(EnrolledTill.numbers.first))
        let sale = try await sell(1)
        var query = OrderQuery()
        query.fingerprint = try till.fingerprint(entered)
        let asked = query
        let found = try await till.store.read { try Orders.search(asked, in: $0) }
        #expect(found.map(\.id) == [sale.description])
    }

    @Test func `O-11: no prefix, no longer number and no lost zero is taken for a card`()
        async throws
    {
        _ = try await sell(1)
        for near in ["616020251101000", "1", "101"] {
            #expect(throws: CardRefusal.numberLength) { try CardNumber(near) }
        }
        for other in ["61602025110100021", "6160202511010003", "0616020251101000"] {
            var query = OrderQuery()
            query.fingerprint = try till.fingerprint(other)
            let asked = query
            let found = try await till.store.read { try Orders.search(asked, in: $0) }
            #expect(found.isEmpty, "\(other)")
        }
        let zero = try CardNumber("0160202511010002")
        #expect(zero.text == "0160202511010002")
    }

    @Test func `O-12: three returns of one out of two, and a return against a return, are refused`()
        async throws
    {
        let sale = try await sell(2, price: 3_000)
        let first = try await refund(sale, 1)
        _ = try await refund(sale, 1)
        await #expect(throws: RefundRefusal.quantityExceedsSold(line: 0, left: 0)) {
            try await refund(sale, 1)
        }
        let request = try #require(RecordID(first.id))
        await #expect(throws: RefundRequestRefusal.unknownSale) { try await refund(request, 1) }
        #expect(try await requestCount() == 2)
    }

    @Test func `O-12: a withdrawn return gives its quantity back`() async throws {
        let sale = try await sell(2, price: 3_000)
        let first = try await refund(sale, 2)
        let request = try #require(RecordID(first.id))
        try await till.store.withdrawRefund(
            request, by: "li", id: till.clock.world.makeID(), at: till.clock.now,
            book: JournalBook(till.identity))
        #expect(try await refund(sale, 2).amount == 6_000)
    }

    @Test func `O-13: equal returns of one sale in one minute are each their own`() async throws {
        let sale = try await sell(5)
        let ids = (0..<3).map { _ in till.clock.world.makeID() }
        for id in ids { _ = try await refund(sale, 1, id: id) }
        let again = try await refund(sale, 1, id: ids[1])
        #expect(again.id == ids[1].description)
        #expect(try await requestCount() == 3)
        #expect(try await order(sale)?.refunds.reduce(0) { $0 + $1.amount } == 5_550)
    }

    @Test(arguments: [(7, 849), (9, 1_763), (3, 3_333)] as [(Int64, Int64)])
    func `O-14: returned one by one, the parts are what was paid to the fen`(
        quantity: Int64, price: Int64
    ) async throws {
        let sale = try await sell(quantity, price: price)
        var returned: Int64 = 0
        for _ in 0..<quantity { returned += try await refund(sale, 1).amount }
        #expect(try await order(sale)?.summary.total == returned)
        await #expect(throws: RefundRefusal.quantityExceedsSold(line: 0, left: 0)) {
            try await refund(sale, 1)
        }
    }

    @Test func `O-15: an amount means one thing or is refused`() throws {
        let read: [(String, Int64)] = [
            ("30.49", 3_049), ("１２．５０", 1_250), ("５０", 5_000), (" 12。5 ", 1_250), ("0", 0),
        ]
        for (text, fen) in read {
            #expect(try Money.parse(yuan: text).fen == fen, "\(text)")
        }
        let refused: [(String, MoneyRefusal)] = [
            ("30,49", .notANumber), ("1,234", .notANumber), ("1 234,50", .notANumber),
            ("1.234", .moreThanTwoDecimals), ("0,075", .notANumber), ("-5", .negative),
            ("1e3", .notANumber), ("", .empty), ("99999999999.99", .tooLarge),
        ]
        for (text, refusal) in refused {
            #expect(throws: refusal, "\(text)") { try Money.parse(yuan: text) }
        }
    }

    @Test func `an order's history tells authorised, recorded, received and posted apart`()
        async throws
    {
        let sale = try await sell(1)
        #expect(
            try await order(sale)?.history.map(\.kind) == [
                "payment.begun", "sold.authorised", "record.stored",
            ])
        try await till.store.write { database in
            try database.execute(
                sql: "UPDATE journal_record SET verdict = 'posted', judged_at = ? WHERE id = ?",
                arguments: [EnrolledTill.noon + 5, sale.description])
        }
        #expect(
            try await order(sale)?.history.map(\.kind).suffix(2) == [
                "state.received", "state.posted",
            ])
    }

    @Test func `orders of one millisecond are all on the pages, once each`() async throws {
        for _ in 0..<5 { _ = try await sell(1) }
        var seen: [String] = []
        var query = OrderQuery()
        while true {
            let asked = query
            let page = try await till.store.read { try Orders.search(asked, in: $0) }.prefix(2)
            guard let last = page.last else { break }
            seen += page.map(\.id)
            query.before = .init(businessTime: last.businessTime, id: last.id)
        }
        #expect(seen.count == 5)
        #expect(Set(seen).count == 5)
    }

    @Test func `the store's orders and the till's own make one list with one end`() async throws {
        let sale = try await sell(1)
        let own = try await till.store.read { try Orders.search(OrderQuery(), in: $0) }
        let other = FoundOrder(
            businessTime: till.clock.now.adding(milliseconds: 1), cashier: "wang", code: nil,
            id: till.clock.world.makeID(), lines: [], mask: "6160 **** **** 0003",
            mode: .authorised, receipt: "GD0001-02-20261125-0001", refunded: .zero,
            refundPending: Money(fen: 1), isInQuestion: false, isTest: false,
            till: "GD0001-02", total: Money(fen: 100))
        let page = OrdersPage(
            own: own, others: OrdersFound(beacon: "", hasMore: false, orders: [other]))
        #expect(page.orders.map(\.id) == [other.id.description, sale.description])
        #expect(page.orders.first?.refundState == .pending)
        #expect(page.isWholeStore && page.next == nil)
        #expect(!OrdersPage(own: own, others: nil).isWholeStore)
    }
}
