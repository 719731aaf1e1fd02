import CLibPQ
import Logging

/// One place in the pool: a thread, and the connection that lives on it. The connection is made
/// when first needed and made again when it was lost.
actor PostgresConnection {
    private let executor: ThreadExecutor
    private let configuration: PostgresConfiguration
    private let logger: Logger
    private var link: Link?

    nonisolated var unownedExecutor: UnownedSerialExecutor {
        executor.asUnownedSerialExecutor()
    }

    init(name: String, configuration: PostgresConfiguration, logger: Logger) {
        executor = ThreadExecutor(name: name)
        self.configuration = configuration
        self.logger = logger
    }

    func close() {
        link = nil
    }

    /// Runs the body outside any transaction.
    func run<Value: Sendable>(
        _ body: @Sendable (PostgresSession) throws -> Value
    ) throws -> Value {
        let link = try openLink()
        defer { dropIfBroken() }
        let session = PostgresSession(link: link, isInTransaction: false)
        defer { session.end() }
        return try body(session)
    }

    /// Runs the body inside one transaction.
    func attempt<Value: Sendable>(
        _ begin: String, location: PostgresError.Location,
        _ body: @Sendable (PostgresSession) throws -> Value
    ) throws -> TransactionAttempt<Value> {
        let link = try openLink()
        defer { dropIfBroken() }
        do {
            _ = try link.run(begin, location: location)
        } catch let error as PostgresError where error.code == .connectionLost {
            return .mayRunAgain(error)
        }
        let session = PostgresSession(link: link, isInTransaction: true)
        defer { session.end() }
        let value: Value
        do {
            value = try body(session)
        } catch {
            rollBack(link)
            guard let reason = session.reasonForAnotherAttempt, link.isUsable else { throw error }
            return .mayRunAgain(error as? PostgresError ?? reason)
        }
        do {
            try commit(link, location: location, failureInside: session.reasonForAnotherAttempt)
        } catch let error as PostgresError {
            rollBack(link)
            guard error.asksForAnotherAttempt || error.isStalePlan else { throw error }
            return .mayRunAgain(error)
        }
        return .committed(value)
    }

    private func commit(
        _ link: Link, location: PostgresError.Location, failureInside: PostgresError?
    ) throws {
        // Before COMMIT is sent a lost connection is certain to have committed nothing.
        guard link.isAlive() else {
            link.abandon()
            throw PostgresError(
                .connectionLost, "the connection ended before COMMIT", location: location)
        }
        let result: PostgresResult
        do {
            result = try link.run("COMMIT", location: location)
        } catch let error as PostgresError where error.code == .sqlState {
            throw error
        } catch {
            link.abandon()
            var unknown = PostgresError(
                .commitUnknown, "COMMIT was sent and not answered", cause: error,
                location: location)
            unknown.sqlState = (error as? PostgresError)?.sqlState
            throw unknown
        }
        // In a failed transaction COMMIT succeeds by rolling back.
        guard result.commandStatus == "COMMIT" else {
            throw failureInside
                ?? PostgresError(
                    .misuse, "the body went on after a failed statement; all was rolled back",
                    location: location)
        }
    }

    private func rollBack(_ link: Link) {
        guard link.isUsable, link.transactionStatus != PQTRANS_IDLE else { return }
        do {
            _ = try link.run("ROLLBACK", location: nil)
        } catch {
            link.abandon()
        }
    }

    private func openLink() throws -> Link {
        if let link {
            if link.isAlive() { return link }
            logger.warning("PostgreSQL connection was lost while idle")
            self.link = nil
        }
        let link = try Link(configuration: configuration)
        logger.debug(
            "PostgreSQL connection opened",
            metadata: ["postgres.backend": "\(PQbackendPID(link.handle))"])
        self.link = link
        return link
    }

    private func dropIfBroken() {
        guard let link else { return }
        // Whatever a body left open ends with its connection.
        guard link.isUsable, link.transactionStatus == PQTRANS_IDLE else {
            logger.warning("PostgreSQL connection is dropped")
            self.link = nil
            return
        }
    }
}

/// How one run of a transaction ended.
enum TransactionAttempt<Value: Sendable>: Sendable {
    case committed(Value)
    /// Certainly rolled back, for a reason that another run may not meet.
    case mayRunAgain(PostgresError)
}
