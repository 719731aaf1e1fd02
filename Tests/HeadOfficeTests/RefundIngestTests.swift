import Domain
import Journal
import PostgresDriver
import Testing

@testable import HeadOffice

struct RefundIngestTests {
    private func withSale(
        _ body: (TestShop, TestTill, TestShop.Card, RecordID) async throws -> Void
    ) async throws {
        try await withOffice { office in
            let shop = try await TestShop.open(office)
            let till = try await TestTill.enrol(shop)
            let card = try await shop.card(1, balance: 10_000)
            let sale = try till.sell(card, 1_000, quantity: 3)
            try await body(shop, till, card, sale)
            #expect(try await LedgerProof.make(office.store).isRight)
        }
    }

    private func states(_ shop: TestShop) async throws -> [String] {
        try await shop.office.store.read { session in
            try session.query("SELECT state, code FROM refund_request ORDER BY request_id").map {
                let (state, code): (String, String?) = (try $0["state"], try $0["code"])
                return [state, code].compactMap { $0 }.joined(separator: " ")
            }
        }
    }

    private func decisions(_ shop: TestShop) async throws -> Int64 {
        try await shop.number("SELECT count(*) FROM change WHERE topic = 'decision'")
    }

    @Test func `requests never come to more than was sold, in one batch or in several`()
        async throws
    {
        try await withSale { shop, till, card, sale async throws in
            till.requestRefund(sale, quantity: 2, amount: 2_000, card: card)
            till.requestRefund(sale, quantity: 2, amount: 2_000, card: card)
            #expect(try await till.verdicts() == ["posted", "posted", "posted"])
            shop.office.time.move(milliseconds: 1)
            till.requestRefund(sale, quantity: 1, amount: 1_000, card: card)
            shop.office.time.move(milliseconds: 1)
            till.requestRefund(sale, quantity: 1, amount: 1_000, card: card)
            #expect(try await till.verdicts(3..<5) == ["posted", "posted"])
            #expect(
                try await states(shop).sorted() == [
                    "pending", "pending", "refused quantity_exceeds_sold",
                    "refused quantity_exceeds_sold",
                ])
            #expect(try await shop.number("SELECT refund_reserved FROM sale") == 3_000)
            #expect(try await shop.number("SELECT sum(quantity) FROM refund_line WHERE live") == 3)
            #expect(try await decisions(shop) == 2)
            #expect(try await shop.balance(card) == (7_000, 0), "no money moves yet")
        }
    }

    @Test func `a withdrawn request gives back what it reserved`() async throws {
        try await withSale { shop, till, card, sale async throws in
            let first = till.requestRefund(sale, quantity: 3, amount: 3_000, card: card)
            till.append(.refundWithdrawn(RefundWithdrawn(request: first, by: "wang")))
            _ = try await till.verdicts()
            shop.office.time.move(milliseconds: 1)
            let second = till.requestRefund(sale, quantity: 3, amount: 3_000, card: card)
            #expect(try await till.verdicts(3..<4) == ["posted"])
            till.append(.refundWithdrawn(RefundWithdrawn(request: second, by: "wang")))
            till.append(
                .refundWithdrawn(
                    RefundWithdrawn(request: shop.office.store.clock.makeID(), by: "wang")))
            #expect(try await till.verdicts(4..<6) == ["posted", "exception unknown_request"])
            #expect(try await states(shop) == ["withdrawn", "withdrawn"])
            #expect(try await shop.number("SELECT refund_reserved FROM sale") == 0)
            #expect(try await shop.number("SELECT count(*) FROM refund_line WHERE live") == 0)
        }
    }

    @Test func `each broken rule refuses the request with its code`() async throws {
        try await withSale { shop, till, card, sale async throws in
            let other = try await shop.card(2, balance: 0)
            till.requestRefund(sale, quantity: 1, amount: 1_000, card: other)
            shop.office.time.move(milliseconds: 1)
            till.requestRefund(sale, quantity: 1, amount: 0, card: card)
            shop.office.time.move(milliseconds: 1)
            till.requestRefund(sale, quantity: 1, amount: 1_000, card: card, line: 7)
            shop.office.time.move(milliseconds: 1)
            till.requestRefund(sale, quantity: 1, amount: 999, card: card)
            shop.office.time.move(milliseconds: 1)
            till.requestRefund(
                shop.office.store.clock.makeID(), quantity: 1, amount: 1_000, card: card)
            #expect(
                try await till.verdicts() == [
                    "posted", "posted", "posted", "posted", "posted", "held",
                ])
            #expect(
                try await states(shop) == [
                    "refused card_differs", "refused nothing_to_refund", "refused unknown_line",
                    "refused amount_differs", "waiting",
                ])
            #expect(try await shop.number("SELECT refund_reserved FROM sale") == 0)
        }
    }

    @Test func `a request that arrives after the month is expired`() async throws {
        try await withSale { shop, till, card, sale async throws in
            let end = TradingMonth(till.time.now).end
            till.time.set(end.adding(milliseconds: -1))
            till.requestRefund(sale, quantity: 1, amount: 1_000, card: card)
            till.time.set(end)
            #expect(try await till.verdicts() == ["posted", "posted"])
            #expect(try await states(shop) == ["expired refund_month_over"])
            #expect(try await decisions(shop) == 1)
        }
    }

    @Test func `a request still waiting at month end expires by itself`() async throws {
        try await withSale { shop, till, card, sale async throws in
            till.requestRefund(sale, quantity: 1, amount: 1_000, card: card)
            _ = try await till.verdicts()
            let jobs = Jobs(shop.office.store)
            let end = TradingMonth(till.time.now).end
            #expect(try await jobs.expireRefundRequests(now: end.adding(milliseconds: -1)) == 0)
            #expect(try await jobs.expireRefundRequests(now: end) == 1)
            #expect(try await jobs.expireRefundRequests(now: end) == 0)
            #expect(try await states(shop) == ["expired refund_month_over"])
            #expect(try await shop.number("SELECT refund_reserved FROM sale") == 0)
            #expect(try await decisions(shop) == 1)
        }
    }
}

