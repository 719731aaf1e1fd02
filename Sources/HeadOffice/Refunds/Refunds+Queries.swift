import Domain
import PostgresDriver

extension Refunds {
    /// Which requests a list shows.
    enum Filter: String, Sendable, CaseIterable {
        case pending
        case waiting
        case approved
        case refused
        case expired
        case withdrawn
        case all
    }

    /// A request in a list. Amounts in fen.
    struct Listed: Sendable {
        let requestID: RecordID
        /// Nil, like the card and the total, while the sale has not been received.
        let receipt: String?
        let storeCode: String
        let storeName: String
        let cardMask: String?
        let isTest: Bool
        let amount: Money
        let total: Money?
        let reason: String
        let askedBy: String
        let askedAt: Instant
        let deadline: Instant
        let state: String
        let decidedBy: String?
    }

    /// Requests in a page of a list.
    static let pageSize = 50

    /// A page of requests, those whose deadline is nearest first; one more than a page tells that there is more.
    ///
    /// - Refuses: `.roleMissing`.
    func list(
        _ filter: Filter, store code: String = "", after: RefundPosition? = nil,
        by actor: StaffActor
    ) async throws -> [Listed] {
        try actor.require(.approver, .auditor, .finance)
        return try await store.read { session in
            try session.query(
                """
                SELECT request_id, sale.receipt, store.code AS store_code,
                       store.name AS store_name, sale.card_mask,
                       coalesce(sale.test, false) AS test, request.amount,
                       sale.total, request.reason, request.asked_by, request.asked_at,
                       request.deadline, request.state, person.name AS decided_by
                FROM refund_request AS request
                LEFT JOIN sale USING (sale_id)
                JOIN store ON store.store_id = request.store_id
                LEFT JOIN staff_account ON staff_account_id = request.decided_by
                LEFT JOIN person USING (person_id)
                WHERE (\(filter == .all) OR request.state = \(filter.rawValue))
                  AND (\(code) = '' OR store.code = \(code))
                  AND (\(after == nil)
                       OR (request.deadline, request_id)
                          > (\(after?.deadline as Instant?), \(after?.requestID as RecordID?)))
                ORDER BY request.deadline, request_id LIMIT \(Self.pageSize + 1)
                """
            ).map { row in
                Listed(
                    requestID: try row["request_id"], receipt: try row["receipt"],
                    storeCode: try row["store_code"], storeName: try row["store_name"],
                    cardMask: try row["card_mask"], isTest: try row["test"],
                    amount: try row["amount"], total: try row["total"],
                    reason: try row["reason"], askedBy: try row["asked_by"],
                    askedAt: try row["asked_at"],
                    deadline: try row["deadline"], state: try row["state"],
                    decidedBy: try row["decided_by"])
            }
        }
    }

    /// Where a page of the list ends.
    struct RefundPosition: Sendable {
        let deadline: Instant
        let requestID: RecordID
    }

    /// How much of what was sold came back, in the last 30 business days. Amounts in fen.
    struct Rate: Sendable {
        let saleCount: Int
        let refundedCount: Int
        let sold: Money
        let refunded: Money
    }

    /// Another sale of the same card.
    struct CardSale: Sendable {
        let saleID: RecordID
        let receipt: String
        let storeName: String
        let soldAt: Instant
        let total: Money
        let refunded: Money
    }

    /// A request with what an approver should see beside it.
    struct Shown: Sendable {
        let found: RefundCase
        let storeRate: Rate
        let cashierRate: Rate
        let cardSales: [CardSale]
    }

    /// A request's page.
    ///
    /// - Refuses: `.roleMissing`, `.unknownRequest`.
    func show(_ requestID: RecordID, by actor: StaffActor, at now: Instant) async throws
        -> Shown
    {
        try actor.require(.approver, .auditor, .finance)
        let since = BusinessDate(now).adding(days: -30)
        return try await store.read { session in
            let found = try Self.find(requestID, in: session)
            let sales = try session.query(
                """
                SELECT sale_id, receipt, store.name AS store_name, business_at, total, refunded
                FROM sale JOIN store USING (store_id)
                WHERE card_id = \(found.cardID as Int64?) AND sale_id <> \(found.saleID)
                ORDER BY business_at DESC LIMIT 10
                """
            ).map { row in
                CardSale(
                    saleID: try row["sale_id"], receipt: try row["receipt"],
                    storeName: try row["store_name"], soldAt: try row["business_at"],
                    total: try row["total"], refunded: try row["refunded"])
            }
            return Shown(
                found: found,
                storeRate: try Self.rate(
                    "store_id = \(found.storeID)", since: since, in: session),
                cashierRate: try Self.rate(
                    "store_id = \(found.storeID) AND cashier = \(found.cashier)", since: since,
                    in: session),
                cardSales: sales)
        }
    }

