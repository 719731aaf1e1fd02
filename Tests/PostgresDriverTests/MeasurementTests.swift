import Foundation
import PostgresDriver
import TestSupport
import Testing

/// Prints how fast the driver is; asserts nothing about time. Runs when `HUIYIKA_MEASURE` is set.
@Suite(.serialized, .enabled(if: ProcessInfo.processInfo.environment["HUIYIKA_MEASURE"] != nil))
struct MeasurementTests {
    private func report(_ what: String, count: Int, _ body: () async throws -> Void) async throws {
        let duration = try await ContinuousClock().measure(body)
        let nanoseconds =
            duration.components.seconds * 1_000_000_000
            + duration.components.attoseconds / 1_000_000_000
        let perSecond = Int64(count) * 1_000_000_000 / max(1, nanoseconds)
        let each = nanoseconds / Int64(count)
        print("measured: \(what): \(perSecond)/s, \(each) ns each")
    }

    @Test func `round trips and COPY`() async throws {
        try await withTestPool(maximumConnections: 4) { pool in
            try await pool.withSession {
                try $0.executeScript("CREATE TABLE t (a int8, b int8, c text, d timestamptz);")
            }
            try await report("read transactions of one statement", count: 20_000) {
                for number in 0..<20_000 {
                    _ = try await pool.transaction(readOnly: true) {
                        try $0.queryOne("SELECT \(number) AS n")?["n"] as Int?
                    }
                }
            }
            try await report("sessions of one statement", count: 20_000) {
                for number in 0..<20_000 {
                    _ = try await pool.withSession {
                        try $0.queryOne("SELECT \(number) AS n")?["n"] as Int?
                    }
                }
            }
            try await report("statements within one session", count: 50_000) {
                _ = try await pool.withSession { session in
                    for number in 0..<50_000 { _ = try session.query("SELECT \(number) AS n") }
                }
            }
            try await report("pipelined statements", count: 100_000) {
                _ = try await pool.transaction { session in
                    let statements = (0..<100_000).map { SQL("SELECT \($0) AS n") }
                    _ = try session.pipeline(statements)
                }
            }
            try await report("write transactions, 4 tasks, no fsync", count: 20_000) {
                try await withThrowingTaskGroup(of: Void.self) { group in
                    for _ in 0..<4 {
                        group.addTask {
                            for number in 0..<5_000 {
                                _ = try await pool.transaction {
                                    try $0.execute("INSERT INTO t (a) VALUES (\(number))")
                                }
                            }
                        }
                    }
                    try await group.waitForAll()
                }
            }
            try await report("rows of COPY in", count: 500_000) {
                _ = try await pool.transaction { session in
                    try session.copyIn("t", columns: ["a", "b", "c", "d"], rows: 0..<500_000) {
                        $0.append($1)
                        $0.append($1)
                        $0.append("阿莫西林胶囊")
                        $0.append(PostgresTimestamp(unixMicroseconds: Int64($1)))
                    }
                }
            }
            try await report("rows of COPY out as CSV", count: 520_000) {
                _ = try await pool.withSession { session in
                    try session.copyOut("SELECT a, b, c, d FROM t") { _ in }
                }
            }
        }
    }
}
