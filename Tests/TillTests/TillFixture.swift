import Foundation
import Logging
import Synchronization

@testable import Till

/// A data folder of its own for one test, removed afterwards.
final class TemporaryFolder: Sendable {
    let url: URL
    private let isKept: Bool

    /// A folder that stays, for looking at by hand.
    init(_ path: String) throws {
        url = URL(filePath: path, directoryHint: .isDirectory)
        isKept = true
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    }

    init() throws {
        isKept = false
        url = FileManager.default.temporaryDirectory
            .appending(path: "till-\(UUID().uuidString)", directoryHint: .isDirectory)
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    }

    deinit { if !isKept { try? FileManager.default.removeItem(at: url) } }

    func openStore(
        diskReserveByteCount: Int64 = 1 << 20, migrations: [Migrations.Migration]? = nil,
        logger: Logger = Logger(label: "test")
    ) throws -> TillStore {
        try TillStore(
            folder: DataFolder(path: url.path), logger: logger,
            diskReserveByteCount: diskReserveByteCount, migrations: migrations)
    }
}

/// What a till logs, kept for a test to read.
final class RecordedLog: Sendable {
    private let kept = Mutex<[String]>([])

    /// What was logged, oldest first, its level in front.
    var lines: [String] { kept.withLock { $0 } }

    var logger: Logger { Logger(label: "test") { _ in Handler(record: self) } }

    private struct Handler: LogHandler {
        let record: RecordedLog
        var metadata: Logger.Metadata = [:]
        var logLevel: Logger.Level = .info

        subscript(metadataKey key: String) -> Logger.Metadata.Value? {
            get { metadata[key] }
            set { metadata[key] = newValue }
        }

        func log(event: LogEvent) {
            record.kept.withLock { $0.append("\(event.level) \(event.message)") }
        }
    }
}
