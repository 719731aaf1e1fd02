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
    /// - Shape: cards, of which there may be millions, by the roll-ups, those that ever moved; all others by the accounts
    ///   themselves. So the sum compares the two.
    /// - Refuses: `.roleMissing`.
    func trialBalance(by actor: StaffActor) async throws -> [Balance] {
        try actor.require(.finance, .auditor)
        let others = AccountKind.allCases.filter { $0 != .card }.map(\.rawValue)
        return try await store.read { session in
            try session.query(
                """
                SELECT book, kind, count(*) AS account_count, sum(balance)::bigint AS balance
                FROM account WHERE kind = ANY (\(others)) GROUP BY book, kind
                UNION ALL
                SELECT book, kind, account_count, balance
                FROM (\(fragment: MonthReport.cardBalances)) AS card
                ORDER BY book, kind
                """
            ).map { row in
                Balance(
                    book: try row["book"], kind: try row["kind"],
                    accountCount: Int(try row["account_count"] as Int64),
                    balance: try row["balance"])
            }
        }
    }

    /// The newest proof of the ledger, nil before the first.
    ///
    /// - Refuses: `.roleMissing`.
    func proof(by actor: StaffActor) async throws -> LedgerProofs.Kept? {
        try actor.require(.finance, .auditor)
        return try await store.read { try LedgerProofs.latest(in: $0) }
    }

    /// What an accounting month came to. The test book is left out (R-P7).
    struct Month: Sendable {
        let month: TradingMonth
        let saleCount: Int64
        let gross: Money
        let refunds: Money
        let net: Money
        let status: AccountingMonth.Status
        /// Net of each business day, oldest first.
        let days: [(day: String, net: Int64)]
    }

    /// Sums of an accounting month.
    ///
    /// - Refuses: `.roleMissing`.
    func month(_ month: TradingMonth, by actor: StaffActor) async throws -> Month {
        try actor.require(.finance, .auditor)
        return try await store.read { session in
            let source = try ReportSource(.monthlySales, month, position: .max, in: session)
            let days = try source.sums(of: "net", by: "day", in: session)
            let totals = try source.totals(in: session)
            return Month(
                month: month, saleCount: totals["saleCount"] ?? 0,
                gross: Money(fen: totals["gross"] ?? 0),
                refunds: Money(fen: totals["refunds"] ?? 0),
                net: Money(fen: totals["net"] ?? 0),
                status: try AccountingMonths.read(session).status(of: month),
                days: days)
        }
    }

    /// A report's first rows, its totals and where they come from.
    struct Shown: Sendable {
        let source: ReportSource
        let rows: [[String]]
        let totals: [[String]]
        /// Whether there are more rows than a screen shows.
        let isCut: Bool
        /// What a chart shows, if one helps.
        let chart: [(label: String, value: Int64)]
        /// Of the province clearing.
        let matrix: ClearingMatrix?
    }

    /// Rows of a report that a screen shows.
    static let rowsShown = 200

    /// A report on screen; `number` asks for the figures of an earlier closing.
    ///
    /// - Refuses: `.roleMissing`, `.closingUnknown`.
    func show(
        _ report: MonthReport, _ month: TradingMonth, closing number: Int?, by actor: StaffActor
    ) async throws -> Shown {
        try actor.require(.finance, .auditor)
        return try await store.read { session in
            let source = try ReportSource(
                report, month, number: number, position: .max, in: session)
            let totals = try source.totalRows(in: session)
            let lines = try source.firstLines(Self.rowsShown + 1, in: session)
            let chart: [(String, Int64)] =
                switch report {
                case .monthlySales: try source.sums(of: "net", by: "day", in: session)
                case .provinceClearing: try source.sums(of: "net", by: "storeProvince", in: session)
                case .cardLiability: try source.sums(of: "closing", by: "programme", in: session)
                case .storeSettlement: try source.sums(of: "net", by: "storeCode", in: session)
                default: []
                }
            return Shown(
                source: source, rows: Array(lines.prefix(Self.rowsShown)), totals: totals,
                isCut: lines.count > Self.rowsShown,
                chart: Array(chart.prefix(62)),
                matrix: report == .provinceClearing
                    ? try ClearingMatrix(source, in: session) : nil)
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