    private static func rate(
        _ condition: SQL, since: BusinessDate, in session: PostgresSession
    ) throws -> Rate {
        guard
            let row = try session.queryOne(
                """
                SELECT count(*) AS sale_count, count(*) FILTER (WHERE refunded > 0) AS back_count,
                       coalesce(sum(total), 0)::bigint AS sold,
                       coalesce(sum(refunded), 0)::bigint AS refunded
                FROM sale
                WHERE \(fragment: condition) AND business_date >= \(since) AND NOT test
                  AND total BETWEEN 0 AND \(SaleRules.largestTotal)
                """)
        else { return Rate(saleCount: 0, refundedCount: 0, sold: .zero, refunded: .zero) }
        return Rate(
            saleCount: Int(try row["sale_count"] as Int64),
            refundedCount: Int(try row["back_count"] as Int64), sold: try row["sold"],
            refunded: try row["refunded"])
    }

    private static func row(
        of requestID: RecordID, in session: PostgresSession
    ) throws -> PostgresRow? {
        try session.queryOne(
            """
            SELECT request.sale_id, request.store_id, store.code AS store_code,
                   store.name AS store_name, till.code AS till_code, sale.receipt,
                   sale.cashier, sale.card_id, sale.card_mask, sale.test,
                   sale.fingerprint AS sale_card, request.fingerprint,
                   EXISTS (SELECT 1 FROM transfer
                           WHERE source_id = sale.sale_id AND kind IN ('sale', 'shortfall'))
                       AS booked,
                   card.programme_id, programme.code AS programme, sale.mode,
                   sale.state AS sale_state, sale.code AS sale_code, sale.total,
                   sale.paid_by_card, sale.refunded, sale.returned_to_card,
                   (SELECT coalesce(sum(amount), 0)::bigint FROM transfer
                    WHERE source_id = request.request_id AND kind = 'refund') AS gave_to_card,
                   exception.exception_id, exception.outcome, sale.refund_reserved,
                   sale.business_at, sale.received_at, request.received_at AS request_received,
                   coalesce('brought_inside' = ANY (record.time_flags), false) AS moved,
                   (SELECT min(head.stated_at)
                    FROM till_head AS head
                    JOIN journal_record AS stated USING (till_id, epoch, seq, hash)
                    WHERE head.till_id = place.till_id AND head.epoch = place.epoch
                      AND head.seq >= place.seq) AS proved_at,
                   coalesce((SELECT grace_days FROM refund_setting), 0) AS grace_days,
                   request.amount, request.reason, request.asked_by, request.asked_at,
                   request.deadline, request.state, request.code, request.opinion,
                   person.name AS decided_by, request.decided_at
            FROM refund_request AS request
            JOIN sale ON sale.sale_id = request.sale_id
            JOIN store ON store.store_id = request.store_id
            JOIN till ON till.till_id = sale.till_id
            LEFT JOIN card ON card.card_id = sale.card_id
            LEFT JOIN programme ON programme.programme_id = card.programme_id
            LEFT JOIN exception ON exception.sale_id = sale.sale_id
            LEFT JOIN record_identity AS place ON place.record_id = request.request_id
            LEFT JOIN journal_record AS record
                   ON record.till_id = place.till_id AND record.epoch = place.epoch
                  AND record.seq = place.seq
            LEFT JOIN staff_account ON staff_account_id = request.decided_by
            LEFT JOIN person USING (person_id)
            WHERE request_id = \(requestID)
            """)
    }

    /// The request with its sale and lines, as the page shows and the decision judges it.
    static func find(_ requestID: RecordID, in session: PostgresSession) throws -> RefundCase {
        guard let row = try row(of: requestID, in: session) else {
            throw RefundsRefusal.unknownRequest
        }
        let lines = try Self.lines(of: requestID, saleID: try row["sale_id"], in: session)
        let sold: CardFingerprint = try row["sale_card"]
        let chain = try CardChain.later(than: [sold], in: session)[sold, default: []]
            .union([sold])
        let decidedAt: Instant? = try row["decided_at"]
        return RefundCase(
            requestID: requestID, saleID: try row["sale_id"], storeID: try row["store_id"],
            storeCode: try row["store_code"], storeName: try row["store_name"],
            tillCode: try row["till_code"], receipt: try row["receipt"],
            cashier: try row["cashier"], cardID: try row["card_id"],
            cardMask: try row["card_mask"], isTest: try row["test"],
            fingerprint: try row["fingerprint"],
            isCardMatch: chain.contains(try row["fingerprint"]),
            isBooked: try row["booked"] && !isInQuestion(row),
            exceptionID: try row["exception_id"], carrier: try carrier(row),
            destination: try destination(of: try row["card_id"], in: session),
            programmeID: try row["programme_id"], programme: try row["programme"],
            mode: try row["mode"], saleState: try row["sale_state"],
            saleCode: try row["sale_code"], total: try row["total"],
            paidByCard: try row["paid_by_card"], refunded: try row["refunded"],
            returnedToCard: try row["returned_to_card"], gaveToCard: try row["gave_to_card"],
            reserved: try row["refund_reserved"], soldAt: try row["business_at"],
            receivedAt: try row["received_at"], amount: try row["amount"],
            reason: try row["reason"], askedBy: try row["asked_by"],
            askedAt: try row["asked_at"], evidence: try evidence(row),
            provedAt: try row["proved_at"], graceDays: Int(try row["grace_days"] as Int32),
            deadline: try row["deadline"], state: try row["state"], code: try row["code"],
            opinion: try row["opinion"],
            decidedBy: try row["decided_by"], decidedAt: decidedAt,
            lines: lines)
    }

