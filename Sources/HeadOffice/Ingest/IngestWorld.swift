import Domain
import Journal
import PostgresDriver

/// What the records of a batch speak of, locked and read set by set: payments, then sales, requests,
/// cards and card accounts, each in the order of their ids.
struct IngestWorld: Sendable {
    /// A sale as refund requests need it.
    struct Sale: Sendable {
        let cardFingerprint: CardFingerprint
        let receipt: String
        let facts: RefundRules.Sale
        var reserved: RefundRules.Reserved
        /// Whether it is a row already, not only of this batch.
        let isStored: Bool
    }

    /// A request of an earlier batch.
    struct Request: Sendable {
        let saleID: RecordID
        let amount: Money
        let card: CardFingerprint
        let lines: [RefundRequest.Line]
        let receipt: String
        var state: String
    }

    var payments: [RecordID: PaymentRow]
    var cards: [CardFingerprint: CardRow]
    var accounts: [LedgerAccount: Ledger.LockedAccount]
    var sales: [RecordID: Sale]
    var requests: [RecordID: Request]
    /// Who bears a cause's shortfall, by programme (R-P5).
    let bearers: [Int64: [String: ShortfallBearer]]
    /// What finance grants for refunds after month end.
    let graceDays: Int
    /// What is known already of the passwords of these sales.
    let credentials: [RecordID: SalePosting.Credential]
    /// Earlier passwords of the cards.
    let verifiers: [Int64: [CardVerifier]]
    /// The cards that took the place of the cards of these sales (R-R2).
    var laterCards: [CardFingerprint: Set<CardFingerprint>]
    /// What the till had said it knows, by the head of its journal then (R-P14).
    let acknowledged: [Acknowledgement]
    /// The business times of the sales that two people booked from their slips (R-P11).
    let bookedFromSlip: [RecordID: Instant]

    static func load(
        _ session: PostgresSession, _ incoming: [IncomingRecord], of till: KnownTill
    ) throws -> IngestWorld {
        var paymentIDs: Set<RecordID> = []
        var soldIDs: Set<RecordID> = []
        var fingerprints: Set<CardFingerprint> = []
        var saleIDs: Set<RecordID> = []
        var requestIDs: Set<RecordID> = []
        var soldAt: [Int64] = []
        for (sequence, record) in incoming.compactMap({ entry in
            entry.record.map { (entry.sequence, $0) }
        }) {
            switch record.body {
            case .saleCompleted(let sale):
                paymentIDs.insert(record.id)
                soldIDs.insert(record.id)
                soldAt.append(sequence)
                if let card = sale.card { fingerprints.insert(card.fingerprint) }
            case .paymentCancelled(let cancelled): paymentIDs.insert(cancelled.payment)
            case .refundRequested(let refund): saleIDs.insert(refund.sale)
            case .refundWithdrawn(let withdrawn): requestIDs.insert(withdrawn.request)
            case .tillStarted, .beacon, .slipPrinted, .dayClosed, .unknown: break
            }
        }
        let hasRequests = !saleIDs.isEmpty
        let payments = try PaymentRow.lock(session, Array(paymentIDs))
        saleIDs.formUnion(try salesOfRequests(session, requestIDs))
        let sales = try lockSales(session, saleIDs, storeID: till.storeID)
        let requests = try lockRequests(session, requestIDs, storeID: till.storeID)
        fingerprints.formUnion(payments.values.compactMap { $0.payment.terms?.card })
        let cards = try CardRow.lock(session, Array(fingerprints), province: till.province)
        let accounts = try Ledger.lock(session, Set(cards.values.map(\.account)))
        return IngestWorld(
            payments: payments, cards: cards, accounts: accounts, sales: sales,
            requests: requests,
            bearers: try ExceptionBearers.read(
                session, Array(Set(cards.values.map(\.programmeID)))),
            graceDays: hasRequests ? try RefundSetting.graceDays(session) : 0,
            credentials: try CredentialVerdicts.read(session, Array(soldIDs)),
            verifiers: try CardVerifier.read(
                session, soldIDs.isEmpty ? [] : cards.values.map(\.cardID)),
            laterCards: saleIDs.isEmpty
                ? [:]
                : try CardChain.later(
                    than: sales.values.map(\.cardFingerprint) + cards.keys, in: session),
            acknowledged: try Acknowledgement.read(session, till.tillID, before: soldAt),
            bookedFromSlip: try PhoneHoldEnds.booked(Array(soldIDs), in: session))
    }

