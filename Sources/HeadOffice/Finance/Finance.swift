public import Domain
import PostgresDriver

/// Finance's pages: what a month came to, and the trial balance.
public struct Finance: Sendable {
    let store: OfficeStore

    /// On head office's database.
    public init(store: OfficeStore) {
        self.store = store
    }

    /// A line of the trial balance.
    public struct Balance: Sendable {
        public let book: String
        public let kind: String
        public let accountCount: Int
        public let balance: Money
    }

    /// Balances by book and kind; each book's come to zero (R-L1).
    ///
    /// - Refuses: `.roleMissing`.
    public func trialBalance(by actor: StaffActor) async throws -> [Balance] {
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
    public struct Month: Sendable {
        public let month: TradingMonth
        public let saleCount: Int64
        public let gross: Money
        public let refunds: Money
        public let net: Money
        public let isClosed: Bool
    }

    /// Sums of an accounting month.
    ///
    /// - Refuses: `.roleMissing`.
    public func month(_ month: TradingMonth, by actor: StaffActor) async throws -> Month {
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
    public struct PastExport: Sendable {
        public let at: Instant
        public let actor: String
        public let subject: String
        public let sha256: String
        public let rowCount: String
        public let ledgerPosition: String
    }

    /// The newest 20 exports.
    ///
    /// - Refuses: `.roleMissing`.
    public func pastExports(by actor: StaffActor) async throws -> [PastExport] {
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
