// Where a report's cells come from: the ledger as it stands, or what a closing froze; and how the same cells are read
// for a spreadsheet, a screen or a file.

import Domain
import PostgresDriver

/// A month's report, ready to be read.
struct ReportSource: Sendable {
    let report: MonthReport
    let month: TradingMonth
    /// The closing whose frozen cells are read; nil reads the ledger.
    let closing: Closing?
    /// The highest transfer that counts.
    let position: Int64

    /// A month's closing.
    struct Closing: Sendable {
        let id: Int64
        let number: Int
        let position: Int64
        let closedAt: Instant
    }

    /// The report as it stands now: frozen while its month is closed.
    ///
    /// - Shape: `number` asks for the figures of that closing, also of one before a reopening.
    /// - Refuses: `.closingUnknown`.
    init(
        _ report: MonthReport, _ month: TradingMonth, number: Int? = nil, position: Int64,
        in session: PostgresSession
    ) throws {
        let isClosed = try AccountingMonths.read(session).statuses[month] == .closed
        var found: Closing?
        if number != nil || isClosed {
            found = try Self.closing(month, number: number, in: session)
        }
        guard number == nil || found != nil else { throw FinanceRefusal.closingUnknown }
        self.report = report
        self.month = month
        closing = report.isFrozen ? found : nil
        self.position = found?.position ?? position
    }

    /// The report by the ledger, whatever was frozen.
    init(live report: MonthReport, _ month: TradingMonth, position: Int64) {
        self.report = report
        self.month = month
        closing = nil
        self.position = position
    }

    static func closing(
        _ month: TradingMonth, number: Int?, in session: PostgresSession
    ) throws -> Closing? {
        let row = try session.queryOne(
            """
            SELECT closing_id, number, ledger_position, closed_at FROM closing
            WHERE month = \(month.firstDay)
              AND (\(number == nil) OR number = \(Int32(clamping: number ?? 0)))
            ORDER BY number DESC LIMIT 1
            """)
        return try row.map { row in
            Closing(
                id: try row["closing_id"], number: Int(try row["number"] as Int32),
                position: try row["ledger_position"], closedAt: try row["closed_at"])
        }
    }

    private var names: [String] { report.columns.indices.map { "c\($0)" } }

    /// The cells with columns named `c0`, `c1` …, in order.
    private var cells: SQL {
        guard let closing else { return named(report.cells(month, upTo: position)) }
        let list = names.enumerated().map { "cells[\($0 + 1)] AS \($1)" }
            .joined(separator: ", ")
        return """
            SELECT \(unsafeSQL: list) FROM closing_row
            WHERE closing_id = \(closing.id) AND report = \(report.rawValue) ORDER BY place
            """
    }

    /// The cells as they are.
    var plain: SQL { cells }

    /// Whether the cells need nothing to be safe in CSV.
    var isPlainCSV: Bool {
        report.columns.allSatisfy { $0.kind != .typed && $0.kind != .identifier }
    }

    /// The cells made safe for a spreadsheet that reads CSV.
    var csv: SQL {
        let list = zip(names, report.columns).map { name, column in
            switch column.kind {
            case .typed: Self.typed(name)
            case .identifier:
                "CASE WHEN \(name) ~ '^[-0-9A-Za-z*:]+$' THEN '=\"' || \(name) || '\"' ELSE "
                    + Self.typed(name) + " END"
            default: name
            }
        }.joined(separator: ", ")
        return "SELECT \(unsafeSQL: list) FROM (\(fragment: cells)) AS row"
    }

    /// Text that a person typed, safe for a spreadsheet.
    private static func typed(_ column: String) -> String {
        let flat = "regexp_replace(\(column), '[\\r\\n\\t]+', ' ', 'g')"
        return "CASE WHEN \(flat) ~ '^[ \u{3000}]*[-=+@＝＋－＠]' THEN '''' || \(flat) ELSE \(flat) END"
    }

    /// The first lines, for a screen, without those of totals.
    func firstLines(_ count: Int, in session: PostgresSession) throws -> [[String]] {
        let lines = parts.map { named($0.lines) } ?? filtered("NOT " + isTotal)
        return try rows("\(fragment: lines) LIMIT \(Int64(count))", in: session)
    }

    /// Every line, the totals last.
    func allRows(in session: PostgresSession) throws -> [[String]] {
        try rows(cells, in: session)
    }

