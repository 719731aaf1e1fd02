import Foundation
import GRDB
import Testing

@testable import Till

/// The write-ahead log beside readers that keep it from being copied back (O-27 b).
struct LongLogTests {
    /// As many as the fault took; what a reader holds them for, an hour or a minute, is the same to the log.
    private static let writeCount = 50_000
    private static let grows = "error the write-ahead log grows: a reader holds it"
    private static let shrinks = "notice the write-ahead log is copied back again"

    private let folder: TemporaryFolder
    private let log = RecordedLog()
    private let store: TillStore

    init() throws {
        folder = try TemporaryFolder()
        store = try folder.openStore(logger: log.logger)
    }

    private var logByteCount: Int64 { (store.folder.databasePath + "-wal").fileByteCount() }

    private func count(in database: Database) throws -> Int {
        try Int.fetchOne(database, sql: "SELECT count(*) FROM receipt_counter") ?? -1
    }

    /// One write a number, each of them on disk before the next.
    private func write(_ numbers: Range<Int>) async throws {
        for number in numbers {
            try await store.write { database in
                try database.execute(
                    sql: "INSERT INTO receipt_counter (business_date, last) VALUES (?, 1)",
                    arguments: ["day \(number)"])
            }
        }
    }

    /// Writes that touch many pages each, and leave nothing.
    private func writeMuch(_ count: Int) async throws {
        for number in 0..<count {
            try await store.write { database in
                try database.execute(
                    sql: "INSERT INTO receipt_counter (business_date, last) VALUES (?, 1)",
                    arguments: ["\(number)-" + String(repeating: "x", count: 16_000)])
                try database.execute(sql: "DELETE FROM receipt_counter")
            }
        }
    }

    /// Another program that has begun to read and goes on.
    private func beginReading() async throws -> DatabaseQueue {
        var reading = Configuration()
        reading.readonly = true
        reading.allowsUnsafeTransactions = true
        let reader = try DatabaseQueue(
            path: store.folder.databasePath, configuration: reading)
        let seen = try await reader.writeWithoutTransaction { database in
            try database.beginTransaction(.deferred)
            return try count(in: database)
        }
        #expect(seen >= 0)
        return reader
    }

    private func letGo(_ reader: DatabaseQueue) async throws {
        try await reader.writeWithoutTransaction { try $0.commit() }
        try reader.close()
    }

    /// The reader is gone: the next writes copy the log back, cut it down, and say so.
    private func expectShortAgain() async throws {
        try await writeMuch(20)
        #expect(logByteCount <= 24 << 20)
        #expect(store.longWriteAheadLog == nil)
        #expect(log.lines == [Self.grows, Self.shrinks])
    }

    @Test func `the log stays short through writes that nobody reads beside (O-27 b)`() async throws
    {
        try await writeMuch(1_500)
        #expect(logByteCount < 24 << 20)
        #expect(store.longWriteAheadLog == nil)
        #expect(log.lines.isEmpty)
    }

    @Test
    func `fifty thousand writes beside one long reader are kept, shown and told once (O-27 b)`()
        async throws
    {
        let reader = try await beginReading()
        try await write(0..<2_000)
        #expect(store.longWriteAheadLog == nil)
        try await write(2_000..<Self.writeCount)
        #expect(store.longWriteAheadLog ?? 0 > TillStore.walByteCountAlarm)
        #expect(log.lines == [Self.grows])
        // The reader still sees the file as it was, the till what it wrote.
        #expect(try await reader.writeWithoutTransaction { try count(in: $0) } == 0)
        #expect(try await store.read { try count(in: $0) } == Self.writeCount)
        try await letGo(reader)
        try await write(Self.writeCount..<Self.writeCount + 1)
        #expect(try await store.read { try count(in: $0) } == Self.writeCount + 1)
        try await expectShortAgain()
        #expect(
            try await store.read { try String.fetchOne($0, sql: "PRAGMA quick_check(1)") } == "ok")
    }

    @Test func `readers that take turns without a pause hold the log as one does (O-27 b)`()
        async throws
    {
        var reader = try await beginReading()
        for _ in 0..<10 {
            try await writeMuch(300)
            let next = try await beginReading()
            try await letGo(reader)
            reader = next
        }
        #expect(store.longWriteAheadLog ?? 0 > TillStore.walByteCountAlarm)
        try await letGo(reader)
        try await expectShortAgain()
    }
}
