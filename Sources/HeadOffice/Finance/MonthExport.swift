// A month's reports as files that can be proved later: one snapshot of the ledger, written row by row and hashed on the
// way, with a manifest that says as of when, up to which transfer, how many rows and what they come to.

import Crypto
public import Domain
public import Foundation
import PostgresDriver

/// What a file of a report holds.
public struct ExportManifest: Codable, Sendable, Equatable {
    /// The report's name.
    public let report: String
    /// `2026-10`.
    public let month: String
    /// The file's name.
    public let file: String
    /// When the snapshot was taken, in milliseconds since 1970 UTC.
    public let asOf: Int64
    /// The highest transfer in the snapshot; 0 for an empty ledger.
    public let ledgerPosition: Int64
    /// Rows without heading and totals.
    public let rowCount: Int
    /// Of the file, hex.
    public let sha256: String
    /// Totals in fen by name.
    public let totals: [String: Int64]
    /// Of the cells alone, hex: the same in every format.
    public let cellsSHA256: String
    /// Whose frozen figures it holds, nil while the month is open.
    public let closing: Int?
}

/// Writes a month's reports.
public struct MonthExport: Sendable {
    let store: OfficeStore

    /// On head office's database.
    public init(store: OfficeStore) {
        self.store = store
    }

    /// The names under which the stores' statements, the journal and the voucher are registered.
    static let statements = "settlement-statements"
    static let journal = "ledger-journal"
    static let voucher = "voucher"
    /// And the clearing's matrix.
    static let matrix = "clearing-matrix"

    /// Writes a month's reports into a folder, each with `.sha256` and a manifest beside it.
    ///
    /// - Shape: all reports for `csv` and `xlsx`, one file of statements for `pdf`, one journal for `hledger`, one voucher
    ///   for `voucher`, one matrix of the clearing for `matrix`. One snapshot for all files; existing files are
    ///   replaced. `number` asks for the figures of an earlier closing.
    /// - Source: PRODUCT §6; R-L5.
    public func write(
        month: TradingMonth, format: ReportFormat = .csv, closing number: Int? = nil,
        to folder: URL, by actor: StaffActor = .setUp, at now: Instant
    ) async throws -> [ExportManifest] {
        try actor.require(.finance, .auditor)
        let manifests = try await files(
            Self.reports(format),
            month: month, format: format, closing: number, in: folder, at: now,
            progress: ExportProgress())
        for manifest in manifests {
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
            let path = folder.appending(path: manifest.file)
            try encoder.encode(manifest).write(to: path.appendingPathExtension("json"))
            try Data("\(manifest.sha256)  \(manifest.file)\n".utf8)
                .write(to: path.appendingPathExtension("sha256"))
        }
        try await register(manifests, format: format, by: actor, at: now)
        return manifests
    }

    /// Writes one report's file into a folder and leaves the trace of the export in the audit.
    ///
    /// - Refuses: `.roleMissing`, `.closingUnknown`; `.exportStopped` once `progress` is stopped.
    public func write(
        _ report: MonthReport, month: TradingMonth, format: ReportFormat = .csv,
        closing number: Int? = nil, to folder: URL, by actor: StaffActor, at now: Instant,
        progress: ExportProgress = ExportProgress()
    ) async throws -> ExportManifest {
        try actor.require(.finance, .auditor)
        let manifests = try await files(
            [report], month: month, format: format, closing: number, in: folder, at: now,
            progress: progress)
        guard let manifest = manifests.first else { throw FinanceRefusal.reportUnknown }
        try await register(manifests, format: format, by: actor, at: now)
        return manifest
    }

    /// The reports that a format has files of.
    static func reports(_ format: ReportFormat) -> [MonthReport] {
        switch format {
        case .csv, .xlsx: MonthReport.allCases
        case .pdf: [.storeSettlement]
        case .hledger: [.ledgerDetail]
        case .voucher: [.trialBalance]
        case .matrix: [.provinceClearing]
        }
    }

