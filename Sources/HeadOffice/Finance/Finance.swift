import Domain
import PostgresDriver

/// Finance's pages: what a month came to, and the trial balance.
struct Finance: Sendable {
    let store: OfficeStore

    /// On head office's database.
    init(store: OfficeStore) {
        self.store = store
    }

    /// A line of the trial balance.
    struct Balance: Sendable {
        let book: String
        let kind: String
        let accountCount: Int
        let balance: Money
    }

    /// Balances by book and kind; each book's come to zero (R-L1).
    ///
    /// - Refuses: `.roleMissing`.
    func trialBalance(by actor: StaffActor) async throws -> [Balance] {
        try actor.require(.finance, .auditor)
        return try await store.read { session in
            try session.query(
                """
                SELECT book, kind, count(*) AS account_count, sum(balance)::bigint AS balance
                FROM account GROUP BY book, kind ORDER BY book, kind
                """
            ).map { row in
                Balance(
                    book: try row["book"], kind: try row["kind"],
                    accountCount: Int(try row["account_count"] as Int64),
                    balance: try row["balance"])
            }
        }
    }

    /// What an accounting month came to. The test book is left out (R-P7).
    struct Month: Sendable {
        let month: TradingMonth
        let saleCount: Int64
        let gross: Money
        let refunds: Money
        let net: Money
        let isClosed: Bool
    }

    /// Sums of an accounting month.
    ///
    /// - Refuses: `.roleMissing`.
    func month(_ month: TradingMonth, by actor: StaffActor) async throws -> Month {
        try actor.require(.finance, .auditor)
        return try await store.read { session in
            let totals = try MonthReport.monthlySales.totals(month, in: session)
            let closed = try session.queryOne(
                "SELECT closed_at FROM accounting_month WHERE month = \(month.firstDay)")
            return Month(
                month: month, saleCount: totals["saleCount"] ?? 0,
                gross: Money(fen: totals["gross"] ?? 0),
                refunds: Money(fen: totals["refunds"] ?? 0),
                net: Money(fen: totals["net"] ?? 0), isClosed: closed != nil)
        }
    }

    /// An export as the audit remembers it.
    struct PastExport: Sendable {
        let at: Instant
        let actor: String
        let subject: String
        let sha256: String
        let rowCount: String
        let ledgerPosition: String
    }

    /// The newest 20 exports.
    ///
    /// - Refuses: `.roleMissing`.
    func pastExports(by actor: StaffActor) async throws -> [PastExport] {
        try actor.require(.finance, .auditor)
        return try await store.read { session in
            try session.query(
                """
                SELECT at, actor, subject, coalesce(detail ->> 'sha256', '') AS sha256,
                       coalesce(detail ->> 'rowCount', '') AS row_count,
                       coalesce(detail ->> 'ledgerPosition', '') AS ledger_position
                FROM audit WHERE action = 'report.export' ORDER BY audit_id DESC LIMIT 20
                """
            ).map { row in
                PastExport(
                    at: try row["at"], actor: try row["actor"], subject: try row["subject"],
                    sha256: try row["sha256"], rowCount: try row["row_count"],
                    ledgerPosition: try row["ledger_position"])
            }
        }
    }
}