/// Requests around a month's end, before their sales, and of test cards.
struct RefundMonthTests {
    private func withShop(
        _ body: (TestShop, TestTill, TestShop.Card) async throws -> Void
    ) async throws {
        try await withOffice { office in
            let shop = try await TestShop.open(office)
            let till = try await TestTill.enrol(shop)
            try await body(shop, till, try await shop.card(1, balance: 10_000))
            let proof = try await LedgerProof.make(office.store)
            #expect(proof.isRight, "\(proof)")
        }
    }

    private func state(_ request: RecordID, in shop: TestShop) async throws -> String {
        try await shop.office.store.read { session in
            guard
                let row = try session.queryOne(
                    "SELECT state, code FROM refund_request WHERE request_id = \(request)")
            else { return "none" }
            let (state, code): (String, String?) = (try row["state"], try row["code"])
            return [state, code].compactMap { $0 }.joined(separator: " ")
        }
    }

    private func approve(_ request: RecordID, in shop: TestShop) async throws {
        let refunds = Refunds(store: shop.office.store)
        let approver = try await shop.staff(
            "bai\(shop.office.store.clock.makeID().low % 1_000_000)", [.approver])
        let (now, time) = (shop.now, shop.office.time)
        let digest = try await refunds.show(request, by: approver, at: now).found.digest
        try await refunds.decide(
            request, .approved, opinion: "同意", digest: digest, by: approver, at: time.now)
    }

    @Test func `a request before its sale waits, and is judged when the sale comes`() async throws {
        try await withShop { shop, till, card async throws in
            let other = try await TestTill.enrol(shop)
            let sale = shop.office.store.clock.makeID()
            let request = other.requestRefund(sale, quantity: 1, amount: 1_000, card: card)
            let greedy = other.requestRefund(sale, quantity: 4, amount: 4_000, card: card)
            #expect(try await other.verdicts() == ["held", "held"])
            #expect(try await state(request, in: shop) == "waiting")
            let jobs = Jobs(shop.office.store)
            #expect(try await jobs.judgeWaitingRefunds(now: shop.now) == 0)
            try till.sell(card, 1_000, quantity: 3, id: sale)
            #expect(try await till.verdicts() == ["posted"])
            #expect(try await jobs.judgeWaitingRefunds(now: shop.now) == 2)
            #expect(try await jobs.judgeWaitingRefunds(now: shop.now) == 0)
            #expect(try await state(request, in: shop) == "pending")
            #expect(try await state(greedy, in: shop) == "refused quantity_exceeds_sold")
            #expect(try await shop.number("SELECT refund_reserved FROM sale") == 1_000)
            #expect(try await shop.told(request) == "posted")
            try await approve(request, in: shop)
            #expect(try await shop.balance(card) == (8_000, 0))
        }
    }

    @Test func `a request whose sale never comes expires, and one taken back is gone`() async throws
    {
        try await withShop { shop, till, card async throws in
            let sale = shop.office.store.clock.makeID()
            let request = till.requestRefund(sale, quantity: 1, amount: 1_000, card: card)
            let back = till.requestRefund(sale, quantity: 1, amount: 1_000, card: card)
            till.append(.refundWithdrawn(RefundWithdrawn(request: back, by: "wang")))
            #expect(try await till.verdicts() == ["held", "held", "posted"])
            #expect(try await state(back, in: shop) == "withdrawn")
            let jobs = Jobs(shop.office.store)
            let end = TradingMonth(shop.now).end
            #expect(try await jobs.expireWaitingRequests(now: end.adding(milliseconds: -1)) == 0)
            #expect(try await jobs.expireWaitingRequests(now: end) == 1)
            #expect(try await state(request, in: shop) == "expired refund_month_over")
        }
    }

