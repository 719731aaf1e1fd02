import Domain
import Journal
import PostgresDriver
import Testing

@testable import HeadOffice

/// Random histories of sales, exceptions, loads and refunds: whatever people decide, and in whatever order, nothing is
/// lost, doubled or given back twice.
struct HistoryTests {
    /// A small generator, so that a history can be played again from its seed.
    private struct Numbers {
        var state: UInt64

        mutating func below(_ bound: Int64) -> Int64 {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int64(state >> 33) % bound
        }
    }

    @Test(arguments: [3, 17, 92] as [UInt64])
    func `books sum to zero and no card gets back more than it paid`(seed: UInt64) async throws {
        try await withOffice { office in
            let shop = try await TestShop.open(office)
            let till = try await TestTill.enrol(shop)
            let card = try await shop.card(1, balance: 3_000)
            let finance = try await shop.staff("fang", [.finance])
            let approver = try await shop.staff("bai", [.approver])
            var numbers = Numbers(state: seed)
            var sales: [RecordID] = []
            var pushed = 0
            for _ in 0..<40 {
                shop.office.time.move(milliseconds: 1_000)
                switch numbers.below(6) {
                case 0, 1:
                    let password = numbers.below(4) == 0 ? "000000" : nil
                    sales.append(
                        try till.sell(
                            card, 100 + numbers.below(900), quantity: 2, password: password))
                case 2:
                    guard let sale = pick(sales, &numbers) else { continue }
                    let price = try await shop.number(
                        "SELECT coalesce(max(total) / 2, 0) FROM sale WHERE sale_id = \(sale)")
                    guard price > 0 else { continue }
                    till.requestRefund(sale, quantity: 1, amount: price, card: card)
                case 3:
                    let moves = ExceptionPosting.Move.allCases
                    let move = moves[Int(numbers.below(Int64(moves.count)))]
                    guard let sale = pick(sales, &numbers) else { continue }
                    try await shop.attempt(
                        move, about: sale, agrees: numbers.below(2) == 0, by: finance,
                        and: approver)
                case 4: try await shop.load(card, 50 + numbers.below(600))
                default: try await shop.agreeToRefunds(by: approver)
                }
                if till.entries.count > pushed {
                    _ = try await till.verdicts(pushed..<till.entries.count)
                    pushed = till.entries.count
                }
                try await expectSound(shop)
            }
            let jobs = Jobs(office.store)
            let later = shop.now.adding(milliseconds: 31 * 86_400_000)
            try await jobs.judgeLatePasswords(now: later)
            try await jobs.decideOverdueExceptions(now: later)
            try await expectSound(shop)
            #expect(try await shop.kind(.storeInDispute) == 0, "everything is decided in the end")
        }
    }

    private func pick(_ sales: [RecordID], _ numbers: inout Numbers) -> RecordID? {
        sales.isEmpty ? nil : sales[Int(numbers.below(Int64(sales.count)))]
    }

    private func expectSound(_ shop: TestShop) async throws {
        let findings = try await LedgerProof.make(shop.office.store).findings
        #expect(findings.isEmpty, "\(findings)")
        let scanned = try await FullScan.differences(shop.office.store)
        #expect(scanned.isEmpty, "\(scanned)")
        let wrong = try await shop.number(
            """
            SELECT count(*) FROM sale WHERE returned_to_card > paid_by_card
                OR paid_by_card > total OR refunded > total
                OR returned_to_card <> (
                    SELECT coalesce(sum(transfer.amount), 0) FROM transfer JOIN refund_request
                        ON request_id = source_id
                    WHERE refund_request.sale_id = sale.sale_id AND kind = 'refund')
            """)
        #expect(wrong == 0)
        let differing = try await shop.number(
            """
            SELECT (SELECT coalesce(sum(disputed), 0) FROM exception)
                - (SELECT coalesce(sum(balance), 0) FROM account WHERE kind = 'store_in_dispute')
            """)
        #expect(differing == 0)
    }
}
