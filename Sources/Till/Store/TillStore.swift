import GRDB
import Logging
import Synchronization

/// The one door to the till's file. Features add one method per business transaction.
///
/// A commit whose disk fails is *unknown*, not failed: the file is closed, opened again and asked
/// (Docs/ARCHITECTURE.md §6). Until it can be asked, every use answers `unavailable`.
final class TillStore: Sendable {
    static let walFrameCountMax = 1_000
    /// A write-ahead log longer than this is shown: something reads for so long that it cannot be
    /// copied back.
    static let walByteCountAlarm: Int64 = 64 << 20

    let folder: DataFolder
    let diskReserveByteCount: Int64
    /// The highest time and versions seen, and account locks, outside the database.
    let watermark: WatermarkFile
    private let lock: DataFolderLock
    private let migrations: [Migrations.Migration]
    private let logger: Logger
    private let connections: Mutex<TillConnections?>
    private let isClosed = Mutex(false)
    private let isLogHeld = Mutex(false)
    /// Tests put a disk failure here; it runs after SQLite's COMMIT returned.
    let afterCommit = Mutex<(@Sendable () throws -> Void)?>(nil)
    /// Told after each write, so that sync need not poll.
    let written: AsyncStream<Void>
    private let writtenContinuation: AsyncStream<Void>.Continuation

    /// Opens and migrates the file, for this process alone.
    ///
    /// - Refuses, first match wins: `data_file_in_use`, `data_file_setting_refused`,
    ///   `data_file_damaged`, `data_file_foreign_schema`.
    init(
        folder: DataFolder, logger: Logger, diskReserveByteCount: Int64 = 64 << 20,
        migrations: [Migrations.Migration]? = nil
    ) throws {
        self.folder = folder
        self.logger = logger
        self.diskReserveByteCount = diskReserveByteCount
        lock = try DataFolderLock(folder)
        self.migrations = try migrations ?? Migrations.bundled()
        let opened = try TillConnections.open(folder, migrations: self.migrations)
        do {
            watermark = try WatermarkFile.attach(folder, to: opened.writer)
        } catch {
            try? opened.close()
            throw error
        }
        connections = Mutex(opened)
        (written, writtenContinuation) = AsyncStream.makeStream(
            bufferingPolicy: .bufferingNewest(1))
    }

    /// Reads one consistent state of the file.
    func read<Value: Sendable>(
        _ body: @escaping @Sendable (Database) throws -> Value
    ) async throws -> Value {
        let readers = try open().readers
        return try await readers.read(body)
    }

    /// Runs one business transaction and returns only when it is on disk.
    ///
    /// It runs in a task of its own: a closed browser tab, which cancels the request's task, can
    /// neither undo nor split it.
    ///
    /// - Parameter lookUp: finds, after a disk failure, what `body` would have returned.
    func write<Value: Sendable>(
        lookUp: (@Sendable (Database) throws -> Value?)? = nil,
        _ body: @escaping @Sendable (Database) throws -> Value
    ) async throws -> Value {
        try await Task { try await self.commit(lookUp, body) }.value
    }

    /// Refuses when the disk has less room than the reserve.
    func requireRoom() throws {
        let free = try folder.freeByteCount()
        guard free >= diskReserveByteCount else {
            throw TillStoreError(
                .diskNearlyFull, "\(free) bytes free, \(diskReserveByteCount) are kept in reserve")
        }
    }

    /// The write-ahead log's size when it is alarmingly long; nil when it is not.
    var longWriteAheadLog: Int64? {
        let count = (folder.databasePath + "-wal").fileByteCount()
        return count > Self.walByteCountAlarm ? count : nil
    }

    /// Closes both sides for good and lets another process have the folder; what is committed stays.
    func close() throws {
        isClosed.withLock { $0 = true }
        writtenContinuation.finish()
        try connections.withLock { open in
            try open?.close()
            open = nil
        }
        lock.release()
    }

    func open() throws -> TillConnections {
        let found = connections.withLock { $0 }
        guard let found else {
            throw TillStoreError(.unavailable, "the data file is closed")
        }
        return found
    }

