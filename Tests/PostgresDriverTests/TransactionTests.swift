import Dispatch
import PostgresDriver
import Synchronization
import TestSupport
import Testing

/// Brings the first attempts of two transactions to the same point; later attempts pass.
private final class MeetingPoint: Sendable {
    private let arrivals = [DispatchSemaphore(value: 0), DispatchSemaphore(value: 0)]
    private let met = Mutex<Set<Int>>([])
    private let attempts = Mutex([0, 0])

    var attemptCounts: [Int] { attempts.withLock { $0 } }

    func countAttempt(of party: Int) { attempts.withLock { $0[party] += 1 } }

    func meet(as party: Int) {
        guard met.withLock({ $0.insert(party).inserted }) else { return }
        arrivals[party].signal()
        arrivals[1 - party].wait()
    }
}

@Suite struct TransactionTests {
    private struct Stop: Error {}

    private func withAccounts(_ body: (PostgresPool) async throws -> Void) async throws {
        try await withTestPool { pool in
            try await pool.withSession {
                try $0.executeScript(
                    """
                    CREATE TABLE account (id int8 PRIMARY KEY, balance int8 NOT NULL);
                    INSERT INTO account VALUES (1, 100), (2, 100);
                    """)
            }
            try await body(pool)
        }
    }

    private func balances(_ pool: PostgresPool) async throws -> [Int64] {
        try await pool.withSession {
            try $0.query("SELECT balance FROM account ORDER BY id").map { try $0["balance"] }
        }
    }

    private func expectBalances(
        _ expected: [Int64], _ pool: PostgresPool, sourceLocation: SourceLocation = #_sourceLocation
    ) async throws {
        let found = try await balances(pool)
        #expect(found == expected, sourceLocation: sourceLocation)
    }

