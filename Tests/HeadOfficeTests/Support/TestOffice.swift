import Domain
import Foundation
import HeadOffice
import Logging
import PostgresDriver
import Synchronization
import TestSupport

/// Head office on a database of its own, with a clock that tests set.
struct TestOffice: Sendable {
    let store: OfficeStore
    let time: TestTime
    let connectionString: String

    /// 2026-11-25 10:00 in Shanghai.
    static let morning = Instant(milliseconds: 1_795_572_000_000)
}

/// A clock that stands still until it is moved.
final class TestTime: Sendable {
    private let present: Mutex<Instant>

    init(_ start: Instant) { present = Mutex(start) }

    var now: Instant { present.withLock { $0 } }

    func move(milliseconds: Int64) {
        present.withLock { $0 = $0.adding(milliseconds: milliseconds) }
    }

    func set(_ instant: Instant) { present.withLock { $0 = instant } }
}

/// A database with the whole schema, copied for every test.
let officeTemplate = DatabaseTemplate(name: "office") { connectionString in
    let pool = PostgresPool(
        configuration: PostgresConfiguration(
            connectionString: connectionString, maximumConnections: 1),
        logger: Logger(label: "test.template"))
    do {
        _ = try await Migrations.bundled().run(
            pool, programVersion: "test", at: TestOffice.morning)
        await pool.shutdown()
    } catch {
        await pool.shutdown()
        throw error
    }
}

/// Gives the body head office on a fresh database.
func withOffice<Value>(
    maximumConnections: Int = 6, _ body: (TestOffice) async throws -> Value
) async throws -> Value {
    try await withTestDatabase(template: officeTemplate) { connectionString in
        let pool = PostgresPool(
            configuration: PostgresConfiguration(
                connectionString: connectionString, maximumConnections: maximumConnections,
                acquireTimeout: .seconds(60)),
            logger: Logger(label: "test.pool"))
        let time = TestTime(TestOffice.morning)
        let store = OfficeStore(
            pool: pool, secrets: OfficeSecrets(), clock: OfficeClock(now: { time.now }),
            logger: Logger(label: "test.office"))
        do {
            let value = try await body(
                TestOffice(store: store, time: time, connectionString: connectionString))
            await pool.shutdown()
            return value
        } catch {
            await pool.shutdown()
            throw error
        }
    }
}
