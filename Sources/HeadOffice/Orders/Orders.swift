public import Domain
import PostgresDriver

/// Finds sales as head office has them.
public struct Orders: Sendable {
    let store: OfficeStore

    /// On head office's database.
    public init(store: OfficeStore) {
        self.store = store
    }

    /// What to look for; empty and nil look for everything.
    public struct Filter: Sendable, Equatable {
        public var storeCode = ""
        /// The whole order number or its beginning.
        public var receipt = ""
        /// A full card number, or the last four digits.
        public var card = ""
        public var from: BusinessDate?
        public var to: BusinessDate?
        /// `posted`, `exception` or empty.
        public var state = ""

        /// Everything.
        public init() {}
    }

    /// An order in a list. Amounts in fen.
    public struct Listed: Sendable {
        public let saleID: RecordID
        public let receipt: String
        public let storeCode: String
        public let storeName: String
        public let soldAt: Instant
        public let receivedAt: Instant
        public let cardMask: String
        public let isTest: Bool
        public let mode: String
        public let total: Money
        public let paidByCard: Money
        public let refunded: Money
        public let reserved: Money
        public let state: String
        public let code: String?
        public let cashier: String
    }

    /// Where a page of the list ends.
    public struct Position: Sendable {
        public let soldAt: Instant
        public let saleID: RecordID

        /// The place after that order.
        public init(soldAt: Instant, saleID: RecordID) {
            self.soldAt = soldAt
            self.saleID = saleID
        }
    }

    /// Orders a page.
    public static let pageSize = 50

    /// A page of orders, newest first; one more than a page tells that there is more.
    public func list(
        _ filter: Filter, after: Position? = nil, by actor: StaffActor
    ) async throws -> [Listed] {
        try Self.requireReader(actor)
        let condition = try condition(for: filter)
        return try await store.read { session in
            try session.query(
                """
                SELECT sale_id, receipt, store.code AS store_code, store.name AS store_name,
                       business_at, received_at, card_mask, test, mode, total, paid_by_card,
                       refunded, refund_reserved, state, sale.code, cashier
                FROM sale JOIN store USING (store_id)
                WHERE \(fragment: condition)
                  AND (\(after == nil) OR (business_at, sale_id)
                       < (\(after?.soldAt as Instant?), \(after?.saleID as RecordID?)))
                ORDER BY business_at DESC, sale_id DESC LIMIT \(Self.pageSize + 1)
                """
            ).map(Self.listed)
        }
    }

    private static func requireReader(_ actor: StaffActor) throws {
        try actor.require(
            .approver, .finance, .auditor, .storeAdministrator, .issuer, .issuingSupervisor)
    }

    private func condition(for filter: Filter) throws -> SQL {
        var parts: [SQL] = ["true"]
        if !filter.storeCode.isEmpty { parts.append("store.code = \(filter.storeCode)") }
        if !filter.receipt.isEmpty {
            parts.append("receipt LIKE \(filter.receipt.likeEscaped + "%")")
        }
        if let from = filter.from { parts.append("business_date >= \(from)") }
        if let to = filter.to { parts.append("business_date <= \(to)") }
        if !filter.state.isEmpty { parts.append("state = \(filter.state)") }
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
            code: try row["code"], cashier: try row["cashier"])
    }

    /// A line of an order. Amounts in fen.
    public struct Line: Sendable {
        public let sku: String
        public let name: String
        public let spec: String
        public let listPrice: Money
        public let price: Money
        public let quantity: Int
        public let amount: Money
        public let repricedBy: String?
    }

    /// A transfer that an order caused.
    public struct Movement: Sendable {
        public let transferID: Int64
        public let kind: String
        public let fromKind: String
        public let toKind: String
        public let amount: Money
        public let businessAt: Instant
        public let postedAt: Instant
        public let accountingMonth: BusinessDate
    }

    /// A refund request on an order.
    public struct RefundOfOrder: Sendable {
        public let requestID: RecordID
        public let amount: Money
        public let state: String
        public let askedAt: Instant
        public let reason: String
    }

    /// An order's page.
    public struct Shown: Sendable {
        public let order: Listed
        public let tillCode: String
        public let cardID: Int64?
        public let lines: [Line]
        public let movements: [Movement]
        public let refunds: [RefundOfOrder]
    }

    /// One order; nil when there is none.
    public func find(_ saleID: RecordID, by actor: StaffActor) async throws -> Shown? {
        try Self.requireReader(actor)
        return try await store.read { session in
            guard
                let row = try session.queryOne(
                    """
                    SELECT sale_id, receipt, store.code AS store_code, store.name AS store_name,
                           business_at, received_at, card_mask, test, mode, total, paid_by_card,
                           refunded, refund_reserved, state, sale.code, cashier,
                           till.code AS till_code, card_id
                    FROM sale JOIN store USING (store_id) JOIN till USING (till_id)
                    WHERE sale_id = \(saleID)
                    """)
            else { return nil }
            return Shown(
                order: try Self.listed(row), tillCode: try row["till_code"],
                cardID: try row["card_id"], lines: try Self.lines(of: saleID, in: session),
                movements: try Self.movements(of: saleID, in: session),
                refunds: try Self.refunds(of: saleID, in: session))
        }
    }

    private static func lines(of saleID: RecordID, in session: PostgresSession) throws -> [Line] {
        try session.query(
            """
            SELECT line ->> 'sku' AS sku, line ->> 'name' AS name, line ->> 'spec' AS spec,
                   (line ->> 'list')::bigint AS list_price, (line ->> 'price')::bigint AS price,
                   (line ->> 'quantity')::bigint AS quantity,
                   (line ->> 'amount')::bigint AS amount, line ->> 'repricedBy' AS repriced_by
            FROM sale
            CROSS JOIN jsonb_array_elements(sale.lines) WITH ORDINALITY AS row (line, place)
            WHERE sale_id = \(saleID) ORDER BY place
            """
        ).map { row in
            Line(
                sku: try row["sku"], name: try row["name"], spec: try row["spec"],
                listPrice: try row["list_price"], price: try row["price"],
                quantity: Int(try row["quantity"] as Int64), amount: try row["amount"],
                repricedBy: try row["repriced_by"])
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
