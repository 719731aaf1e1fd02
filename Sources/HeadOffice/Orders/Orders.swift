import Domain
import Journal
import PostgresDriver

/// Finds sales as head office has them.
struct Orders: Sendable {
    let store: OfficeStore

    /// On head office's database.
    init(store: OfficeStore) {
        self.store = store
    }

    /// What to look for; empty and nil look for everything.
    struct Filter: Sendable, Equatable {
        var storeCode = ""
        /// The whole order number or its beginning.
        var receipt = ""
        /// A full card number, or the last four digits.
        var card = ""
        var from: BusinessDate?
        var to: BusinessDate?
        /// `posted`, `exception`, `account` for what a changed login did (R-A1), or empty.
        var state = ""

        /// Everything.
        init() {}
    }

    /// An order in a list. Amounts in fen.
    struct Listed: Sendable {
        let saleID: RecordID
        let receipt: String
        let storeCode: String
        let storeName: String
        let soldAt: Instant
        let receivedAt: Instant
        let cardMask: String
        let isTest: Bool
        let mode: String
        let total: Money
        let paidByCard: Money
        let refunded: Money
        let reserved: Money
        let state: String
        let code: String?
        let cashier: String
        /// Whether a login had a hand in it that was disabled or changed before (R-A1).
        let isFlagged: Bool
    }

    /// Where a page of the list ends.
    struct Position: Sendable {
        let soldAt: Instant
        let saleID: RecordID

        /// The place after that order.
        init(soldAt: Instant, saleID: RecordID) {
            self.soldAt = soldAt
            self.saleID = saleID
        }
    }

    /// Orders a page.
    static let pageSize = 50

    /// A page of orders, newest first; one more than a page tells that there is more.
    func list(
        _ filter: Filter, after: Position? = nil, by actor: StaffActor
    ) async throws -> [Listed] {
        try Self.requireReader(actor)
        let condition = try condition(for: filter, after: after)
        return try await store.read { session in
            try session.query(
                """
                SELECT sale_id, receipt, store.code AS store_code, store.name AS store_name,
                       business_at, received_at, card_mask, test, mode, total, paid_by_card,
                       refunded, refund_reserved, state, sale.code, cashier,
                       sale_id IN (SELECT sale_id FROM account_act) AS flagged
                FROM sale JOIN store USING (store_id)
                WHERE \(fragment: condition)
                ORDER BY business_at DESC, sale_id DESC LIMIT \(Self.pageSize + 1)
                """
            ).map(Self.listed)
        }
    }

    private static func requireReader(_ actor: StaffActor) throws {
        try actor.require(
            .approver, .finance, .auditor, .storeAdministrator, .issuer, .issuingSupervisor)
    }

    private func condition(for filter: Filter, after: Position?) throws -> SQL {
        var parts: [SQL] = ["true"]
        if let after {
            parts.append("(business_at, sale_id) < (\(after.soldAt), \(after.saleID))")
        }
        if !filter.storeCode.isEmpty {
            parts.append(
                "store_id = (SELECT store_id FROM store WHERE code = \(filter.storeCode))")
        }
        if !filter.receipt.isEmpty {
            parts.append("receipt LIKE \(filter.receipt.likeEscaped + "%")")
        }
        if let from = filter.from { parts.append("business_date >= \(from)") }
        if let to = filter.to { parts.append("business_date <= \(to)") }
        if filter.state == "account" {
            parts.append("sale_id IN (SELECT sale_id FROM account_act)")
        } else if !filter.state.isEmpty {
            parts.append("state = \(filter.state)")
        }
        let card = filter.card.halfWidth.filter { !$0.isWhitespace }
        if card.count == 4, card.allSatisfy(\.isNumber) {
            parts.append("card_mask LIKE \("%" + card.likeEscaped)")
        } else if !card.isEmpty {
            let number = try CardNumber(card)
            parts.append("fingerprint = \(store.cards.fingerprint(ofNumber: number.text))")
        }
        return parts.joined(separator: " AND ")
    }

    private static func listed(_ row: PostgresRow) throws -> Listed {
        Listed(
            saleID: try row["sale_id"], receipt: try row["receipt"],
            storeCode: try row["store_code"], storeName: try row["store_name"],
            soldAt: try row["business_at"],
            receivedAt: try row["received_at"], cardMask: try row["card_mask"],
            isTest: try row["test"], mode: try row["mode"], total: try row["total"],
            paidByCard: try row["paid_by_card"], refunded: try row["refunded"],
            reserved: try row["refund_reserved"], state: try row["state"],
            code: try row["code"], cashier: try row["cashier"], isFlagged: try row["flagged"])
    }

    /// A line of an order. Amounts in fen.
    struct Line: Sendable {
        let sku: String
        let name: String
        let spec: String
        let listPrice: Money
        let price: Money
        let quantity: Int
        let amount: Money
        let repricedBy: String?
        let repriceReason: String?
    }

    /// A manager's word for a sale above the till's per-sale limit (R-P3). Amounts in fen.
    struct Override: Sendable {
        let by: String
        let reason: String
        let limit: Money
    }

    /// A transfer that an order caused.
    struct Movement: Sendable {
        let transferID: Int64
        let kind: String
        let fromKind: String
        let toKind: String
        let amount: Money
        let businessAt: Instant
        let postedAt: Instant
        let accountingMonth: BusinessDate
    }

