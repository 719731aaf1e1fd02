import Dispatch
import Logging
import Synchronization
import TestSupport
import Testing

@testable import PostgresDriver

/// Occupies connections until told to let go.
private final class Occupation: Sendable {
    private let release = DispatchSemaphore(value: 0)
    private let started = Mutex(0)

    var startedCount: Int { started.withLock { $0 } }

    func occupy(_ pool: PostgresPool) -> Task<Void, any Error> {
        Task {
            try await pool.withSession { [self] _ in
                started.withLock { $0 += 1 }
                release.wait()
            }
        }
    }

    func end(_ count: Int) { for _ in 0..<count { release.signal() } }
}

/// Numbers in the order in which they were served.
private final class Order: Sendable {
    private let served = Mutex<[Int]>([])

    var numbers: [Int] { served.withLock { $0 } }

    func append(_ number: Int) { served.withLock { $0.append(number) } }
}

@Suite struct PoolTests {
    @Test func `no more connections are used than allowed, and waiters are served in order`()
        async throws
    {
        try await withTestPool(maximumConnections: 2) { pool in
            let occupation = Occupation()
            let occupiers = [occupation.occupy(pool), occupation.occupy(pool)]
            try await eventually("both occupied") { occupation.startedCount == 2 }
            let order = Order()
            var waiters: [Task<Void, any Error>] = []
            for number in 0..<20 {
                waiters.append(Task { try await pool.withSession { _ in order.append(number) } })
                try await eventually("waiter \(number)") { pool.waitingCount == number + 1 }
            }
            #expect(order.numbers.isEmpty)
            // One connection alone serves them all, so that their order can be seen.
            occupation.end(1)
            for waiter in waiters { try await waiter.value }
            #expect(order.numbers == Array(0..<20))
            let count = try await pool.withSession {
                try $0.queryOne(
                    """
                    SELECT count(*) AS n FROM pg_stat_activity
                    WHERE datname = current_database() AND application_name = 'huiyika'
                    """)?["n"] as Int64?
            }
            #expect(count == 2)
            occupation.end(1)
            for occupier in occupiers { try await occupier.value }
        }
    }

    @Test func `waiting ends at its bound and the pool goes on`() async throws {
        try await withTestPool(maximumConnections: 1, acquireTimeout: .milliseconds(30)) { pool in
            let occupation = Occupation()
            let occupier = occupation.occupy(pool)
            try await eventually("occupied") { occupation.startedCount == 1 }
            let error = await #expect(throws: PostgresError.self) {
                try await pool.withSession { _ in }
            }
            #expect(error?.code == .acquireTimeout)
            #expect(error?.isTransient == true)
            #expect(pool.waitingCount == 0)
            occupation.end(1)
            try await occupier.value
            try await pool.withSession { _ in }
        }
    }

    @Test func `a cancelled task leaves the queue`() async throws {
        try await withTestPool(maximumConnections: 1) { pool in
            let occupation = Occupation()
            let occupier = occupation.occupy(pool)
            try await eventually("occupied") { occupation.startedCount == 1 }
            let waiter = Task { try await pool.withSession { _ in } }
            try await eventually("waiting") { pool.waitingCount == 1 }
            waiter.cancel()
            let error = await #expect(throws: PostgresError.self) { try await waiter.value }
            #expect(error?.code == .cancelled)
            #expect(pool.waitingCount == 0)
            occupation.end(1)
            try await occupier.value
        }
    }

    @Test func `shutting down waits for work under way and refuses what comes later`() async throws
    {
        try await withTestPool(maximumConnections: 1) { pool in
            let occupation = Occupation()
            let occupier = occupation.occupy(pool)
            try await eventually("occupied") { occupation.startedCount == 1 }
            let waiter = Task { try await pool.withSession { _ in } }
            try await eventually("waiting") { pool.waitingCount == 1 }
            async let end: Void = pool.shutdown()
            let refused = await #expect(throws: PostgresError.self) { try await waiter.value }
            #expect(refused?.code == .poolClosed)
            occupation.end(1)
            try await occupier.value
            await end
            let late = await #expect(throws: PostgresError.self) {
                try await pool.transaction { _ in }
            }
            #expect(late?.code == .poolClosed)
        }
    }

    @Test func `as a service the pool ends with its task`() async throws {
        try await withTestPool { pool in
            try await pool.withSession { _ in }
            let service = Task { try await pool.run() }
            service.cancel()
            try await service.value
            await #expect(throws: PostgresError.self) { try await pool.withSession { _ in } }
        }
    }

    @Test func `many tasks share few connections`() async throws {
        try await withTestPool(maximumConnections: 3) { pool in
            try await pool.withSession { try $0.execute("CREATE TABLE t (n int8)") }
            try await withThrowingTaskGroup(of: Void.self) { group in
                for number in 0..<200 {
                    group.addTask {
                        _ = try await pool.transaction {
                            try $0.execute("INSERT INTO t VALUES (\(number))")
                        }
                    }
                }
                try await group.waitForAll()
            }
            let count = try await pool.withSession {
                try $0.queryOne("SELECT count(DISTINCT n) AS n FROM t")?["n"] as Int64?
            }
            #expect(count == 200)
        }
    }
}