    @Test func `a withdrawal after the approval is too late`() async throws {
        try await withShop { shop, till, card async throws in
            let sale = try till.sell(card, 1_000)
            let request = till.requestRefund(sale, quantity: 1, amount: 1_000, card: card)
            _ = try await till.verdicts()
            try await approve(request, in: shop)
            till.append(.refundWithdrawn(RefundWithdrawn(request: request, by: "wang")))
            #expect(try await till.verdicts(2..<3) == ["exception too_late"])
            #expect(try await state(request, in: shop) == "approved")
            #expect(try await shop.balance(card) == (10_000, 0))
        }
    }

    @Test func `grace is for requests proved to be made in the month`() async throws {
        try await withShop { shop, till, card async throws in
            let finance = try await shop.staff("fang", [.finance])
            let setting = RefundSetting(store: shop.office.store)
            await #expect(throws: RefundsRefusal.graceInvalid) {
                try await setting.setGrace(4, by: finance, at: shop.now)
            }
            try await setting.setGrace(2, by: finance, at: shop.now)
            let sale = try till.sell(card, 1_000, quantity: 3)
            _ = try await till.verdicts()
            let end = TradingMonth(shop.now).end
            shop.office.time.set(end.adding(milliseconds: -60_000))
            let proved = till.requestRefund(sale, quantity: 1, amount: 1_000, card: card)
            // The till states its head, but the line drops before the records get through.
            try await Tills(shop.office.store).noteContact(
                tillID: till.known.tillID, head: till.frame().header.tillHead)
            let claimed = till.requestRefund(
                sale, quantity: 1, amount: 1_000, card: card)
            shop.office.time.set(end.adding(milliseconds: 60_000))
            #expect(try await till.verdicts(1..<3) == ["posted", "posted"])
            await #expect(throws: RefundRefusal.refundMonthOver) {
                try await approve(claimed, in: shop)
            }
            try await approve(proved, in: shop)
            #expect(try await shop.balance(card) == (8_000, 0))
            let jobs = Jobs(shop.office.store)
            let over = end.adding(milliseconds: 2 * 86_400_000)
            #expect(
                try await jobs.expireRefundRequests(now: over.adding(milliseconds: -1)) == 0)
            #expect(try await jobs.expireRefundRequests(now: over) == 1)
            #expect(try await state(claimed, in: shop) == "expired refund_month_over")
        }
    }

    @Test func `a head that the journal does not confirm proves nothing`() async throws {
        try await withShop { shop, till, card async throws in
            let finance = try await shop.staff("fang", [.finance])
            try await RefundSetting(store: shop.office.store).setGrace(
                3, by: finance, at: shop.now)
            let sale = try till.sell(card, 1_000)
            _ = try await till.verdicts()
            let end = TradingMonth(shop.now).end
            shop.office.time.set(end.adding(milliseconds: -60_000))
            let request = till.requestRefund(sale, quantity: 1, amount: 1_000, card: card)
            let invented = JournalHead(
                sequence: 9, hash: RecordHash(of: Array("invented".utf8)))
            try await Tills(shop.office.store).noteContact(
                tillID: till.known.tillID, head: invented)
            shop.office.time.set(end.adding(milliseconds: 60_000))
            _ = try await till.verdicts(1..<2)
            await #expect(throws: RefundRefusal.refundMonthOver) {
                try await approve(request, in: shop)
            }
            #expect(try await shop.balance(card) == (9_000, 0))
        }
    }

    @Test func `test cards are refunded by themselves, in their own book`() async throws {
        try await withShop { shop, till, _ async throws in
            let test = try await shop.card(7, balance: 500, isTest: true)
            let asked = try till.sell(test, 90)
            try till.sell(test, 80)
            try till.sell(test, 100)
            let request = till.requestRefund(asked, quantity: 1, amount: 90, card: test)
            #expect(
                try await till.verdicts() == [
                    "posted", "posted", "exception test_card_limit", "posted",
                ])
            let jobs = Jobs(shop.office.store)
            #expect(try await jobs.agreeToTestRefunds(now: shop.now) == 1)
            #expect(try await state(request, in: shop) == "approved")
            #expect(try await shop.balance(test) == (420, 0))
            let end = TradingMonth(shop.now).end
            #expect(try await jobs.reverseTestCharges(now: end.adding(milliseconds: -1)) == 0)
            #expect(try await jobs.reverseTestCharges(now: end) == 2)
            #expect(try await jobs.reverseTestCharges(now: end) == 0)
            #expect(try await shop.balance(test) == (500, 0))
            #expect(try await shop.kind(.storePayable, book: .test) == 0)
            #expect(try await shop.kind(.storeInDispute, book: .test) == 0)
            #expect(
                try await shop.number(
                    """
                    SELECT count(*) FROM audit WHERE actor = 'system'
                    AND action IN ('refund.approve', 'refund.reverse_test')
                    """) == 3)
        }
    }
}
