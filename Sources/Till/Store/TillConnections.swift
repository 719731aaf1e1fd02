import GRDB

/// One writer that also checkpoints, and readers that cannot write.
///
/// The writer is a queue, not a pool: Debian 12's SQLite may lose the write-ahead log's tail when
/// two connections checkpoint, so only one ever does.
struct TillConnections: Sendable {
    let writer: DatabaseQueue
    let readers: DatabasePool
    let patience: LockPatience

    static func open(_ folder: DataFolder, migrations: [Migrations.Migration]) throws
        -> TillConnections
    {
        do {
            return try openFile(folder, migrations: migrations)
        } catch let error as DatabaseError {
            throw TillStoreError(opening: error) ?? error
        }
    }

    private static func openFile(
        _ folder: DataFolder, migrations: [Migrations.Migration]
    ) throws -> TillConnections {
        try folder.createPrivateFile(at: folder.databasePath)
        let patience = LockPatience()
        let writer = try DatabaseQueue(
            path: folder.databasePath, configuration: writerConfiguration(patience))
        do {
            try verifySettings(writer)
            try verifyContent(writer)
            try Migrations.run(migrations, on: writer)
            let readers = try DatabasePool(
                path: folder.databasePath, configuration: readerConfiguration())
            return TillConnections(writer: writer, readers: readers, patience: patience)
        } catch {
            // At once: the next try must not meet a file that is still being closed.
            try? writer.close()
            throw error
        }
    }

    func close() throws {
        try readers.close()
        try writer.close()
    }

    private static func writerConfiguration(_ patience: LockPatience) -> Configuration {
        var configuration = Configuration()
        configuration.label = "till.writer"
        configuration.busyMode = .callback { _ in patience.waits() }
        // GRDB's own set-up for write-ahead logging would lower `synchronous`, so it is not asked.
        configuration.prepareDatabase { database in
            for pragma in [
                "journal_mode = WAL", "synchronous = FULL", "wal_autocheckpoint = 0",
                "foreign_keys = ON", "trusted_schema = OFF", "mmap_size = 0",
                "secure_delete = ON",
                // Once readers let go of a long log, the next commit cuts it down to this.
                "journal_size_limit = 16777216",
            ] {
                _ = try Row.fetchAll(database, sql: "PRAGMA \(pragma)")
            }
        }
        return configuration
    }

    private static func readerConfiguration() -> Configuration {
        var configuration = Configuration()
        configuration.label = "till.reader"
        configuration.readonly = true
        configuration.maximumReaderCount = 4
        configuration.busyMode = .timeout(5)
        configuration.prepareDatabase { database in
            for pragma in ["trusted_schema = OFF", "mmap_size = 0", "query_only = ON"] {
                _ = try Row.fetchAll(database, sql: "PRAGMA \(pragma)")
            }
        }
        return configuration
    }

    /// Reads back what the promise of §6 rests on; a setting that was not taken stops the till.
    private static func verifySettings(_ writer: DatabaseQueue) throws {
        let wanted: [(pragma: String, value: String)] = [
            ("journal_mode", "wal"), ("synchronous", "2"), ("wal_autocheckpoint", "0"),
            ("foreign_keys", "1"), ("trusted_schema", "0"), ("secure_delete", "1"),
        ]
        try writer.read { database in
            for (pragma, value) in wanted {
                let found = try Row.fetchOne(database, sql: "PRAGMA \(pragma)")
                    .flatMap {
                        String.fromDatabaseValue($0[0]) ?? ($0[0] as Int64?).map(String.init)
                    }
                guard found == value else {
                    throw TillStoreError(
                        .settingRefused, "\(pragma) reads \(found ?? "nothing"), not \(value)")
                }
            }
        }
    }

    private static func verifyContent(_ writer: DatabaseQueue) throws {
        let answer = try writer.read { database in
            try String.fetchOne(database, sql: "PRAGMA quick_check(1)")
        }
        guard answer == "ok" else {
            throw TillStoreError(.damaged, "the data file is damaged: \(answer ?? "no answer")")
        }
    }
}
