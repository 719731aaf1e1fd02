import Domain
import Foundation
import GRDB
import Journal
import Receipts
import Testing

@testable import Till

/// A sale of another till of the store: refunded and printed here from what head office tells.
struct OtherTillTests {
    private let till: EnrolledTill
    private let found: FoundOrder

    init() async throws {
        till = try await EnrolledTill()
        found = FoundOrder(
            businessTime: till.clock.now, cashier: "zhao", code: nil, holder: "张*",
            id: till.clock.world.makeID(), left: [1, 2],
            lines: [Self.line("感冒灵颗粒", 1_850, 3), Self.line("棉签", 99, 2)],
            mask: "6160 **** **** 0002", mode: .authorised, receipt: "GD0001-02-20261125-0007",
            refunded: Money(fen: 3_700), refundPending: .zero, isInQuestion: false, isTest: false,
            till: "GD0001-02", total: Money(fen: 5_748))
        try await till.store.keep(found, at: till.clock.now)
    }

    private static func line(
        _ name: String, _ price: Int64, _ quantity: Int64
    ) -> SaleCompleted.Line {
        .init(
            amount: Money(fen: price * quantity), list: Money(fen: price), name: name,
            price: Money(fen: price), quantity: quantity, repricedBy: nil, sku: name, spec: "")
    }

    private func ask(_ lines: [RefundLine]?, id: RecordID? = nil) async throws -> RefundSummary {
        try await till.store.requestRefund(
            RefundEntry(
                id: id ?? till.clock.world.makeID(), sale: found.id, lines: lines,
                cardNumber: EnrolledTill.numbers.second, reason: "买错", by: "li"),
            at: till.clock.now, identity: till.identity)
    }

    @Test func `a request names the other till's sale, and asks for no more than is left there`()
        async throws
    {
        await #expect(throws: RefundRefusal.quantityExceedsSold(line: 0, left: 1)) {
            try await ask([RefundLine(line: 0, quantity: 2)])
        }
        let made = try await ask([RefundLine(line: 0, quantity: 1)])
        #expect(made.amount == 1_850 && made.saleReceipt == found.receipt)
        #expect(made.soldAt == found.businessTime.milliseconds)
        let bytes = try await till.store.read {
            try Data.fetchOne(
                $0, sql: "SELECT bytes FROM journal_record WHERE id = ?", arguments: [made.id])
        }
        guard case .refundRequested(let body) = try Record(bytes: Array(try #require(bytes))).body
        else {
            Issue.record("no request in the journal")
            return
        }
        // Whether the card is the sale's is head office's to say.
        #expect(body.sale == found.id)
        #expect(body.card == (try till.fingerprint(EnrolledTill.numbers.second)))
        // Asked here since it was told: only the other line is left.
        #expect(try await ask(nil).lines == [RefundLine(line: 1, quantity: 2)])
        #expect(try await till.store.read { try Refunds.list(in: $0).count } == 2)
        let order = try await till.store.read { try Orders.known(found.id.description, in: $0) }
        #expect(order?.refunds.count == 2 && order?.summary.till == "GD0001-02")
    }

    @Test func `told again with less left, a request for what went back is refused`() async throws {
        var told = found
        told.left = [0, 0]
        told.refundPending = Money(fen: 2_048)
        try await till.store.keep(told, at: till.clock.now)
        await #expect(throws: RefundRefusal.nothingToRefund) { try await ask(nil) }
    }

    @Test func `the same request twice is one request`() async throws {
        let id = till.clock.world.makeID()
        let first = try await ask(nil, id: id)
        #expect(try await ask(nil, id: id) == first)
    }

    @Test func `a sale that was never told is not known`() async throws {
        await #expect(throws: RefundRequestRefusal.unknownSale) {
            try await till.store.requestRefund(
                RefundEntry(
                    id: till.clock.world.makeID(), sale: till.clock.world.makeID(), lines: nil,
                    cardNumber: EnrolledTill.numbers.first, reason: "买错", by: "li"),
                at: till.clock.now, identity: till.identity)
        }
    }

    @Test func `its slip is a reprint from the first one on, and says which till printed it`()
        async throws
    {
        for reprint in [1, 2] {
            let preview = try await till.store.read { database in
                try #require(
                    try till.slipSource.slip(.sale(found.id), in: database)
                ).document(
                    .merchant, reprint: try Slips.nextReprint(.sale(found.id), in: database),
                    language: .zhHans)
            }
            let text = SlipText(columns: 48).render(preview)
            #expect(text.contains("补打第 \(reprint) 次 · GD0001-01"))
            #expect(text.contains("GD0001-02-20261125-0007") && text.contains("张*"))
            #expect(text.contains("￥57.48") && text.contains("zhao"))
            // Only the till that sold it can sign for it.
            #expect(
                preview.rows.allSatisfy { if case .signedCode = $0 { false } else { true } })
            let asked = try await till.store.recordPrinting(
                .sale(found.id), by: "li", ids: [till.clock.world.makeID()], at: till.clock.now,
                source: till.slipSource)
            #expect(asked?.reprint == reprint)
        }
        let copies = try await till.store.read {
            try Int.fetchAll(
                $0,
                sql: """
                    SELECT json_extract(CAST(bytes AS TEXT), '$.body.copy') FROM journal_record
                    WHERE kind = 'slip.printed' ORDER BY seq
                    """)
        }
        #expect(copies == [3, 4])
    }

    @Test func `an approval prints its refund slip here, from what was told`() async throws {
        let made = try await ask([RefundLine(line: 1, quantity: 2)])
        try await till.apply([
            ChangeItem(
                topic: .decision, key: made.id, version: 7,
                body: .decision(
                    .init(
                        amount: Money(fen: made.amount), by: "赵审核", code: nil,
                        decidedAt: till.clock.now, opinion: "同意", receipt: found.receipt,
                        sale: found.id, state: .approved)))
        ])
        let request = try #require(RecordID(made.id))
        let document = try await till.store.read { database in
            try till.slipSource.slip(.refund(request), in: database)?.document(
                .customer, reprint: 0, language: .zhHans)
        }
        let text = SlipText(columns: 32).render(try #require(document))
        #expect(text.contains("棉签") && text.contains("￥1.98"))
        #expect(text.contains(found.receipt))
    }
}
