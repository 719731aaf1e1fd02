import Foundation
import Logging

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
        diskReserveByteCount: Int64 = 1 << 20, migrations: [Migrations.Migration]? = nil
    ) throws -> TillStore {
        try TillStore(
            folder: DataFolder(path: url.path), logger: Logger(label: "test"),
            diskReserveByteCount: diskReserveByteCount, migrations: migrations)
    }
}