    private static func salesOfRequests(
        _ session: PostgresSession, _ ids: Set<RecordID>
    ) throws -> [RecordID] {
        guard !ids.isEmpty else { return [] }
        return try session.query(
            "SELECT sale_id FROM refund_request WHERE request_id = ANY (\(Array(ids)))"
        ).map { try $0["sale_id"] }
    }

    private static func lockRequests(
        _ session: PostgresSession, _ ids: Set<RecordID>, storeID: Int64
    ) throws -> [RecordID: Request] {
        guard !ids.isEmpty else { return [:] }
        var found: [RecordID: Request] = [:]
        for row in try session.query(
            """
            SELECT request.request_id, request.sale_id, request.amount, request.fingerprint,
                   request.lines, request.state, coalesce(sale.receipt, '') AS receipt
            FROM refund_request AS request LEFT JOIN sale USING (sale_id)
            WHERE request.request_id = ANY (\(Array(ids))) AND request.store_id = \(storeID)
            ORDER BY request.request_id
            FOR NO KEY UPDATE OF request
            """)
        {
            let json: PostgresJSON = try row["lines"]
            let lines = try [RefundRequested.Line](bytes: Array(json.text.utf8))
            found[try row["request_id"]] = Request(
                saleID: try row["sale_id"], amount: try row["amount"],
                card: try row["fingerprint"],
                lines: lines.map { RefundRequest.Line(index: $0.line, quantity: $0.quantity) },
                receipt: try row["receipt"], state: try row["state"])
        }
        return found
    }

    static func lockSales(
        _ session: PostgresSession, _ ids: Set<RecordID>, storeID: Int64
    ) throws -> [RecordID: Sale] {
        guard !ids.isEmpty else { return [:] }
        let wanted = Array(ids)
        let rows = try session.query(
            """
            SELECT sale_id, fingerprint, receipt, lines, business_at, total, paid_by_card, state,
                   code, refunded, refund_reserved
            FROM sale
            WHERE sale_id = ANY (\(wanted)) AND store_id = \(storeID)
            ORDER BY sale_id
            FOR NO KEY UPDATE
            """)
        guard !rows.isEmpty else { return [:] }
        var quantities: [RecordID: [Int: Int64]] = [:]
        for row in try session.query(
            """
            SELECT sale_id, line_index, sum(quantity)::bigint AS quantity
            FROM refund_line WHERE sale_id = ANY (\(wanted)) AND live
            GROUP BY sale_id, line_index
            """)
        {
            let line = Int(try row["line_index"] as Int32)
            quantities[try row["sale_id"], default: [:]][line] = try row["quantity"]
        }
        var found: [RecordID: Sale] = [:]
        for row in rows {
            let id: RecordID = try row["sale_id"]
            let json: PostgresJSON = try row["lines"]
            let lines = try [SaleCompleted.Line](bytes: Array(json.text.utf8))
            let (total, paid): (Money, Money) = (try row["total"], try row["paid_by_card"])
            let (refunded, reserved): (Money, Money) =
                (try row["refunded"], try row["refund_reserved"])
            found[id] = Sale(
                cardFingerprint: try row["fingerprint"], receipt: try row["receipt"],
                facts: facts(
                    lines, at: try row["business_at"], total: total, paid: paid,
                    code: try row["state"] == "posted" ? nil : row["code"]),
                reserved: RefundRules.Reserved(
                    quantities: quantities[id] ?? [:],
                    amount: Money(fen: refunded.fen + reserved.fen)),
                isStored: true)
        }
        return found
    }

    /// A sale as the refund rules see it. One whose id is in question moved nothing and has nothing
    /// to give back.
    static func facts(
        _ lines: [SaleCompleted.Line], at: Instant, total: Money, paid: Money, code: String?
    ) -> RefundRules.Sale {
        let isInQuestion = code.flatMap(RecordException.init)?.isAboutIdentity ?? false
        return RefundRules.Sale(
            isPosted: !isInQuestion, businessTime: at,
            lines: lines.map(\.saleLine), paidByCard: paid,
            notPaidByCard: Money(fen: total.fen - paid.fen))
    }
}