    @Test func `what a body throws comes out and nothing of its work stays`() async throws {
        try await withAccounts { pool in
            await #expect(throws: Stop.self) {
                try await pool.transaction { session in
                    try session.execute("UPDATE account SET balance = 0")
                    throw Stop()
                }
            }
            try await expectBalances([100, 100], pool)
        }
    }

    @Test func `two transactions that deadlock both commit`() async throws {
        try await withAccounts { pool in
            let meeting = MeetingPoint()
            @Sendable func move(_ party: Int, from: Int64, to: Int64) async throws {
                try await pool.transaction { session in
                    meeting.countAttempt(of: party)
                    try session.execute("SET LOCAL deadlock_timeout = '10ms'")
                    try session.execute(
                        "UPDATE account SET balance = balance - 10 WHERE id = \(from)")
                    meeting.meet(as: party)
                    try session.execute(
                        "UPDATE account SET balance = balance + 10 WHERE id = \(to)")
                }
            }
            async let first: Void = move(0, from: 1, to: 2)
            async let second: Void = move(1, from: 2, to: 1)
            _ = try await (first, second)
            try await expectBalances([100, 100], pool)
            #expect(meeting.attemptCounts.reduce(0, +) >= 3)
        }
    }

    @Test func `two transactions that cannot be put in order both commit`() async throws {
        try await withAccounts { pool in
            let meeting = MeetingPoint()
            @Sendable func addSum(_ party: Int) async throws {
                try await pool.transaction(isolation: .serializable) { session in
                    meeting.countAttempt(of: party)
                    let row = try session.queryOne(
                        "SELECT sum(balance)::int8 AS total FROM account")
                    let total: Int64 = try row?["total"] ?? 0
                    meeting.meet(as: party)
                    try session.execute(
                        "INSERT INTO account VALUES (\(Int64(party + 3)), \(total))")
                }
            }
            async let first: Void = addSum(0)
            async let second: Void = addSum(1)
            _ = try await (first, second)
            let sums = try await balances(pool).sorted()
            #expect(sums == [100, 100, 200, 400])
            #expect(meeting.attemptCounts.reduce(0, +) >= 3)
        }
    }

    @Test(arguments: [true, false])
    func `attempts end at their bound, also when the body hides the reason`(
        hides: Bool
    ) async throws {
        try await withAccounts { pool in
            let runs = Mutex(0)
            let error = await #expect(throws: PostgresError.self) {
                try await pool.transaction(attempts: 3) { session in
                    runs.withLock { $0 += 1 }
                    do {
                        try session.execute(
                            "DO $do$ BEGIN RAISE EXCEPTION USING ERRCODE = '40001'; END $do$")
                    } catch {
                        if hides { throw Stop() }
                        throw error
                    }
                }
            }
            #expect(error?.sqlState == "40001")
            #expect(runs.withLock { $0 } == 3)
        }
    }

    @Test func `a body that goes on after a failed statement is not taken for committed`()
        async throws
    {
        try await withAccounts { pool in
            let error = await #expect(throws: PostgresError.self) {
                try await pool.transaction { session in
                    try session.execute("UPDATE account SET balance = 0")
                    _ = try? session.execute("SELECT 1 / 0")
                }
            }
            #expect(error?.code == .misuse)
            try await expectBalances([100, 100], pool)
        }
    }

    @Test(arguments: [
        "BEGIN", "  begin work", "COMMIT", "END", "ROLLBACK", "ABORT", "START TRANSACTION",
        "/* x /* y */ z */ COMMIT AND CHAIN", "-- x\nROLLBACK AND CHAIN",
    ])
    func `a transaction inside a transaction is refused`(text: String) async throws {
        try await withAccounts { pool in
            await #expect(throws: PostgresError.self) {
                try await pool.transaction { session in
                    try session.execute(SQL(unsafeSQL: text))
                    try session.execute("UPDATE account SET balance = 0")
                }
            }
            try await expectBalances([100, 100], pool)
        }
    }

    @Test func `a transaction begun in a plain session is refused and ended`() async throws {
        try await withAccounts { pool in
            let error = await #expect(throws: PostgresError.self) {
                try await pool.withSession {
                    try $0.executeScript("BEGIN; UPDATE account SET balance = 0;")
                }
            }
            #expect(error?.code == .misuse)
            try await expectBalances([100, 100], pool)
        }
    }

    @Test func `savepoints work inside a transaction`() async throws {
        try await withAccounts { pool in
            try await pool.transaction { session in
                try session.execute("SAVEPOINT before")
                _ = try? session.execute("INSERT INTO account VALUES (1, 5)")
                try session.execute("ROLLBACK TO before")
                try session.execute("UPDATE account SET balance = 7 WHERE id = 1")
            }
            try await expectBalances([7, 100], pool)
        }
    }

    @Test func `a reading transaction cannot write`() async throws {
        try await withAccounts { pool in
            let error = await #expect(throws: PostgresError.self) {
                try await pool.transaction(readOnly: true) {
                    try $0.execute("UPDATE account SET balance = 0")
                }
            }
            #expect(error?.sqlState == "25006")
        }
    }

    @Test func `a refusal at COMMIT is certain and leaves nothing`() async throws {
        try await withAccounts { pool in
            try await pool.withSession {
                try $0.executeScript(
                    """
                    CREATE TABLE entry (
                        account int8 CONSTRAINT fk_entry_account REFERENCES account
                            DEFERRABLE INITIALLY DEFERRED);
                    """)
            }
            let error = await #expect(throws: PostgresError.self) {
                try await pool.transaction { session in
                    try session.execute("UPDATE account SET balance = 0")
                    try session.execute("INSERT INTO entry VALUES (99)")
                }
            }
            #expect(error?.code == .sqlState)
            #expect(error?.constraintName == "fk_entry_account")
            try await expectBalances([100, 100], pool)
        }
    }

    @Test func `a cancelled task rolls back at its next statement`() async throws {
        try await withAccounts { pool in
            let reached = DispatchSemaphore(value: 0)
            let goOn = DispatchSemaphore(value: 0)
            let task = Task {
                try await pool.transaction { session in
                    try session.execute("UPDATE account SET balance = 0 WHERE id = 1")
                    reached.signal()
                    goOn.wait()
                    try session.execute("UPDATE account SET balance = 0 WHERE id = 2")
                }
            }
            await withCheckedContinuation { continuation in
                DispatchQueue.global().async {
                    reached.wait()
                    continuation.resume()
                }
            }
            task.cancel()
            goOn.signal()
            let error = await #expect(throws: PostgresError.self) { try await task.value }
            #expect(error?.code == .cancelled)
            try await expectBalances([100, 100], pool)
        }
    }
}