    /// A refund request on an order.
    struct RefundOfOrder: Sendable {
        let requestID: RecordID
        let amount: Money
        let state: String
        let askedAt: Instant
        let reason: String
    }

    /// An order's page.
    struct Shown: Sendable {
        let order: Listed
        let tillCode: String
        /// Its till knew newer limits or blocks than it went by (R-P14).
        let isPolicyRollback: Bool
        let cardID: Int64?
        let override: Override?
        let lines: [Line]
        let movements: [Movement]
        let refunds: [RefundOfOrder]
        let acts: [AccountActs.Shown]
    }

    /// One order; nil when there is none.
    func find(_ saleID: RecordID, by actor: StaffActor) async throws -> Shown? {
        try Self.requireReader(actor)
        return try await store.read { session in
            guard
                let row = try session.queryOne(
                    """
                    SELECT sale_id, receipt, store.code AS store_code, store.name AS store_name,
                           business_at, received_at, card_mask, test, mode, total, paid_by_card,
                           refunded, refund_reserved, state, sale.code, cashier,
                           till.code AS till_code, card_id, policy_rollback,
                           sale_id IN (SELECT sale_id FROM account_act) AS flagged
                    FROM sale JOIN store USING (store_id) JOIN till USING (till_id)
                    WHERE sale_id = \(saleID)
                    """)
            else { return nil }
            return Shown(
                order: try Self.listed(row), tillCode: try row["till_code"],
                isPolicyRollback: try row["policy_rollback"], cardID: try row["card_id"],
                override: try Self.override(of: saleID, in: session),
                lines: try Self.lines(of: saleID, in: session),
                movements: try Self.movements(of: saleID, in: session),
                refunds: try Self.refunds(of: saleID, in: session),
                acts: try AccountActs.of(sale: saleID, in: session))
        }
    }

    /// As the sale's own record states it.
    private static func override(
        of saleID: RecordID, in session: PostgresSession
    ) throws -> Override? {
        let row = try session.queryOne(
            """
            SELECT journal_record.bytes
            FROM record_identity JOIN journal_record USING (till_id, epoch, seq)
            WHERE record_identity.record_id = \(saleID)
            """)
        guard let bytes = try row?["bytes"] as [UInt8]?,
            case .saleCompleted(let sale)? = try? Record(bytes: bytes).body,
            let override = sale.override
        else { return nil }
        return Override(by: override.by, reason: override.reason, limit: override.limit)
    }

    private static func lines(of saleID: RecordID, in session: PostgresSession) throws -> [Line] {
        try session.query(
            """
            SELECT line ->> 'sku' AS sku, line ->> 'name' AS name, line ->> 'spec' AS spec,
                   (line ->> 'list')::bigint AS list_price, (line ->> 'price')::bigint AS price,
                   (line ->> 'quantity')::bigint AS quantity,
                   (line ->> 'amount')::bigint AS amount, line ->> 'repricedBy' AS repriced_by,
                   line ->> 'repriceReason' AS reprice_reason
            FROM sale
            CROSS JOIN jsonb_array_elements(sale.lines) WITH ORDINALITY AS row (line, place)
            WHERE sale_id = \(saleID) ORDER BY place
            """
        ).map { row in
            Line(
                sku: try row["sku"], name: try row["name"], spec: try row["spec"],
                listPrice: try row["list_price"], price: try row["price"],
                quantity: Int(try row["quantity"] as Int64), amount: try row["amount"],
                repricedBy: try row["repriced_by"], repriceReason: try row["reprice_reason"])
        }
    }

    private static func movements(
        of saleID: RecordID, in session: PostgresSession
    ) throws -> [Movement] {
        try session.query(
            """
            SELECT transfer_id, transfer.kind, payer.kind AS from_kind, payee.kind AS to_kind,
                   amount, business_at, posted_at, accounting_month
            FROM transfer
            JOIN account AS payer ON payer.account_id = from_account_id
            JOIN account AS payee ON payee.account_id = to_account_id
            WHERE source_id = \(saleID)
               OR source_id IN (SELECT request_id FROM refund_request WHERE sale_id = \(saleID))
               OR source_id IN (SELECT decision_id
                                FROM exception_event JOIN exception USING (exception_id)
                                WHERE sale_id = \(saleID))
            ORDER BY transfer_id
            """
        ).map { row in
            Movement(
                transferID: try row["transfer_id"], kind: try row["kind"],
                fromKind: try row["from_kind"], toKind: try row["to_kind"],
                amount: try row["amount"], businessAt: try row["business_at"],
                postedAt: try row["posted_at"],
                accountingMonth: try row["accounting_month"])
        }
    }

    private static func refunds(
        of saleID: RecordID, in session: PostgresSession
    ) throws -> [RefundOfOrder] {
        try session.query(
            """
            SELECT request_id, amount, state, asked_at, reason FROM refund_request
            WHERE sale_id = \(saleID) ORDER BY asked_at, request_id
            """
        ).map { row in
            RefundOfOrder(
                requestID: try row["request_id"], amount: try row["amount"],
                state: try row["state"], askedAt: try row["asked_at"],
                reason: try row["reason"])
        }
    }
}
