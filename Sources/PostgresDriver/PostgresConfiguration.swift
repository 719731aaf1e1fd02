import CLibPQ

/// How to reach a PostgreSQL server and how much of it to use.
public struct PostgresConfiguration: Sendable {
    /// As libpq takes it: `host=… dbname=…` or a `postgresql://` address. Secrets are better kept
    /// in a password file (`passfile=…`) than here.
    public var connectionString: String
    /// Connections open at once; each has one thread.
    public var maximumConnections: Int
    /// Callers that may wait for a connection at once; the next one is refused.
    public var maximumWaiters: Int
    /// How long a caller waits for a connection to come free.
    public var acquireTimeout: Duration
    /// How long making a connection may take, per host. Whole seconds, at least 2, as libpq counts.
    /// A `connect_timeout` in the connection string wins.
    public var connectTimeout: Duration
    /// How long one statement may run before the server ends it (SQLSTATE 57014); nil is unbounded.
    public var statementTimeout: Duration?
    /// The name shown in `pg_stat_activity`.
    public var applicationName: String

    /// Makes a configuration; every bound has a default but none is absent by default.
    public init(
        connectionString: String,
        maximumConnections: Int = 4,
        maximumWaiters: Int = 1_000,
        acquireTimeout: Duration = .seconds(10),
        connectTimeout: Duration = .seconds(5),
        statementTimeout: Duration? = .seconds(60),
        applicationName: String = "huiyika"
    ) {
        precondition(maximumConnections > 0, "maximumConnections is \(maximumConnections)")
        precondition(maximumWaiters >= 0, "maximumWaiters is \(maximumWaiters)")
        self.connectionString = connectionString
        self.maximumConnections = maximumConnections
        self.maximumWaiters = maximumWaiters
        self.acquireTimeout = acquireTimeout
        self.connectTimeout = connectTimeout
        self.statementTimeout = statementTimeout
        self.applicationName = applicationName
    }

    /// The same server under another database name.
    ///
    /// - Shape: takes either form of connection string, gives the `key='value'` form.
    /// - Refuses: `.misuse` when libpq cannot read the connection string.
    public static func connectionString(
        _ base: String, database: String
    ) throws -> String {
        var message: UnsafeMutablePointer<CChar>?
        guard let options = PQconninfoParse(base, &message) else {
            PQfreemem(message)
            throw PostgresError(.misuse, "the connection string cannot be read")
        }
        defer { PQconninfoFree(options) }
        var pairs: [String] = []
        var option = options
        while let keyword = option.pointee.keyword {
            let name = String(cString: keyword)
            if name != "dbname", let value = option.pointee.val {
                pairs.append("\(name)=\(quoted(String(cString: value)))")
            }
            option += 1
        }
        pairs.append("dbname=\(quoted(database))")
        return pairs.joined(separator: " ")
    }

    static func quoted(_ value: String) -> String {
        var quoted = "'"
        for character in value {
            if character == "'" || character == "\\" { quoted.append("\\") }
            quoted.append(character)
        }
        return quoted + "'"
    }
}

extension Duration {
    /// Whole milliseconds, rounded up, never negative.
    var wholeMilliseconds: Int64 {
        let (seconds, attoseconds) = components
        let milliseconds =
            seconds.multipliedReportingOverflow(by: 1_000).partialValue
            + (attoseconds + 999_999_999_999_999) / 1_000_000_000_000_000
        return max(0, milliseconds)
    }
}
