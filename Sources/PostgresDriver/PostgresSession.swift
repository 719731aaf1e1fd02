import CLibPQ

/// One connection for the length of one closure: the place where statements run.
///
/// - Context: every call blocks the connection's own thread, never the cooperative pool. The
///   session is valid only inside the closure it was given to; afterwards every call is refused.
/// - Refuses, every call, first match wins: `.misuse` after the closure's end; `.cancelled` when
///   the task was cancelled before the statement was sent; then what the server says. A statement
///   that is already running is not interrupted by cancellation: `statementTimeout` bounds it.
public final class PostgresSession {
    /// Statements sent before the first answer is waited for. Bounds what both sides must buffer.
    public static let pipelineStatementsMax = 250

    let link: Link
    let isInTransaction: Bool
    private var isEnded = false
    /// The failure that makes the whole transaction worth another attempt, if one was seen.
    private(set) var reasonForAnotherAttempt: PostgresError?

    init(link: Link, isInTransaction: Bool) {
        self.link = link
        self.isInTransaction = isInTransaction
    }

    func end() { isEnded = true }

    /// The statement's rows, all in memory. For large exports use `copyOut`.
    ///
    /// - Cost: one round trip; two the first time a connection sees the text.
    public func query(
        _ sql: SQL, fileID: String = #fileID, line: Int = #line
    ) throws -> PostgresRows {
        let location = PostgresError.Location(fileID: fileID, line: line)
        return PostgresRows(
            result: try perform(location) { try $0.execute(sql, location: location) })
    }

    /// The statement's only row, or nil.
    ///
    /// - Refuses: `.tooManyRows` for more than one.
    public func queryOne(
        _ sql: SQL, fileID: String = #fileID, line: Int = #line
    ) throws -> PostgresRow? {
        let rows = try query(sql, fileID: fileID, line: line)
        guard rows.count <= 1 else {
            var error = PostgresError(
                .tooManyRows, "\(rows.count) rows, at most 1 expected",
                location: PostgresError.Location(fileID: fileID, line: line))
            error.statement = sql.text
            throw error
        }
        return rows.first
    }

    /// Runs the statement and gives how many rows it touched.
    @discardableResult
    public func execute(
        _ sql: SQL, fileID: String = #fileID, line: Int = #line
    ) throws -> Int {
        let location = PostgresError.Location(fileID: fileID, line: line)
        return try perform(location) { try $0.execute(sql, location: location) }.affectedRowCount
    }

    /// Runs the text of a migration: any number of statements, no values.
    ///
    /// - Refuses: `.misuse` when the text begins or ends a transaction of its own.
    public func executeScript(
        unsafeSQL text: String, fileID: String = #fileID, line: Int = #line
    ) throws {
        let location = PostgresError.Location(fileID: fileID, line: line)
        _ = try perform(location) { try $0.run(text, location: location) }
    }

    /// As `executeScript(unsafeSQL:)`: for the text of migrations only, never with values in it.
    public func executeScript(
        _ text: String, fileID: String = #fileID, line: Int = #line
    ) throws {
        try executeScript(unsafeSQL: text, fileID: fileID, line: line)
    }

    /// Has the server parse a statement and keeps nothing: proves that text fits the schema.
    public func prepareOnly(
        _ text: String, fileID: String = #fileID, line: Int = #line
    ) throws {
        try prepareOnly(SQL(unsafeSQL: text), fileID: fileID, line: line)
    }

    /// As `prepareOnly` of the text, with the types of the statement's values.
    public func prepareOnly(
        _ sql: SQL, fileID: String = #fileID, line: Int = #line
    ) throws {
        let location = PostgresError.Location(fileID: fileID, line: line)
        try perform(location) {
            try $0.prepareOnly(sql.text, types: sql.binds.map(\.type), location: location)
        }
    }

    /// Guards one piece of work on the connection and remembers why it failed.
    func perform<Value>(
        _ location: PostgresError.Location, _ body: (Link) throws -> Value
    ) throws -> Value {
        guard !isEnded else {
            throw PostgresError(
                .misuse, "the session is used after its closure ended", location: location)
        }
        guard !Task.isCancelled else {
            throw PostgresError(.cancelled, "the task was cancelled", location: location)
        }
        guard link.isUsable else {
            throw PostgresError(
                .connectionLost, "the connection ended earlier", location: location)
        }
        do {
            let value = try body(link)
            try checkTransaction(location)
            return value
        } catch let error as PostgresError {
            if error.asksForAnotherAttempt || error.isStalePlan { reasonForAnotherAttempt = error }
            throw error
        }
    }

    /// A statement must leave the transaction as it found it. If it did not, what it committed
    /// cannot be taken back, but nothing more runs on the connection.
    private func checkTransaction(_ location: PostgresError.Location) throws {
        let isIdle = link.transactionStatus == PQTRANS_IDLE
        guard isIdle == isInTransaction else { return }
        link.abandon()
        throw PostgresError(
            .misuse, "a statement began or ended a transaction", location: location)
    }
}