    private static func isInQuestion(_ row: PostgresRow) throws -> Bool {
        let (state, code): (String, String?) = (try row["sale_state"], try row["sale_code"])
        return state == "exception"
            && code.flatMap(RecordException.init)?.isAboutIdentity ?? false
    }

    /// A head stated before the month ended, or the request itself, proves when it was made (R-R6).
    private static func evidence(_ row: PostgresRow) throws -> TimeEvidence {
        let end = TradingMonth(try row["business_at"] as Instant).end
        let received: Instant = try row["request_received"]
        let proved: Instant? = try row["proved_at"]
        if received < end || (proved.map { $0 < end } ?? false) { return .proved }
        return try row["moved"] ? .contradicted : .claimed
    }

    private static func carrier(_ row: PostgresRow) throws -> ShortfallCarrier {
        let outcome: String? = try row["outcome"]
        switch outcome.flatMap(ExceptionEnd.Outcome.init) {
        case .store: return .store
        case .programme: return .programme(try row["programme"] ?? "")
        case .writtenOff: return .writtenOff
        case .card, .refunded, .closed, nil: return .inDispute
        }
    }

    private static func destination(
        of cardID: Int64?, in session: PostgresSession
    ) throws -> RefundCase.Destination? {
        guard let cardID else { return nil }
        let end = try CardChain.liveEnd(of: cardID, in: session)
        return try session.queryOne(
            "SELECT card_id, fingerprint, state FROM card WHERE card_id = \(end)"
        ).map { row in
            RefundCase.Destination(
                cardID: try row["card_id"], fingerprint: try row["fingerprint"],
                isClosed: try row["state"] == "closed")
        }
    }

    private static func lines(
        of requestID: RecordID, saleID: RecordID, in session: PostgresSession
    ) throws -> [RefundCase.Line] {
        try session.query(
            """
            SELECT place - 1 AS line_index, line ->> 'sku' AS sku, line ->> 'name' AS name,
                   line ->> 'spec' AS spec, (line ->> 'price')::bigint AS price,
                   (line ->> 'list')::bigint AS list_price,
                   (line ->> 'quantity')::bigint AS sold,
                   coalesce(taken.refunded, 0)::bigint AS refunded,
                   coalesce(taken.reserved, 0)::bigint AS reserved,
                   coalesce(taken.asked, 0)::bigint AS asked
            FROM sale
            CROSS JOIN jsonb_array_elements(sale.lines) WITH ORDINALITY AS row (line, place)
            LEFT JOIN (
                SELECT line_index,
                       sum(quantity) FILTER (WHERE live AND state = 'approved'
                                               AND request_id <> \(requestID)) AS refunded,
                       sum(quantity) FILTER (WHERE live AND state = 'pending'
                                               AND request_id <> \(requestID)) AS reserved,
                       sum(quantity) FILTER (WHERE request_id = \(requestID)) AS asked
                FROM refund_line JOIN refund_request AS request USING (request_id)
                WHERE refund_line.sale_id = \(saleID)
                GROUP BY line_index) AS taken ON taken.line_index = place - 1
            WHERE sale_id = \(saleID)
            ORDER BY place
            """
        ).map { row in
            RefundCase.Line(
                index: Int(try row["line_index"] as Int64), sku: try row["sku"],
                name: try row["name"], spec: try row["spec"], price: try row["price"],
                listPrice: try row["list_price"], sold: Int(try row["sold"] as Int64),
                refunded: Int(try row["refunded"] as Int64),
                reserved: Int(try row["reserved"] as Int64), asked: Int(try row["asked"] as Int64))
        }
    }
}
