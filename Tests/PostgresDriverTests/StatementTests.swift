import Foundation
import Logging
import PostgresDriver
import TestSupport
import Testing

@Suite struct StatementTests {
    @Test func `a unique violation names its constraint and keeps its values to itself`()
        async throws
    {
        try await withTestPool { pool in
            try await pool.withSession {
                try $0.executeScript(
                    "CREATE TABLE card (number text CONSTRAINT uq_card_number UNIQUE);")
                try $0.execute("INSERT INTO card VALUES (\("秘密-4711"))")
            }
            let error = try #require(
                await #expect(throws: PostgresError.self) {
                    try await pool.transaction {
                        try $0.execute("INSERT INTO card VALUES (\("秘密-4711"))")
                    }
                })
            #expect(error.code == .sqlState)
            #expect(error.sqlState == "23505")
            #expect(error.constraintName == "uq_card_number")
            #expect(!error.isTransient)
            for plain in [String(describing: error), "\(error)", "\(error as any Error)"] {
                #expect(plain.contains("23505"))
                #expect(plain.contains("StatementTests.swift"))
                #expect(!plain.contains("4711"))
                #expect(!plain.contains("INSERT"))
            }
            #expect(String(reflecting: error).contains("4711"))
            #expect(String(reflecting: error).contains("INSERT INTO card VALUES ($1)"))
        }
    }

    @Test func `text the server quotes back is kept out of the plain description`() async throws {
        try await withTestPool { pool in
            let error = try #require(
                await #expect(throws: PostgresError.self) {
                    try await pool.withSession {
                        try $0.query("SELECT \("病历九")::int8 AS n").count
                    }
                })
            #expect(error.sqlState == "22P02")
            #expect(error.message.contains("病历九"))
            #expect(!"\(error)".contains("病历九"))
        }
    }

    @Test func `affected rows are counted and one row is at most one`() async throws {
        try await withTestPool { pool in
            let counts = try await pool.transaction { session in
                try session.execute("CREATE TABLE t (n int8)")
                let inserted = try session.execute(
                    "INSERT INTO t SELECT n FROM generate_series(1, 10) AS n")
                let updated = try session.execute("UPDATE t SET n = n + 1 WHERE n > \(7)")
                let returned = try session.query("DELETE FROM t WHERE n > \(9) RETURNING n")
                return [
                    inserted, updated, returned.count, try session.query("SELECT FROM t").count,
                ]
            }
            #expect(counts == [10, 3, 2, 8])
            let error = await #expect(throws: PostgresError.self) {
                try await pool.withSession { try $0.queryOne("SELECT n FROM t")?["n"] as Int64? }
            }
            #expect(error?.code == .tooManyRows)
            let none = try await pool.withSession {
                try $0.queryOne("SELECT n FROM t WHERE false") == nil
            }
            #expect(none)
        }
    }

    @Test func `every statement can be prepared without running it`() async throws {
        try await withTestPool { pool in
            try await pool.withSession { session in
                try session.execute("CREATE TABLE t (n int8)")
                try session.prepareOnly("INSERT INTO t VALUES ($1)")
                try session.prepareOnly("SELECT n FROM t WHERE n = \(5)")
            }
            let count = try await pool.withSession { try $0.query("SELECT n FROM t").count }
            #expect(count == 0)
            let error = await #expect(throws: PostgresError.self) {
                try await pool.withSession { try $0.prepareOnly("SELECT missing FROM t") }
            }
            #expect(error?.sqlState == "42703")
        }
    }

    @Test func `a prepared statement survives a change of the table under it`() async throws {
        try await withTestPool(maximumConnections: 1) { pool in
            try await pool.withSession { session in
                try session.execute("CREATE TABLE t (a int8)")
                try session.execute("INSERT INTO t VALUES (1)")
            }
            let columns: @Sendable (PostgresSession) throws -> [String] = {
                try $0.query("TABLE t").columnNames
            }
            let before = try await pool.transaction(columns)
            #expect(before == ["a"])
            try await pool.withSession { try $0.execute("ALTER TABLE t ADD COLUMN b text") }
            let after = try await pool.transaction(columns)
            #expect(after == ["a", "b"])
        }
    }

    @Test func `more statements than a connection keeps prepared all run`() async throws {
        try await withTestPool(maximumConnections: 1) { pool in
            let sum = try await pool.withSession { session in
                var sum: Int64 = 0
                for round in 1...2 {
                    for number in 1...700 {
                        let sql: SQL = "SELECT \(unsafeSQL: "\(number)")::int8 AS n"
                        sum += try session.queryOne(sql)?["n"] ?? Int64(-round)
                    }
                }
                let kept = try session.queryOne("SELECT count(*) AS n FROM pg_prepared_statements")
                let keptCount: Int64 = try kept?["n"] ?? 0
                #expect((1...600).contains(keptCount))
                return sum
            }
            #expect(sum == 2 * 700 * 701 / 2)
        }
    }

    @Test(arguments: ["COPY t FROM STDIN", "COPY t TO STDOUT"])
    func `COPY outside its own calls is refused and the pool goes on`(text: String) async throws {
        try await withTestPool(maximumConnections: 1) { pool in
            try await pool.withSession { try $0.execute("CREATE TABLE t (a int8)") }
            let error = await #expect(throws: PostgresError.self) {
                try await pool.withSession { try $0.executeScript(text) }
            }
            #expect(error?.code == .misuse)
            let count = try await pool.withSession { try $0.query("SELECT a FROM t").count }
            #expect(count == 0)
        }
    }

    @Test func `a statement longer than its bound is ended by the server`() async throws {
        try await withTestDatabase { connectionString in
            let pool = PostgresPool(
                configuration: PostgresConfiguration(
                    connectionString: connectionString, statementTimeout: .milliseconds(20)),
                logger: .init(label: "test"))
            let error = await #expect(throws: PostgresError.self) {
                try await pool.withSession { try $0.query("SELECT pg_sleep(600)").count }
            }
            #expect(error?.sqlState == "57014")
            #expect(error?.isTransient == true)
            await pool.shutdown()
        }
    }

    @Test func `a session is of no use after its closure`() async throws {
        try await withTestPool { pool in
            let kept = Kept()
            try await pool.withSession { kept.session = $0 }
            let error = #expect(throws: PostgresError.self) {
                try kept.session?.query("SELECT 1 AS n")
            }
            #expect(error?.code == .misuse)
        }
    }

    @Test func `no server is told apart from a lost one`() async throws {
        try await withTemporaryDirectory { folder in
            let pool = PostgresPool(
                configuration: PostgresConfiguration(connectionString: "host='\(folder.path)'"),
                logger: .init(label: "test"))
            let error = await #expect(throws: PostgresError.self) {
                try await pool.transaction { try $0.execute("SELECT 1") }
            }
            #expect(error?.code == .connectFailed)
            #expect(error?.isTransient == true)
            await pool.shutdown()
        }
    }
}

/// Smuggles a session out of its closure, as no caller should.
private final class Kept: @unchecked Sendable {
    var session: PostgresSession?
}
