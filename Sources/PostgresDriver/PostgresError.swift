// The boundary failure of this driver. The plain description is safe to log or to show: it never
// holds a row's values, the statement's text or the server's wording, because all three may carry
// what a customer typed. `String(reflecting:)` gives everything, for a protected log.

/// A failure at the border to PostgreSQL: what kind, the server's own code, and where it happened.
public struct PostgresError: Error, Sendable {
    /// The kind of failure, for programs to branch on. Open: new kinds may be added.
    public struct Code: Hashable, Sendable, CustomStringConvertible {
        /// The stable name of the kind.
        public let rawValue: String

        /// The stable name of the kind.
        public var description: String { rawValue }

        /// The server refused a statement; `sqlState` says why.
        public static let sqlState = Code(rawValue: "sqlState")
        /// No connection could be made.
        public static let connectFailed = Code(rawValue: "connectFailed")
        /// The connection ended during a statement. Work of a transaction is rolled back.
        public static let connectionLost = Code(rawValue: "connectionLost")
        /// No connection came free within `acquireTimeout`.
        public static let acquireTimeout = Code(rawValue: "acquireTimeout")
        /// The queue for connections is at its bound.
        public static let tooManyWaiters = Code(rawValue: "tooManyWaiters")
        /// The pool was shut down.
        public static let poolClosed = Code(rawValue: "poolClosed")
        /// COMMIT was sent and its answer never came: the work may be stored or not. Look before
        /// repeating.
        public static let commitUnknown = Code(rawValue: "commitUnknown")
        /// The task was cancelled while waiting for a connection or between two statements.
        public static let cancelled = Code(rawValue: "cancelled")
        /// A value is absent, NULL or of another type than asked for.
        public static let decoding = Code(rawValue: "decoding")
        /// More than one row where at most one was asked for.
        public static let tooManyRows = Code(rawValue: "tooManyRows")
        /// The driver was used against its rules; nothing was changed, or all was rolled back.
        public static let misuse = Code(rawValue: "misuse")
        /// A private cluster could not be made, started or stopped.
        public static let cluster = Code(rawValue: "cluster")
    }

    /// A place in the program.
    public struct Location: Sendable, CustomStringConvertible {
        /// Module and file.
        public let fileID: String
        /// Line, from 1.
        public let line: Int

        /// Module, file and line.
        public var description: String { "\(fileID):\(line)" }
    }

    /// The kind of failure.
    public let code: Code
    /// The server's five-character code, when the server spoke.
    public internal(set) var sqlState: String?
    /// The constraint that refused, such as `uq_card_number`.
    public internal(set) var constraintName: String?
    /// What happened, for people. May hold values: not for screens or plain logs.
    public internal(set) var message: String
    /// The server's detail. May hold values: not for screens or plain logs.
    public internal(set) var detail: String?
    /// The statement's text with `$1` in place of each value.
    public internal(set) var statement: String?
    /// The error beneath, if any.
    public internal(set) var cause: (any Error)?
    /// The call that failed.
    public internal(set) var location: Location?

    init(
        _ code: Code, _ message: String, cause: (any Error)? = nil, location: Location? = nil
    ) {
        self.code = code
        self.message = message
        self.cause = cause
        self.location = location
    }

    /// Whether the same work may succeed when repeated later.
    ///
    /// - Source: PostgreSQL manual, appendix A. `commitUnknown` is not transient: the caller must
    ///   first look whether the work is stored.
    public var isTransient: Bool {
        switch code {
        case .connectFailed, .connectionLost, .acquireTimeout, .tooManyWaiters:
            true
        case .sqlState:
            switch sqlState {
            case "40001", "40P01", "55P03", "57014", "57P01", "57P02", "57P03": true
            default: sqlState?.hasPrefix("53") ?? false
            }
        default:
            false
        }
    }

    /// Whether the server asks to run the whole transaction again: 40001 serialization failure or
    /// 40P01 deadlock.
    var asksForAnotherAttempt: Bool {
        code == .sqlState && (sqlState == "40001" || sqlState == "40P01")
    }
}

extension PostgresError: CustomStringConvertible, CustomDebugStringConvertible {
    /// Kind, server code, constraint and place; never values, statements or server wording.
    public var description: String {
        var parts = ["PostgresError \(code)"]
        if let sqlState { parts.append("sqlState \(sqlState)") }
        if let constraintName { parts.append("constraint \(constraintName)") }
        if let location { parts.append("at \(location)") }
        return parts.joined(separator: ", ")
    }

    /// Everything known. For protected logs only: may hold values.
    public var debugDescription: String {
        var parts = [description, "message: \(message)"]
        if let detail { parts.append("detail: \(detail)") }
        if let statement { parts.append("statement: \(statement)") }
        if let cause { parts.append("cause: \(String(reflecting: cause))") }
        return parts.joined(separator: "; ")
    }
}
