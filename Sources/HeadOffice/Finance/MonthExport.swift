// A month's reports as files that can be proved later: one snapshot of the ledger, written by the server row by row and
// hashed on the way, with a manifest that says as of when, up to which transfer, how many rows and what they come to.

import Crypto
public import Domain
public import Foundation
import PostgresDriver

/// A report of one accounting month.
public enum MonthReport: String, Sendable, CaseIterable {
    /// Store × day.
    case monthlySales = "monthly-sales"
    /// Every transfer.
    case ledgerDetail = "ledger-detail"

    /// The file of a month: `monthly-sales-2026-10.csv`.
    public func fileName(_ month: TradingMonth) -> String { "\(rawValue)-\(month).csv" }
}

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
    /// Hex.
    public let sha256: String
    /// Totals in fen by name.
    public let totals: [String: Int64]
}

/// Writes a month's reports.
public struct MonthExport: Sendable {
    let store: OfficeStore

    /// On head office's database.
    public init(store: OfficeStore) {
        self.store = store
    }

    /// Writes every report of a month into a folder, each with `.sha256` and a manifest beside it.
    ///
    /// - Shape: one snapshot for all files; existing files are replaced.
    /// - Source: PRODUCT §6; R-L5.
    public func write(
        month: TradingMonth, to folder: URL, by actor: StaffActor = .setUp, at now: Instant
    ) async throws -> [ExportManifest] {
        try actor.require(.finance, .auditor)
        let manifests = try await files(MonthReport.allCases, month: month, in: folder, at: now)
        for manifest in manifests {
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
            let path = folder.appending(path: manifest.file)
            try encoder.encode(manifest).write(to: path.appendingPathExtension("json"))
            try Data("\(manifest.sha256)  \(manifest.file)\n".utf8)
                .write(to: path.appendingPathExtension("sha256"))
        }
        try await audit(manifests, by: actor, at: now)
        return manifests
    }

    /// Writes one report's file into a folder and leaves the trace of the export in the audit.
    ///
    /// - Refuses: `.roleMissing`.
    public func write(
        _ report: MonthReport, month: TradingMonth, to folder: URL, by actor: StaffActor,
        at now: Instant
    ) async throws -> ExportManifest {
        try actor.require(.finance, .auditor)
        let manifests = try await files([report], month: month, in: folder, at: now)
        guard let manifest = manifests.first else { throw FinanceRefusal.reportUnknown }
        try await audit(manifests, by: actor, at: now)
        return manifest
    }

    private func audit(
        _ manifests: [ExportManifest], by actor: StaffActor, at now: Instant
    ) async throws {
        try await store.write { session in
            for manifest in manifests {
                try session.audit(
                    actor, "report.export", "\(manifest.report) \(manifest.month)",
                    [
                        "sha256": manifest.sha256, "rowCount": String(manifest.rowCount),
                        "ledgerPosition": String(manifest.ledgerPosition),
                    ], at: now)
            }
        }
    }

    private func files(
        _ reports: [MonthReport], month: TradingMonth, in folder: URL, at now: Instant
    ) async throws -> [ExportManifest] {
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        return try await store.pool.transaction(
            attempts: 1, isolation: .repeatableRead, readOnly: true
        ) { session in
            let row = try session.queryOne(
                "SELECT coalesce(max(transfer_id), 0) AS position FROM transfer")
            let position: Int64 = try row?.decode("position") ?? 0
            return try reports.map { report in
                let path = folder.appending(path: report.fileName(month)).path
                let file = try ExportFile(path: path)
                try file.append(Array(("\u{FEFF}" + report.heading + "\r\n").utf8))
                let lines = try session.copyOut(
                    report.query(month), format: .csv(header: false)
                ) { chunk in
                    try file.append(chunk.withCarriageReturns)
                }
                let totals = try report.totals(month, in: session)
                return ExportManifest(
                    report: report.rawValue, month: month.description,
                    file: report.fileName(month), asOf: now.milliseconds,
                    ledgerPosition: position, rowCount: lines - report.totalLineCount,
                    sha256: try file.finish(), totals: totals)
            }
        }
    }
}

/// A file that is hashed while it is written.
private final class ExportFile {
    private let handle: FileHandle
    private var hash = SHA256()

    init(path: String) throws {
        guard FileManager.default.createFile(atPath: path, contents: nil),
            let handle = FileHandle(forWritingAtPath: path)
        else { throw FinanceRefusal.fileNotWritten }
        self.handle = handle
    }

    func append(_ bytes: [UInt8]) throws {
        let data = Data(bytes)
        hash.update(data: data)
        try handle.write(contentsOf: data)
    }

    /// The hash in hex, once the file is on disk.
    func finish() throws -> String {
        try handle.synchronize()
        try handle.close()
        return hash.finalize().map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }
}

extension [UInt8] {
    /// Each line end as CR LF. The rows hold no line ends inside their fields.
    fileprivate var withCarriageReturns: [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(count + count / 32)
        for byte in self {
            if byte == 0x0A { bytes.append(0x0D) }
            bytes.append(byte)
        }
        return bytes
    }
}
