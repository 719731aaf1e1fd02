import Domain
import Foundation
import GRDB
import Synchronization

/// The highest that this till has seen, kept outside its database (R-P14): a database put back to an
/// old copy is found out, and takes neither the block list nor the locks of accounts back with it.
struct Watermark: Codable, Sendable, Equatable {
    /// A login's wrong tries (R-A1).
    struct Lock: Codable, Sendable, Equatable {
        var wrongCount: Int
        var lockedUntil: Int64?
    }

    /// The highest corrected time, put right by head office's word; milliseconds.
    var time: Int64 = 0
    /// The highest version of `limits` applied.
    var limitsVersion: Int64 = 0
    /// The highest version of `card` applied.
    var blockListVersion: Int64 = 0
    /// The highest version of `account` applied.
    var accountsVersion: Int64 = 0
    var locks: [String: Lock] = [:]
}

/// The file of the ``Watermark``: written whole, synced, readable by its owner only.
final class WatermarkFile: Sendable {
    private let folder: DataFolder
    private let kept: Mutex<Watermark>

    /// Reads the file; nil when there is none or it cannot be read.
    static func read(_ folder: DataFolder) -> Watermark? {
        FileManager.default.contents(atPath: folder.watermarkPath)
            .flatMap { try? JSONDecoder().decode(Watermark.self, from: $0) }
    }

    init(_ folder: DataFolder, _ watermark: Watermark) {
        self.folder = folder
        kept = Mutex(watermark)
    }

    var watermark: Watermark { kept.withLock { $0 } }

    /// Changes what is kept; on disk before it returns, unless nothing changed.
    ///
    /// Called on the database's queue, inside the transaction it belongs to: a file that is ahead of a
    /// transaction that failed only makes the till more careful.
    func update(_ change: (inout Watermark) -> Void) throws {
        try kept.withLock { watermark in
            var changed = watermark
            change(&changed)
            guard changed != watermark else { return }
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.sortedKeys]
            try folder.replacePrivateFile(
                at: folder.watermarkPath, with: try encoder.encode(changed))
            watermark = changed
        }
    }

    /// Keeps a time that moved on by a minute, or that head office put right.
    func note(_ time: Instant, isOfficesWord: Bool = false) throws {
        try update { watermark in
            let step = time.milliseconds - watermark.time
            guard step >= TillStore.timeNoteInterval || (isOfficesWord && step < 0) else { return }
            watermark.time = time.milliseconds
        }
    }

    /// Compares the database with what is kept, once it is open, and carries over what is higher.
    ///
    /// - Shape: a file that is missing though it was kept before counts as an old copy too.
    static func attach(
        _ folder: DataFolder, to writer: DatabaseQueue
    ) throws -> WatermarkFile {
        let found = read(folder)
        return try writer.write { database in
            let wasKept =
                try Bool.fetchOne(database, sql: "SELECT watermark_kept FROM sync_state") ?? false
            let stored = try load(in: database)
            let isBehind =
                found.map { mark in
                    stored.limitsVersion < mark.limitsVersion
                        || stored.blockListVersion < mark.blockListVersion
                        || stored.accountsVersion < mark.accountsVersion
                } ?? wasKept
            try database.execute(
                sql: """
                    UPDATE sync_state SET watermark_kept = 1, rolled_back = max(rolled_back, ?),
                        highest_time = CASE WHEN ? > coalesce(highest_time, 0) THEN ?
                            ELSE highest_time END
                    """,
                arguments: [isBehind, found?.time ?? 0, found?.time ?? 0])
            for (login, lock) in found?.locks ?? [:] {
                try AccountLock.restore(login: login, lock, in: database)
            }
            var mark = try load(in: database)
            if let found {
                mark.limitsVersion = max(mark.limitsVersion, found.limitsVersion)
                mark.blockListVersion = max(mark.blockListVersion, found.blockListVersion)
                mark.accountsVersion = max(mark.accountsVersion, found.accountsVersion)
            }
            let file = WatermarkFile(folder, found ?? Watermark(time: -1))
            try file.update { $0 = mark }
            return file
        }
    }

    /// What the database itself says.
    static func load(in database: Database) throws -> Watermark {
        guard
            let row = try Row.fetchOne(
                database,
                sql: """
                    SELECT coalesce(highest_time, 0) AS time, limits_version, block_list_version,
                        accounts_version
                    FROM sync_state
                    """)
        else { throw TillStoreError(.damaged, "the sync state is missing") }
        return Watermark(
            time: row["time"], limitsVersion: row["limits_version"],
            blockListVersion: row["block_list_version"],
            accountsVersion: row["accounts_version"],
            locks: try AccountLock.all(in: database))
    }
}