    private func commit<Value: Sendable>(
        _ lookUp: (@Sendable (Database) throws -> Value?)?,
        _ body: @escaping @Sendable (Database) throws -> Value
    ) async throws -> Value {
        let connections = try openOrReopen()
        let writer = connections.writer
        do {
            let value = try await writer.write(body)
            connections.patience.renew()
            try afterCommit.withLock { $0 }?()
            writtenContinuation.yield()
            await checkpoint(writer)
            return value
        } catch let error as DatabaseError where error.resultCode == .SQLITE_IOERR {
            logger.critical(
                "disk failed while writing",
                metadata: ["sqlite.code": "\(error.extendedResultCode)"])
            return try await answerAfterDiskFailure(error, lookUp)
        } catch let error as DatabaseError where error.resultCode == .SQLITE_FULL {
            throw TillStoreError(.diskFull, "the disk is full; nothing was recorded", cause: error)
        } catch let error as DatabaseError where error.resultCode == .SQLITE_MISUSE {
            throw TillStoreError(.notCommitted, "the data file was closed before", cause: error)
        } catch let error as DatabaseError
            where [.SQLITE_BUSY, .SQLITE_READONLY].contains(error.resultCode)
        {
            throw TillStoreError(
                .unavailable, "another program holds the data file, or it cannot be written",
                cause: error)
        }
    }

    private func answerAfterDiskFailure<Value: Sendable>(
        _ failure: DatabaseError, _ lookUp: (@Sendable (Database) throws -> Value?)?
    ) async throws -> Value {
        let found: Value?
        do {
            let writer = try reopen().writer
            found = if let lookUp { try await writer.read(lookUp) } else { nil }
        } catch {
            throw TillStoreError(
                .outcomeUnknown, "the disk failed and the data file does not answer", cause: error)
        }
        if let found {
            writtenContinuation.yield()
            return found
        }
        throw TillStoreError(.notCommitted, "the disk failed; nothing was recorded", cause: failure)
    }

    /// Opens the file again after a disk failure closed it.
    func reopenIfClosed() throws {
        _ = try openOrReopen()
    }

    private func openOrReopen() throws -> TillConnections {
        if let found = connections.withLock({ $0 }) { return found }
        return try reopen()
    }

    private func reopen() throws -> TillConnections {
        guard !isClosed.withLock({ $0 }) else {
            throw TillStoreError(.unavailable, "the data file is closed")
        }
        return try connections.withLock { open in
            // A connection whose disk failed may not close cleanly; the new one recovers the log.
            try? open?.close()
            open = nil
            let fresh = try TillConnections.open(folder, migrations: migrations)
            open = fresh
            return fresh
        }
    }

    /// Logs once that a long log cannot be copied back, and once that it was: thousands of writes may lie between.
    private func tell(isHeld: Bool, byteCount: Int64) {
        let isChanged = isLogHeld.withLock { told in
            let isNew = told != isHeld && (told || byteCount > Self.walByteCountAlarm)
            if isNew { told = isHeld }
            return isNew
        }
        guard isChanged else { return }
        let metadata: Logger.Metadata = ["wal.bytes": "\(byteCount)"]
        if isHeld {
            logger.error("the write-ahead log grows: a reader holds it", metadata: metadata)
        } else {
            logger.notice("the write-ahead log is copied back again", metadata: metadata)
        }
    }

    /// Copies the write-ahead log back when it is long; failing to is no reason to fail a sale.
    private func checkpoint(_ writer: DatabaseQueue) async {
        do {
            let walPath = folder.databasePath + "-wal"
            guard walPath.fileByteCount() > Int64(Self.walFrameCountMax) * 4_096 else { return }
            let (frames, copied) = try await writer.writeWithoutTransaction { database in
                let row = try Row.fetchOne(database, sql: "PRAGMA wal_checkpoint(PASSIVE)")
                return ((row?[1] as Int64?) ?? -1, (row?[2] as Int64?) ?? -1)
            }
            // Somebody else was at it: nothing is known of how far it came.
            guard frames >= 0 else { return }
            // A checkpoint that a reader held up is not one that succeeded.
            tell(isHeld: copied < frames, byteCount: walPath.fileByteCount())
        } catch {
            logger.warning("checkpoint failed", metadata: ["error": "\(error)"])
        }
    }
}
