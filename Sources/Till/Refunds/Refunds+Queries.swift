import GRDB

/// Refund requests as this till knows them.
enum Refunds {
    static let listCountMax = 200

    private static let selection = """
        SELECT r.id, r.sale, coalesce(s.receipt, o.receipt) AS receipt,
            coalesce(s.business_time, o.business_time) AS business_time, r.amount, r.reason,
            r.requested_by, r.requested_at, r.withdrawn_at, j.verdict, j.verdict_code, d.state, d.code, d.opinion, d.decided_by,
            d.decided_at
        FROM refund_request AS r
        LEFT JOIN sale AS s ON s.id = r.sale
        LEFT JOIN other_sale AS o ON o.id = r.sale
        JOIN journal_record AS j ON j.seq = r.seq
        LEFT JOIN decision AS d ON d.request = r.id
        """

    /// The newest requests first.
    static func list(in database: Database) throws -> [RefundSummary] {
        try Row.fetchAll(
            database,
            sql: "\(selection) ORDER BY r.requested_at DESC, r.id DESC LIMIT ?",
            arguments: [listCountMax]
        ).map { try summary($0, in: database) }
    }

    /// The requests for one sale, oldest first.
    static func of(sale: String, in database: Database) throws -> [RefundSummary] {
        try Row.fetchAll(
            database, sql: "\(selection) WHERE r.sale = ? ORDER BY r.requested_at, r.id",
            arguments: [sale]
        ).map { try summary($0, in: database) }
    }

    static func find(_ id: String, in database: Database) throws -> RefundSummary? {
        try Row.fetchOne(database, sql: "\(selection) WHERE r.id = ?", arguments: [id])
            .map { try summary($0, in: database) }
    }

    private static func summary(_ row: Row, in database: Database) throws -> RefundSummary {
        let id: String = row["id"]
        let lines = try Row.fetchAll(
            database,
            sql: "SELECT line, quantity FROM refund_request_line WHERE request = ? ORDER BY line",
            arguments: [id]
        ).map { RefundLine(line: $0["line"], quantity: $0["quantity"]) }
        let isException = (row["verdict"] as String?) == "exception"
        return RefundSummary(
            id: id, sale: row["sale"], saleReceipt: row["receipt"],
            soldAt: row["business_time"], amount: row["amount"],
            reason: row["reason"], requestedBy: row["requested_by"],
            requestedAt: row["requested_at"], state: state(row), opinion: row["opinion"] ?? "",
            decidedBy: row["decided_by"] ?? "", decidedAt: row["decided_at"],
            code: row["code"] ?? (isException ? row["verdict_code"] : nil),
            lines: lines)
    }

    // Head office's decision counts above all: a withdrawal that came too late changed nothing.
    private static func state(_ row: Row) -> RefundState {
        if let decided = row["state"] as String?, let state = RefundState(rawValue: decided) {
            return state
        }
        if (row["withdrawn_at"] as Int64?) != nil { return .withdrawn }
        switch row["verdict"] as String? {
        case nil: return .unsent
        case "exception": return .inQuestion
        default: return .pending
        }
    }
}
