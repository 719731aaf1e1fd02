import Domain
import Foundation
import GRDB
import Journal
import Testing

@testable import Till

struct DayCloseTests {
    private let till: EnrolledTill

    init() async throws {
        till = try await EnrolledTill()
        try await till.apply([
            ChangeItem(
                topic: .account, key: "wang", version: 1,
                body: .account(
                    .init(
                        isDisabled: false, login: "wang", name: "王店长",
                        roles: [.cashier, .manager], verifier: "none")))
        ])
    }

    @discardableResult
    private func sell(
        _ sku: String = "YP0001", quantity: Int64 = 1, price: Int64? = nil, offline: Bool = false
    ) async throws -> RecordID {
        let checkout = till.makeCheckout { offline ? nil : EnrolledTill.reply($0) }
        let basket = try await till.store.addToBasket(of: "li", code: sku, quantity: quantity)
        if let price {
            let line = try #require(basket.lines.last?.line)
            _ = try await till.store.changeBasketLine(
                of: "li", line: line, quantity: nil, price: price, reason: "老顾客")
        }
        let payment = try await checkout.begin(login: "li")
        try await checkout.attempt(payment, number: EnrolledTill.numbers.first, password: "123456")
        if offline { try await checkout.takeOffline(payment) }
        return payment
    }

    private func preview() async throws -> DayClosed {
        let now = till.clock.now
        return try await till.store.read {
            try DayCloses.statement(by: "wang", at: now, in: $0)
        }
    }

    private func close(by login: String = "wang", first: Int64? = nil) async throws -> DayClose {
        let first = if let first { first } else { try await preview().first }
        let id = try await till.store.closeDay(
            by: login, first: first, id: till.clock.world.makeID(), at: till.clock.now,
            identity: till.identity)
        return try #require(try await till.store.read { try DayCloses.find(id, in: $0) })
    }

    private func acknowledgeAll() async throws {
        let head = try await till.store.read { try JournalBook.head(in: $0) }
        let first = try await till.store.syncStart().acknowledged + 1
        guard first <= head.sequence else { return }
        try await till.store.applyVerdicts(
            (first...head.sequence).map {
                RecordVerdict(
                    businessTime: till.clock.now, code: nil, id: nil, sequence: $0, state: .posted)
            }, at: till.clock.now)
    }

