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
            till.requestRefund(
                shop.office.store.clock.makeID(), quantity: 1, amount: 1_000, card: card)
            #expect(
                try await till.verdicts() == [
                    "posted", "posted", "posted", "posted", "posted", "exception unknown_sale",
                ])
            #expect(
                try await states(shop) == [
                    "refused card_differs", "refused nothing_to_refund", "refused unknown_line",
                    "refused amount_differs",
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
