import CLibPQ
import Foundation
import Logging

/// One open libpq connection. Not Sendable: it stays on its connection's thread.
final class Link {
    let handle: OpaquePointer
    var cache = StatementCache(capacity: Link.preparedStatementsMax)
    /// Set when the connection must not be used again although libpq has not noticed yet.
    private(set) var isAbandoned = false

    /// More than twice `PostgresSession.pipelineStatementsMax`, so that preparing the statements
    /// of one pipeline never pushes out another one of the same pipeline.
    static let preparedStatementsMax = 600

    init(configuration: PostgresConfiguration) throws {
        // Keywords before `dbname` are defaults which the connection string may override.
        let seconds = max(2, (configuration.connectTimeout.wholeMilliseconds + 999) / 1_000)
        let parameters: [(String, String)] = [
            ("connect_timeout", String(seconds)),
            ("keepalives_idle", "30"),
            ("keepalives_interval", "10"),
            ("keepalives_count", "3"),
            ("tcp_user_timeout", "60000"),
            ("dbname", configuration.connectionString),
            ("application_name", configuration.applicationName),
            ("client_encoding", "UTF8"),
        ]
        let keywords = CStrings(parameters.map(\.0))
        let values = CStrings(parameters.map(\.1))
        guard let handle = PQconnectdbParams(keywords.pointers, values.pointers, 1) else {
            throw PostgresError(.connectFailed, "out of memory")
        }
        self.handle = handle
        guard PQstatus(handle) == CONNECTION_OK else {
            throw PostgresError(.connectFailed, Link.lastMessage(handle))
        }
        // Notices would go to standard error, with values in them.
        PQsetNoticeProcessor(handle, { _, _ in }, nil)
        let timeout = configuration.statementTimeout?.wholeMilliseconds ?? 0
        // UTC and ISO make the text of exports the same wherever the server stands.
        _ = try run(
            "SET statement_timeout = \(timeout); SET TimeZone = 'UTC'; SET DateStyle = 'ISO, YMD'",
            location: nil)
    }

    deinit { PQfinish(handle) }

    var isUsable: Bool { !isAbandoned && PQstatus(handle) == CONNECTION_OK }

    var transactionStatus: PGTransactionStatusType { PQtransactionStatus(handle) }

    func abandon() { isAbandoned = true }

    /// Whether the connection is still open, as far as can be known without asking the server:
    /// a server that went away has left an end of file, or its last words, in the socket.
    func isAlive() -> Bool {
        guard isUsable else { return false }
        // The last words come first and the end of file behind them: two readings, and one spare.
        for _ in 0..<3 {
            var descriptor = pollfd(fd: PQsocket(handle), events: Int16(POLLIN), revents: 0)
            guard poll(&descriptor, 1, 0) > 0 else { return true }
            guard PQconsumeInput(handle) == 1, PQstatus(handle) == CONNECTION_OK,
                descriptor.revents & Int16(POLLHUP | POLLERR) == 0
            else { return false }
        }
        return true
    }

    /// Runs text by the simple protocol: several statements, no values.
    func run(_ text: String, location: PostgresError.Location?) throws -> PostgresResult {
        try check(PQexec(handle, text), statement: text, location: location)
    }

    /// Takes a result, or throws what it says.
    func check(
        _ pointer: OpaquePointer?, statement: String, location: PostgresError.Location?
    ) throws -> PostgresResult {
        guard let pointer else {
            throw failure(nil, statement: statement, location: location)
        }
        let result = PostgresResult(pointer)
        switch PQresultStatus(pointer) {
        case PGRES_TUPLES_OK, PGRES_COMMAND_OK, PGRES_EMPTY_QUERY:
            return result
        case PGRES_COPY_IN, PGRES_COPY_OUT, PGRES_COPY_BOTH:
            abandon()
            throw misuse("COPY runs through copyIn and copyOut only", statement, location)
        default:
            throw failure(result, statement: statement, location: location)
        }
    }

    /// The error of a result, or of the connection when there is no result.
    func failure(
        _ result: PostgresResult?, statement: String, location: PostgresError.Location?
    ) -> PostgresError {
        let sqlState = result?.errorField("C")
        let isLost =
            PQstatus(handle) != CONNECTION_OK
            || sqlState.map { $0.hasPrefix("08") || Link.endingStates.contains($0) } ?? false
        if isLost { abandon() }
        let code: PostgresError.Code =
            isLost ? .connectionLost : result == nil ? .misuse : .sqlState
        var error = PostgresError(
            code, result?.errorField("M") ?? Link.lastMessage(handle), location: location)
        error.sqlState = sqlState
        error.constraintName = result?.errorField("n")
        error.detail = result?.errorField("D")
        error.statement = statement
        return error
    }

    func misuse(
        _ message: String, _ statement: String?, _ location: PostgresError.Location?
    ) -> PostgresError {
        var error = PostgresError(.misuse, message, location: location)
        error.statement = statement
        return error
    }

    /// The server ends the connection with these: shutdown, crash, starting, database dropped,
    /// idle too long.
    private static let endingStates: Set<String> = [
        "57P01", "57P02", "57P03", "57P04", "57P05", "25P03",
    ]

    static func lastMessage(_ handle: OpaquePointer) -> String {
        PQerrorMessage(handle).map { String(cString: $0) } ?? ""
    }
}

extension PostgresResult {
    /// A field of an error, by the letter libpq gives it.
    func errorField(_ letter: Unicode.Scalar) -> String? {
        PQresultErrorField(pointer, Int32(letter.value)).map { String(cString: $0) }
    }

    /// What the server did, such as `COMMIT`.
    var commandStatus: String { PQcmdStatus(pointer).map { String(cString: $0) } ?? "" }
}

/// A null-terminated array of C strings, alive as long as this object.
private final class CStrings {
    private let storage: UnsafeMutablePointer<UnsafePointer<CChar>?>
    private let count: Int

    init(_ strings: [String]) {
        count = strings.count
        storage = .allocate(capacity: strings.count + 1)
        for (index, string) in strings.enumerated() {
            storage[index] = UnsafePointer(strdup(string))
        }
        storage[strings.count] = nil
    }

    deinit {
        for index in 0..<count { free(UnsafeMutablePointer(mutating: storage[index])) }
        storage.deallocate()
    }

    var pointers: UnsafePointer<UnsafePointer<CChar>?> { UnsafePointer(storage) }
}
