import Logging

/// What a transaction sees of others that run at the same time.
///
/// - Source: PostgreSQL manual, 13.2.
public enum PostgresIsolation: String, Sendable {
    /// Each statement sees what was committed before it began.
    case readCommitted = "READ COMMITTED"
    /// Every statement sees what was committed before the first one.
    case repeatableRead = "REPEATABLE READ"
    /// As if transactions ran one after another.
    case serializable = "SERIALIZABLE"
}

extension PostgresPool {
    /// Runs the body in one transaction on one connection, and commits it.
    ///
    /// - Shape: the body is synchronous and runs on the connection's thread: one hop each way for
    ///   the whole transaction. It may run several times, so it must be pure and idempotent: no
    ///   clock, no random, no outside effect. Transactions do not nest: BEGIN, COMMIT and
    ///   ROLLBACK inside it are refused with `.misuse`.
    /// - Refuses, first match wins: what `acquire` refuses (`.poolClosed`, `.tooManyWaiters`,
    ///   `.acquireTimeout`, `.cancelled`), `.connectFailed`, what the body throws,
    ///   `.connectionLost`, the server's refusal of COMMIT, `.commitUnknown`.
    /// - Repetition: run again, up to `attempts` times in all, with a short random pause, on
    ///   SQLSTATE 40001 and 40P01 wherever they show, on a connection lost before the body ran,
    ///   and on a prepared statement outdated by a migration. After any throw but
    ///   `.commitUnknown` nothing is stored. A task cancelled before COMMIT rolls back when its
    ///   body next runs a statement; once COMMIT is sent its answer is waited for.
    @discardableResult
    public func transaction<R: Sendable>(
        attempts: Int = 5, isolation: PostgresIsolation = .readCommitted, readOnly: Bool = false,
        fileID: String = #fileID, line: Int = #line,
        _ body: @escaping @Sendable (PostgresSession) throws -> R
    ) async throws -> R {
        precondition(attempts > 0, "attempts is \(attempts)")
        let location = PostgresError.Location(fileID: fileID, line: line)
        let begin =
            "BEGIN ISOLATION LEVEL \(isolation.rawValue) READ \(readOnly ? "ONLY" : "WRITE")"
        var attemptNumber = 1
        while true {
            let outcome = try await withConnection { connection in
                try await connection.attempt(begin, location: location, body)
            }
            switch outcome {
            case .committed(let value):
                return value
            case .mayRunAgain(let error):
                guard attemptNumber < attempts else { throw error }
                logger.debug(
                    "PostgreSQL transaction runs again",
                    metadata: [
                        "postgres.attempt": "\(attemptNumber)",
                        "postgres.sqlState": "\(error.sqlState ?? "")",
                    ])
                try await pause(after: attemptNumber, location)
                attemptNumber += 1
            }
        }
    }

    /// Runs the body on one connection without a transaction: reads, and single statements, each
    /// of which is its own transaction.
    ///
    /// - Refuses: as `transaction`, without its repetitions: a connection lost during a statement
    ///   throws `.connectionLost`, and that statement may have been carried out.
    @discardableResult
    public func withSession<R: Sendable>(
        _ body: @escaping @Sendable (PostgresSession) throws -> R
    ) async throws -> R {
        try await withConnection { try await $0.run(body) }
    }

    /// Waits up to 4, 8, 16 … milliseconds, at most 250: long enough for the other side of a
    /// conflict to finish, and different for each of those in conflict.
    private func pause(after attempt: Int, _ location: PostgresError.Location) async throws {
        let upperBound = min(250_000, 2_000 << min(attempt, 10))
        do {
            try await Task.sleep(for: .microseconds(Int.random(in: 0...upperBound)))
        } catch {
            throw PostgresError(
                .cancelled, "the task was cancelled between two attempts", location: location)
        }
    }
}
