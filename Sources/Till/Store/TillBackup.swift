import Foundation
import GRDB
import Journal
public import Logging

/// Copies of a till's data, taken while it sells or while it is stopped.
public struct TillBackup: Sendable {
    private let configuration: TillConfiguration
    private let logger: Logger

    /// Works on the configuration's data folder.
    public init(configuration: TillConfiguration, logger: Logger) {
        self.configuration = configuration
        self.logger = logger
    }

    /// Copies the database by SQLite's own backup call, checks the copy, and gives what it holds in lines.
    ///
    /// - Shape: the copy holds every committed record. It does not hold the till's private key, which
    ///   stands in another file, nor sessions, nor keys of confirmation codes: a restored copy goes on only
    ///   under a new key (S-5).
    /// - Refuses, first match wins: `setting` (the file exists), what opening the data refuses,
    ///   `dataFolder` with `data_file_damaged` (the copy does not pass the check; it is removed).
    public func backUp(to path: String) async throws -> String {
        guard !FileManager.default.fileExists(atPath: path) else {
            throw TillStartError.setting(key: "--to", reason: "the file exists already")
        }
        let folder = try DataFolder(path: configuration.dataFolder)
        let draft = path + ".part"
        try? FileManager.default.removeItem(atPath: draft)
        do {
            try folder.createPrivateFile(at: draft)
            try withDatabase { source in
                let copy = try DatabaseQueue(path: draft)
                try source.backup(to: copy)
                try Self.strip(copy)
                try copy.close()
            }
            let words = try Self.check(draft)
            try Self.finish(draft, as: path, in: folder)
            return words
        } catch {
            for rest in ["", "-journal", "-wal", "-shm"] {
                try? FileManager.default.removeItem(atPath: draft + rest)
            }
            throw Self.shown(error)
        }
    }

    /// Puts a backup into an empty data folder.
    ///
    /// - Returns: what the copy holds, in lines.
    /// - Refuses, first match wins: `setting` (no such file), `alreadyEnrolled` (the folder holds a till's
    ///   data), `dataFolder` with `data_file_damaged`.
    public func restore(from path: String) async throws -> String {
        guard FileManager.default.fileExists(atPath: path) else {
            throw TillStartError.setting(key: "--from", reason: "there is no such file")
        }
        let folder = try DataFolder(path: configuration.dataFolder)
        do {
            let lock = try DataFolderLock(folder)
            defer { lock.release() }
            guard !FileManager.default.fileExists(atPath: folder.databasePath) else {
                throw TillStartError.alreadyEnrolled(till: "another copy of a till")
            }
            let words = try Self.check(path)
            let draft = folder.databasePath + ".part"
            try? FileManager.default.removeItem(atPath: draft)
            try FileManager.default.copyItem(atPath: path, toPath: draft)
            try FileManager.default.setAttributes(
                [.posixPermissions: 0o600], ofItemAtPath: draft)
            try Self.finish(draft, as: folder.databasePath, in: folder)
            return words
        } catch {
            throw Self.shown(error)
        }
    }

    /// Writes the unacknowledged records as signed batches to a file, and beside it, in `FILE.txt`, for people.
    ///
    /// - Returns: how many records.
    /// - Refuses, first match wins: `setting` (the file exists), what opening the data refuses,
    ///   `notEnrolled`.
    public func exportUnsent(to path: String) async throws -> Int64 {
        guard !FileManager.default.fileExists(atPath: path) else {
            throw TillStartError.setting(key: "--to", reason: "the file exists already")
        }
        let folder = try DataFolder(path: configuration.dataFolder)
        do {
            let secrets = try TillSecrets.load(from: folder)
            let (export, lines) = try withDatabase { source in
                try source.read { database in
                    guard let identity = try TillIdentity.load(secrets, in: database) else {
                        throw TillStartError.notEnrolled
                    }
                    return (
                        try UnsentReport.export(identity, in: database),
                        try UnsentReport.lines(identity, in: database)
                    )
                }
            }
            try folder.replacePrivateFile(
                at: path + ".txt", with: Data((lines.joined(separator: "\n") + "\n").utf8))
            try folder.replacePrivateFile(at: path, with: Data(export.bytes))
            return Int64(lines.count - UnsentReport.headLineCount)
        } catch {
            throw Self.shown(error)
        }
    }

    /// A running till holds the folder: then a connection that only reads looks on beside it. It never
    /// checkpoints, which is the one thing that two connections must not both do.
    private func withDatabase<Value>(_ work: (any DatabaseReader) throws -> Value) throws -> Value {
        let folder = try DataFolder(path: configuration.dataFolder)
        do {
            let store = try TillNode.openStore(configuration, logger: logger)
            defer { try? store.close() }
            return try store.withReader(work)
        } catch let error as TillStartError {
            guard case .dataFolder("data_file_in_use", _) = error else { throw error }
        }
        var reading = Configuration()
        reading.readonly = true
        reading.busyMode = .timeout(5)
        let queue = try DatabaseQueue(path: folder.databasePath, configuration: reading)
        defer { try? queue.close() }
        return try work(queue)
    }

    private static func strip(_ copy: DatabaseQueue) throws {
        try copy.writeWithoutTransaction { database in
            _ = try Row.fetchAll(database, sql: "PRAGMA journal_mode = DELETE")
            try database.execute(sql: "PRAGMA secure_delete = ON")
            for table in ["session", "confirmation_key"] where try database.tableExists(table) {
                try database.execute(sql: "DELETE FROM \(table)")
            }
        }
    }

    private static func check(_ path: String) throws -> String {
        var reading = Configuration()
        reading.readonly = true
        let copy = try DatabaseQueue(path: path, configuration: reading)
        defer { try? copy.close() }
        return try copy.read { database in
            let answer = try String.fetchOne(database, sql: "PRAGMA quick_check(1)")
            guard answer == "ok", try database.tableExists("journal_record") else {
                throw TillStoreError(.damaged, "the copy does not pass the check")
            }
            let till = try String.fetchOne(database, sql: "SELECT till FROM identity")
            let unsent = try Unsent.load(in: database)
            let last = try Int64.fetchOne(database, sql: "SELECT max(seq) FROM journal_record")
            return [
                "till: \(till ?? "not enrolled")", "records: \(last ?? 0)",
                "unsent records: \(unsent.recordCount)",
                "unsent sales: \(unsent.saleCount), ¥\(unsent.value)", "check: ok",
            ].joined(separator: "\n")
        }
    }

    private static func finish(
        _ draft: String, as path: String, in folder: DataFolder
    ) throws {
        let handle = try FileHandle(forUpdating: URL(filePath: draft))
        try handle.synchronize()
        try handle.close()
        guard rename(draft, path) == 0 else {
            throw TillStoreError(.unavailable, "the file cannot be put in place")
        }
    }

    private static func shown(_ error: any Error) -> any Error {
        switch error {
        case let error as TillStoreError:
            TillStartError.dataFolder(code: error.code.rawValue, message: error.message)
        case let error as DatabaseError:
            TillStartError.dataFolder(
                code: "data_file_unavailable", message: error.message ?? "SQLite refused")
        default: error
        }
    }
}

extension TillStore {
    /// Lets maintenance read the file of a till that does not run.
    func withReader<Value>(_ work: (any DatabaseReader) throws -> Value) throws -> Value {
        try work(try open().readers)
    }
}