    @Test func `a statement counts and adds up what was done, test cards apart`() async throws {
        try await sell(quantity: 2)
        try await sell("YP0002", price: 2_000)
        try await sell("YP0003", offline: true)
        let cancelled = try await till.store.addToBasket(of: "li", code: "YP0001", quantity: 3)
        #expect(cancelled.lines.count == 1)
        let checkout = till.makeCheckout { _ in nil }
        let open = try await checkout.begin(login: "li")
        try await checkout.cancel(open, by: "li")
        let fingerprint = try till.fingerprint(EnrolledTill.numbers.second)
        try await till.apply([
            ChangeItem(
                topic: .card, key: fingerprint.text, version: 9,
                body: .card(.init(isBlocked: false, isTest: true)))
        ])
        _ = try await till.store.clearBasket(of: "li")
        _ = try await till.store.addToBasket(of: "li", code: "YP0003", quantity: 1)
        let testing = till.makeCheckout { EnrolledTill.reply($0) }
        let test = try await testing.begin(login: "li")
        try await testing.attempt(test, number: EnrolledTill.numbers.second, password: "123456")

        let statement = try await close().statement
        #expect(
            statement.sales == [
                .init(mode: "authorised", isTest: false, count: 2, total: Money(fen: 5_700)),
                .init(mode: "stand_in", isTest: false, count: 1, total: Money(fen: 99)),
                .init(mode: "authorised", isTest: true, count: 1, total: Money(fen: 99)),
            ])
        #expect(statement.sum(isTest: false) == .init(count: 3, total: Money(fen: 5_799)))
        #expect(statement.cancelled == .init(count: 1, total: Money(fen: 5_550)))
        #expect(statement.priceChanges == .init(count: 1, total: Money(fen: -680)))
        #expect(statement.receipts?.first.hasSuffix("-0001") == true)
        #expect(statement.receipts?.last.hasSuffix("-0004") == true)
        #expect(statement.first == 1)
        #expect(statement.last == 5)
        #expect(statement.unsent.sales == 4)
        #expect(statement.from == nil)
        #expect(statement.number == 1)
    }

    @Test func `closing says how many are unsent, and they are sent later all the same (O-20 a)`()
        async throws
    {
        let card = try till.fingerprint(EnrolledTill.numbers.first)
        try await till.store.storeApproval(card, at: till.clock.now)
        for _ in 0..<3 { try await sell("YP0001", offline: true) }
        let closed = try await close()
        #expect(
            closed.statement.unsent
                == .init(records: 3, sales: 3, total: Money(fen: 3 * 1_850)))
        #expect(!closed.isReceived)
        let frame = try #require(
            try await till.store.makeBatch(
                from: 1, bounds: .usual, batch: till.clock.world.makeID(),
                identity: till.identity))
        #expect(frame.entries.count == 4)
        guard case .dayClosed(let sent) = try JournalRecord(bytes: frame.entries[3].record).body
        else {
            Issue.record("the statement is not in the journal")
            return
        }
        #expect(sent == closed.statement)
        try await acknowledgeAll()
        #expect(try await till.store.read { try DayCloses.list(limit: 9, in: $0) }[0].isReceived)
    }

    @Test func `a second closing of the day covers what came after the first`() async throws {
        try await sell()
        let first = try await close()
        try await sell("YP0002")
        let second = try await close()
        #expect(second.statement.number == 2)
        #expect(second.statement.date == first.statement.date)
        #expect(second.statement.first == first.sequence + 1)
        #expect(
            second.statement.sum(isTest: false) == .init(count: 1, total: Money(fen: 2_680)))
        #expect(second.statement.from == first.closedAt)
        till.clock.advance(seconds: 86_400)
        let nextDay = try await close()
        #expect(nextDay.statement.number == 1)
        #expect(nextDay.statement.sales == [])
        #expect(nextDay.statement.receipts == nil)
        #expect(nextDay.statement.last == nextDay.statement.first - 1)
    }

    @Test func `two presses make one closing, and a stale page is told so`() async throws {
        try await sell()
        let first = try await preview().first
        let made = try await close(first: first)
        #expect(try await close(first: first).id == made.id)
        await #expect(throws: DayCloseRefusal.alreadyClosed) { try await close(first: 77) }
        let count = try await till.store.read {
            try Int.fetchOne(
                $0, sql: "SELECT count(*) FROM journal_record WHERE kind = 'day.closed'")
        }
        #expect(count == 1)
    }

    @Test func `an open payment stands in the way, by name, and a cashier cannot close`()
        async throws
    {
        _ = try await till.store.addToBasket(of: "li", code: "YP0001", quantity: 1)
        let checkout = till.makeCheckout { _ in nil }
        let payment = try await checkout.begin(login: "li")
        let refusal = await #expect(throws: DayCloseRefusal.self) { try await close() }
        #expect(
            refusal
                == .paymentsOpen([
                    .init(id: payment.description, login: "li", amount: 1_850)
                ]))
        await #expect(throws: DayCloseRefusal.managerNeeded) { try await close(by: "li") }
        try await checkout.cancel(payment, by: "li")
        #expect(try await close().statement.cancelled.count == 1)
    }

    @Test func `refunds asked and approved are told by exactly one closing each`() async throws {
        let sale = try await sell(quantity: 2)
        let request = try await till.store.requestRefund(
            RefundEntry(
                id: till.clock.world.makeID(), sale: sale, lines: [.init(line: 0, quantity: 1)],
                cardNumber: EnrolledTill.numbers.first, reason: "买错", by: "li"),
            at: till.clock.now, identity: till.identity)
        let first = try await close().statement
        #expect(first.refundsRequested == .init(count: 1, total: Money(fen: 1_850)))
        #expect(first.refundsApproved == .none)
        try await till.apply([
            ChangeItem(
                topic: .decision, key: request.id, version: 3,
                body: .decision(
                    .init(
                        amount: Money(fen: 1_850), by: "赵审核", code: nil,
                        decidedAt: till.clock.now, opinion: "同意",
                        receipt: request.saleReceipt, sale: sale, state: .approved)))
        ])
        let second = try await close().statement
        #expect(second.refundsRequested == .none)
        #expect(second.refundsApproved == .init(count: 1, total: Money(fen: 1_850)))
        #expect(try await close().statement.refundsApproved == .none)
    }
}
