// "Verify this file": the hash names the export; the export's cells are made again as the ledger stands now and compared.

public import Domain
import PostgresDriver

/// A file as it was registered when it was made.
public struct RegisteredExport: Sendable {
    /// The report's name.
    public let report: String
    /// The month.
    public let month: TradingMonth
    /// The file's name.
    public let file: String
    /// Of the cells alone.
    public let cellsSHA256: String
    /// Rows without heading and totals.
    public let rowCount: Int64
    /// The highest transfer in it.
    public let position: Int64
    /// Whose frozen figures it holds.
    public let closing: Int?
    /// Who made it.
    public let madeBy: String
    /// When.
    public let asOf: Instant
}

/// What a verification found.
public struct ExportFinding: Sendable {
    /// Whether the figures are still the same.
    public enum State: String, Sendable {
        /// No file of that hash was made here: another file, or one that was changed.
        case unknown
        /// The same figures come out now.
        case unchanged
        /// Other figures come out now.
        case changed
    }

    /// A transfer that came later.
    public struct LateRow: Sendable {
        /// Its position.
        public let number: Int64
        /// Why money moved.
        public let kind: String
        /// How much.
        public let amount: Money
        /// Its business date.
        public let day: BusinessDate
        /// When it was booked.
        public let postedAt: Instant
        /// The store concerned.
        public let storeCode: String
    }

    /// What was found.
    public let state: State
    /// The file, if it is known.
    public let export: RegisteredExport?
    /// The first transfers of the month that are not in the file.
    public let late: [LateRow]
    /// How many there are.
    public let lateCount: Int64
}

extension MonthExport {
    /// Late rows that a finding names.
    static let lateRowsMax = 200

    /// Compares a file made here with what the same export would hold now.
    ///
    /// - Shape: `sha256` is the file's, 64 hex digits.
    /// - Refuses: `.roleMissing`, `.hashInvalid`.
    public func verify(sha256: String, by actor: StaffActor = .setUp) async throws -> ExportFinding
    {
        try actor.require(.finance, .auditor)
        guard sha256.wholeMatch(of: /[0-9a-f]{64}/) != nil else { throw FinanceRefusal.hashInvalid }
        return try await ReportSource.settled(store) { session, position in
            guard let export = try Self.registered(sha256, in: session),
                let report = Self.report(named: export.report)
            else { return ExportFinding(state: .unknown, export: nil, late: [], lateCount: 0) }
            // A closed month's newest figures, else what the ledger says now.
            let source = try ReportSource(report, export.month, position: position, in: session)
            let cells = try Self.cellsHash(source, in: session)
            let (late, count) = try Self.late(export, upTo: position, in: session)
            return ExportFinding(
                state: cells == export.cellsSHA256 ? .unchanged : .changed, export: export,
                late: late, lateCount: count)
        }
    }

    /// The report whose cells a registered file holds.
    static func report(named name: String) -> MonthReport? {
        switch name {
        case statements: .storeSettlement
        case journal: .ledgerDetail
        case voucher: .trialBalance
        case matrix: .provinceClearing
        default: MonthReport(rawValue: name)
        }
    }

    private static func registered(
        _ sha256: String, in session: PostgresSession
    ) throws -> RegisteredExport? {
        try session.query(
            """
            SELECT report, month, file, cells_sha256, row_count, ledger_position, closing_number,
                   made_by, as_of
            FROM export WHERE file_sha256 = \(sha256) ORDER BY as_of LIMIT 1
            """
        ).first.map { row in
            RegisteredExport(
                report: try row["report"],
                month: try row.decode("month", as: BusinessDate.self).tradingMonth,
                file: try row["file"], cellsSHA256: try row["cells_sha256"],
                rowCount: try row["row_count"], position: try row["ledger_position"],
                closing: try row.decode("closing_number", as: Int32?.self).map(Int.init),
                madeBy: try row["made_by"], asOf: try row["as_of"])
        }
    }

    private static func late(
        _ export: RegisteredExport, upTo position: Int64, in session: PostgresSession
    ) throws -> ([ExportFinding.LateRow], Int64) {
        let rows = try session.query(
            """
            SELECT transfer_id, transfer.kind, amount, business_date, posted_at,
                   coalesce(store.code, '') AS store_code, count(*) OVER () AS count
            FROM transfer LEFT JOIN store USING (store_id)
            WHERE accounting_month = \(export.month.firstDay)
              AND transfer_id > \(export.position) AND transfer_id <= \(position)
            ORDER BY transfer_id LIMIT \(Int64(lateRowsMax))
            """)
        let late = try rows.map { row in
            ExportFinding.LateRow(
                number: try row["transfer_id"], kind: try row["kind"], amount: try row["amount"],
                day: try row["business_date"], postedAt: try row["posted_at"],
                storeCode: try row["store_code"])
        }
        return (late, try rows.first?.decode("count") ?? 0)
    }
}
