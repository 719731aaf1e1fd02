import Domain
import Foundation
import GRDB
import Journal

/// Finds orders and tells what became of them.
enum Orders {
    private static let selection = """
        SELECT s.id, s.receipt, s.business_time, s.at, s.cashier, s.total, s.mask, s.programme,
            s.mode, s.test, s.holder, s.remaining, s.late_refusal, j.verdict, j.verdict_code,
            j.judged_at,
            (SELECT count(*) FROM refund_request AS r LEFT JOIN decision AS d ON d.request = r.id
             WHERE r.sale = s.id AND r.withdrawn_at IS NULL AND d.request IS NULL) AS pending,
            (SELECT coalesce(sum(d.amount), 0) FROM decision AS d
             WHERE d.sale = s.id AND d.state = 'approved') AS returned,
            (SELECT d.state FROM decision AS d WHERE d.sale = s.id
             ORDER BY d.decided_at DESC LIMIT 1) AS last_decision
        FROM sale AS s JOIN journal_record AS j ON j.seq = s.seq
        """

    /// The newest orders that fit, at most ``OrderQuery/resultCountMax``.
    static func search(_ query: OrderQuery, in database: Database) throws -> [OrderSummary] {
        var conditions: [String] = []
        var arguments = StatementArguments()
        if let number = query.number {
            conditions.append("instr(s.receipt, ?) > 0")
            arguments += [number]
        }
        if let fingerprint = query.fingerprint {
            conditions.append("s.fingerprint = ?")
            arguments += [fingerprint.text]
        }
        if let from = query.from {
            conditions.append("s.business_time >= ?")
            arguments += [from.start.milliseconds]
        }
        if let through = query.through {
            conditions.append("s.business_time < ?")
            arguments += [through.end.milliseconds]
        }
        if let before = query.before {
            conditions.append("(s.business_time, s.id) < (?, ?)")
            arguments += [before.businessTime, before.id]
        }
        let filter = conditions.isEmpty ? "" : "WHERE " + conditions.joined(separator: " AND ")
        arguments += [OrderQuery.resultCountMax]
        return try Row.fetchAll(
            database,
            sql: "\(selection) \(filter) ORDER BY s.business_time DESC, s.id DESC LIMIT ?",
            arguments: arguments
        ).map(summary)
    }

    /// One order with its lines, refunds and history.
    static func find(_ id: String, in database: Database) throws -> Order? {
        guard
            let row = try Row.fetchOne(
                database, sql: "\(selection) WHERE s.id = ?", arguments: [id])
        else { return nil }
        let refunds = try Refunds.of(sale: id, in: database)
        return Order(
            summary: summary(row), lines: try lines(of: id, in: database), holder: row["holder"],
            remaining: row["remaining"], lateRefusal: row["late_refusal"],
            override: try override(of: id, in: database), refunds: refunds,
            history: try history(row, refunds: refunds, in: database))
    }

    /// From the sale's own record: what it was taken on, not what was allowed on the way.
    private static func override(
        of id: String, in database: Database
    ) throws -> OrderOverride? {
        guard
            let bytes = try Data.fetchOne(
                database, sql: "SELECT bytes FROM journal_record WHERE id = ?", arguments: [id]),
            case .saleCompleted(let sale)? = try? JournalRecord(bytes: Array(bytes)).body,
            let override = sale.override
        else { return nil }
        return OrderOverride(
            by: override.by, reason: override.reason, limit: override.limit.fen)
    }

    static func lines(of id: String, in database: Database) throws -> [OrderLine] {
        try Row.fetchAll(
            database,
            sql: """
                SELECT line, sku, name, spec, list, price, quantity, amount, repriced_by,
                    reprice_reason
                FROM payment_line WHERE payment = ? ORDER BY line
                """,
            arguments: [id]
        ).map { row in
            OrderLine(
                line: row["line"], sku: row["sku"], name: row["name"], spec: row["spec"],
                list: row["list"], price: row["price"], quantity: row["quantity"],
                amount: row["amount"], repricedBy: row["repriced_by"],
                repriceReason: row["reprice_reason"])
        }
    }

    private static func summary(_ row: Row) -> OrderSummary {
        OrderSummary(
            id: row["id"], receipt: row["receipt"], businessTime: row["business_time"],
            cashier: row["cashier"], total: row["total"], mask: row["mask"],
            programme: row["programme"], mode: row["mode"], test: row["test"],
            state: OrderState(verdict: row["verdict"]), code: row["verdict_code"],
            refundState: refundState(row))
    }

    private static func refundState(_ row: Row) -> OrderRefundState? {
        if row["pending"] as Int > 0 { return .pending }
        let returned: Int64 = row["returned"]
        if returned > 0 { return returned >= (row["total"] as Int64) ? .refunded : .partlyRefunded }
        switch row["last_decision"] as String? {
        case "refused": return .refused
        case "expired": return .expired
        default: return nil
        }
    }
}
