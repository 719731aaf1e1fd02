import Domain
import GRDB
import Journal
import Testing

@testable import Till

struct RefundTests {
    private let till: EnrolledTill
    private let sale: RecordID

    init() async throws {
        till = try await EnrolledTill()
        let checkout = till.makeCheckout { EnrolledTill.reply($0) }
        _ = try await till.store.addToBasket(of: "li", code: "YP0001", quantity: 3)
        sale = try await checkout.begin(login: "li")
        try await checkout.attempt(sale, number: EnrolledTill.numbers.first, password: "123456")
    }

    private func ask(
        _ lines: [RefundLine]?, card: String = EnrolledTill.numbers.first, reason: String = "买错",
        id: RecordID? = nil
    ) async throws -> RefundSummary {
        try await till.store.requestRefund(
            RefundEntry(
                id: id ?? till.clock.world.makeID(), sale: sale, lines: lines, cardNumber: card,
                reason: reason, by: "li"),
            at: till.clock.now, identity: till.identity)
    }

    private func requestCount() async throws -> Int? {
        try await till.store.read {
            try Int.fetchOne(
                $0,
                sql: "SELECT count(*) FROM journal_record WHERE kind = 'refund.requested'")
        }
    }

    @Test func `lines and what is left add up, however often it is asked`() async throws {
        let first = try await ask([RefundLine(line: 0, quantity: 2)])
        #expect(first.amount == 3_700)
        #expect(first.state == .unsent)
        await #expect(throws: RefundRefusal.quantityExceedsSold(line: 0, left: 1)) {
            try await ask([RefundLine(line: 0, quantity: 2)])
        }
        #expect(try await ask(nil).amount == 1_850)
        await #expect(throws: RefundRefusal.self) { try await ask(nil) }
        #expect(try await requestCount() == 2)
    }

    @Test func `the same request twice is one request`() async throws {
        let id = till.clock.world.makeID()
        let first = try await ask(nil, id: id)
        #expect(try await ask(nil, id: id) == first)
        #expect(try await requestCount() == 1)
        await #expect(throws: RefundRequestRefusal.sameIDDifferentContent) {
            try await ask(nil, reason: "别的原因", id: id)
        }
    }

    @Test func `the same request with other lines is not the same request`() async throws {
        let id = till.clock.world.makeID()
        _ = try await ask([RefundLine(line: 0, quantity: 1)], id: id)
        await #expect(throws: RefundRequestRefusal.sameIDDifferentContent) {
            try await ask([RefundLine(line: 0, quantity: 2)], id: id)
        }
        #expect(try await requestCount() == 1)
    }

    @Test func `another card, no reason and a past month are refused`() async throws {
        await #expect(throws: RefundRefusal.cardDiffers) {
            try await ask(nil, card: EnrolledTill.numbers.second)
        }
        await #expect(throws: RefundRequestRefusal.reasonLength) { try await ask(nil, reason: " ") }
        await #expect(throws: CardRefusal.numberNotDigits) { try await ask(nil, card: "six") }
        till.clock.advance(seconds: 6 * 86_400)
        await #expect(throws: RefundRefusal.refundMonthOver) { try await ask(nil) }
        #expect(try await requestCount() == 0)
    }

    @Test func `a withdrawn request frees what it asked for, a decided one cannot be withdrawn`()
        async throws
    {
        let book = JournalBook(till.identity)
        let first = try await ask(nil)
        guard let id = RecordID(first.id) else { return }
        try await till.store.withdrawRefund(
            id, by: "li", id: till.clock.world.makeID(), at: till.clock.now, book: book)
        let second = try await ask(nil)
        #expect(second.amount == 5_550)
        try await till.apply([
            ChangeItem(
                topic: .decision, key: second.id, version: 3,
                body: .decision(
                    .init(
                        amount: Money(fen: 5_550), by: "陈", code: nil, decidedAt: till.clock.now,
                        opinion: "同意", receipt: "R1", sale: sale, state: .approved)))
        ])
        guard let decided = RecordID(second.id) else { return }
        await #expect(throws: RefundRequestRefusal.alreadyDecided) {
            try await till.store.withdrawRefund(
                decided, by: "li", id: till.clock.world.makeID(), at: till.clock.now, book: book)
        }
        let order = try await till.store.read { [sale] in
            try Orders.find(sale.description, in: $0)
        }
        #expect(order?.summary.refundState == .refunded)
        #expect(order?.refunds.map(\.opinion).contains("同意") == true)
    }

    @Test func `orders are found by number, card and day together`() async throws {
        var query = OrderQuery()
        query.number = "0001"
        query.fingerprint = try till.fingerprint(EnrolledTill.numbers.first)
        query.from = BusinessDate(till.clock.now)
        query.through = query.from
        let asked = query
        #expect(try await till.store.read { try Orders.search(asked, in: $0) }.count == 1)
        query.fingerprint = try till.fingerprint(EnrolledTill.numbers.second)
        let other = query
        #expect(try await till.store.read { try Orders.search(other, in: $0) }.isEmpty)
        query.fingerprint = nil
        query.through = BusinessDate(till.clock.now).previous
        let earlier = query
        #expect(try await till.store.read { try Orders.search(earlier, in: $0) }.isEmpty)
    }

    @Test func `the original pair is journalled once, then each reprint`() async throws {
        let source = till.slipSource
        var reprints: [Int?] = []
        for _ in 1...3 {
            reprints.append(
                try await till.store.recordPrinting(
                    .sale(sale), by: "li",
                    ids: [till.clock.world.makeID(), till.clock.world.makeID()],
                    at: till.clock.now, source: source)?.reprint)
        }
        #expect(reprints == [0, 1, 2])
        let copies = try await till.store.read { [sale] in
            try Slips.copyCount(.sale(sale), in: $0)
        }
        #expect(copies == 4)
    }
}