    /// The lines of totals.
    func totalRows(in session: PostgresSession) throws -> [[String]] {
        try rows(parts.map { named($0.totals) } ?? filtered(isTotal), in: session)
    }

    private var parts: (lines: SQL, totals: SQL)? {
        closing == nil ? report.parts(month, upTo: position) : nil
    }

    /// Cells without names for their columns, with them.
    private func named(_ cells: SQL) -> SQL {
        let list = names.joined(separator: ", ")
        return "SELECT \(unsafeSQL: list) FROM (\(fragment: cells)) AS row (\(unsafeSQL: list))"
    }

    private func filtered(_ condition: String) -> SQL {
        let list = names.joined(separator: ", ")
        return
            "SELECT \(unsafeSQL: list) FROM (\(fragment: cells)) AS row WHERE \(unsafeSQL: condition)"
    }

    private var isTotal: String { (report == .trialBalance ? "c1" : "c0") + " = '合计'" }

    private func rows(_ cells: SQL, in session: PostgresSession) throws -> [[String]] {
        let names = names
        return try session.query(cells).map { row in try names.map { try row.decode($0) } }
    }

    /// A column of money added up by another column, without totals, in the order of the labels.
    func sums(
        of value: String, by label: String, in session: PostgresSession
    ) throws -> [(day: String, net: Int64)] {
        if report == .monthlySales, closing == nil, value == "net", label == "day" {
            return try MonthReport.salesByDay(month, in: session)
        }
        guard let value = report.columns.firstIndex(where: { $0.key == value }),
            let label = report.columns.firstIndex(where: { $0.key == label })
        else { return [] }
        return try session.query(
            """
            SELECT label, sum(replace(value, '.', '')::bigint)::bigint AS value
            FROM (SELECT c\(unsafeSQL: String(label)) AS label, c\(unsafeSQL: String(value)) AS value
                  FROM (\(fragment: cells)) AS row WHERE c0 <> '合计') AS row
            GROUP BY label ORDER BY label
            """
        ).map { (day: try $0["label"], net: try $0["value"]) }
    }

    /// Keeps the cells under a closing.
    func freeze(into closingID: Int64, in session: PostgresSession) throws {
        let list = names.joined(separator: ", ")
        try session.execute(
            """
            INSERT INTO closing_row (closing_id, report, place, cells)
            SELECT \(closingID), \(report.rawValue), row_number() OVER (),
                   ARRAY[\(unsafeSQL: list)]::text[]
            FROM (\(fragment: cells)) AS row
            """)
    }

    /// Totals in fen, or counts, by name.
    func totals(in session: PostgresSession) throws -> [String: Int64] {
        switch report {
        case .ledgerDetail:
            return try MonthReport.detailTotals(month, position, in: session)
        case .monthlySales where closing == nil:
            return try MonthReport.salesTotals(month, in: session)
        default: break
        }
        var totals: [String: Int64] = [:]
        for row in try totalRows(in: session) {
            let prefix = report == .trialBalance ? row[0] + "." : ""
            for (column, cell) in zip(report.columns, row) where column.kind.isNumber {
                if let number = MonthReport.number(cell) {
                    totals[prefix + column.key] = number
                }
            }
        }
        guard report == .monthlySales else { return totals }
        let named: Set = ["saleCount", "gross", "disputed", "refunds", "net"]
        return totals.filter { named.contains($0.key) }
    }

    /// Reads one settled state of the ledger: the body gets a snapshot, and the position up to which every transfer is in it.
    ///
    /// Waits for postings under way and holds new ones up until the snapshot is taken, so transfers, balances and roll-ups
    /// agree and no lower position can appear later. Giving back the savepoint gives the lock back and leaves the snapshot.
    static func settled<Value: Sendable>(
        _ store: OfficeStore,
        _ body: @escaping @Sendable (PostgresSession, Int64) throws -> Value
    ) async throws -> Value {
        try await store.pool.transaction(attempts: 1, isolation: .repeatableRead) { session in
            try session.execute("SAVEPOINT settled")
            try AccountingMonths.lockForClosing(session)
            let row = try session.queryOne(
                "SELECT coalesce(max(transfer_id), 0) AS position FROM transfer")
            try session.execute("ROLLBACK TO SAVEPOINT settled")
            try session.execute("SET TRANSACTION READ ONLY")
            return try body(session, try row?.decode("position") ?? 0)
        }
    }
}