    private func register(
        _ manifests: [ExportManifest], format: ReportFormat, by actor: StaffActor, at now: Instant
    ) async throws {
        let store = store
        try await store.write { session in
            for manifest in manifests {
                guard let month = TradingMonth.parse(manifest.month) else {
                    throw FinanceRefusal.monthInvalid
                }
                try session.execute(
                    """
                    INSERT INTO export (export_id, report, month, format, file, file_sha256,
                        cells_sha256, row_count, ledger_position, closing_number, made_by, as_of)
                    VALUES (\(store.clock.makeID()), \(manifest.report), \(month.firstDay),
                        \(format.registered), \(manifest.file), \(manifest.sha256),
                        \(manifest.cellsSHA256), \(Int64(manifest.rowCount)),
                        \(manifest.ledgerPosition),
                        \(manifest.closing.map { Int32(clamping: $0) } as Int32?),
                        \(actor.login), \(now))
                    """)
                try session.audit(
                    actor, "report.export", "\(manifest.report) \(manifest.month)",
                    [
                        "sha256": manifest.sha256, "rowCount": String(manifest.rowCount),
                        "ledgerPosition": String(manifest.ledgerPosition),
                        "format": format.rawValue,
                    ], at: now)
            }
        }
    }

    private func files(
        _ reports: [MonthReport], month: TradingMonth, format: ReportFormat, closing number: Int?,
        in folder: URL, at now: Instant, progress: ExportProgress
    ) async throws -> [ExportManifest] {
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        return try await ReportSource.settled(store) { session, position in
            try reports.map { report in
                let source = try ReportSource(
                    report, month, number: number, position: position, in: session)
                let name = Self.fileName(report, month: month, format: format)
                let path = folder.appending(path: name).path
                let written = try Self.write(
                    source, format: format, to: path, at: now, progress: progress, in: session)
                return ExportManifest(
                    report: Self.registeredName(report, format), month: month.description,
                    file: name, asOf: now.milliseconds, ledgerPosition: source.position,
                    rowCount: written.rowCount, sha256: written.sha256,
                    totals: try source.totals(in: session), cellsSHA256: written.cellsSHA256,
                    closing: source.closing?.number)
            }
        }
    }

    private static func registeredName(_ report: MonthReport, _ format: ReportFormat) -> String {
        switch format {
        case .csv, .xlsx: report.rawValue
        case .pdf: statements
        case .hledger: journal
        case .voucher: voucher
        case .matrix: matrix
        }
    }

    private static func fileName(
        _ report: MonthReport, month: TradingMonth, format: ReportFormat
    ) -> String {
        switch format {
        case .csv, .xlsx: report.fileName(month, format)
        case .pdf, .hledger, .voucher, .matrix:
            "\(registeredName(report, format))-\(month).\(format.fileExtension)"
        }
    }

    /// What was written.
    struct Written {
        let rowCount: Int
        let sha256: String
        let cellsSHA256: String
    }

    private static func write(
        _ source: ReportSource, format: ReportFormat, to path: String, at now: Instant,
        progress: ExportProgress, in session: PostgresSession
    ) throws -> Written {
        switch format {
        case .csv: return try writeCSV(source, to: path, progress: progress, in: session)
        case .xlsx:
            return try ReportWorkbook.write(
                source, to: path, asOf: now, progress: progress, in: session)
        case .pdf:
            return try StatementDocument.write(source, to: path, asOf: now, in: session)
        case .hledger:
            return try LedgerJournal.write(
                source, to: path, asOf: now, progress: progress, in: session)
        case .voucher: return try VoucherFile.write(source, to: path, in: session)
        case .matrix: return try ClearingMatrix.writeCSV(source, to: path, in: session)
        }
    }

    /// Straight from the server to the file.
    private static func writeCSV(
        _ source: ReportSource, to path: String, progress: ExportProgress,
        in session: PostgresSession
    ) throws -> Written {
        let file = try ExportFile(path: path)
        let heading = source.report.columns.map(\.heading).joined(separator: ",")
        try file.append(Array(("\u{FEFF}" + heading + "\r\n").utf8))
        let isPlain = source.isPlainCSV
        var cells = SHA256()
        let lines = try session.copyOut(source.csv, format: .csv(header: false)) { chunk in
            if isPlain { cells.update(data: chunk) }
            let rows = chunk.withCarriageReturns
            try file.append(rows)
            try progress.add(rows.count - chunk.count)
        }
        return Written(
            rowCount: lines - source.report.totalLineCount, sha256: try file.finish(),
            cellsSHA256: isPlain
                ? cells.finalize().hexText : try cellsHash(source, in: session))
    }

    /// The hash of the cells as they are.
    static func cellsHash(_ source: ReportSource, in session: PostgresSession) throws -> String {
        var hash = SHA256()
        try session.copyOut(source.plain, format: .csv(header: false)) { chunk in
            hash.update(data: chunk)
        }
        return hash.finalize().hexText
    }
}
