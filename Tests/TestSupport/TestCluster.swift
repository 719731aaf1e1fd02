import Foundation
import Logging
public import PostgresDriver
import Synchronization

/// The PostgreSQL server that the tests of this process share: a private one, started when first
/// needed and gone at the end, or the one that `HUIYIKA_TEST_POSTGRES` names (a connection string
/// of a superuser).
public actor TestCluster {
    public static let shared = TestCluster()

    private var server: Task<String, any Error>?
    private var templates: [String: Task<Void, any Error>] = [:]
    private var databaseCount = 0

    /// Where to connect as superuser.
    public func connectionString(database: String = "postgres") async throws -> String {
        if server == nil { server = Task { try await Self.startServer() } }
        let base = try await server?.value ?? ""
        return try PostgresConfiguration.connectionString(base, database: database)
    }

    /// The name of a fresh database, copied from the template if one is given.
    func makeDatabase(_ template: DatabaseTemplate?) async throws -> String {
        if let template { try await makeTemplate(template) }
        databaseCount += 1
        let name = "t\(getpid())_\(databaseCount)"
        let source = template.map { templateName($0) } ?? "template0"
        try await administer(#"CREATE DATABASE "\#(name)" TEMPLATE "\#(source)""#)
        return name
    }

    func dropDatabase(_ name: String) async throws {
        try await administer(#"DROP DATABASE IF EXISTS "\#(name)" WITH (FORCE)"#)
    }

    private func templateName(_ template: DatabaseTemplate) -> String {
        "t\(getpid())_template_\(template.name)"
    }

    private func makeTemplate(_ template: DatabaseTemplate) async throws {
        if let made = templates[template.name] { return try await made.value }
        let name = templateName(template)
        let making = Task {
            try await administer(#"CREATE DATABASE "\#(name)" TEMPLATE template0"#)
            try await template.prepare(try await connectionString(database: name))
        }
        templates[template.name] = making
        try await making.value
    }

    private var administration: PostgresPool?

    private func administer(_ text: String) async throws {
        let connectionString = try await connectionString()
        let pool =
            administration
            ?? PostgresPool(
                configuration: PostgresConfiguration(
                    connectionString: connectionString, maximumConnections: 1,
                    acquireTimeout: .seconds(600), statementTimeout: nil),
                logger: Logger(label: "test.cluster"))
        administration = pool
        try await pool.withSession { try $0.executeScript(text) }
    }

    private static func startServer() async throws -> String {
        if let given = ProcessInfo.processInfo.environment["HUIYIKA_TEST_POSTGRES"] {
            return given
        }
        TestFolder.removeLeftOvers()
        let cluster = try PrivateCluster(
            folder: TestFolder.path(of: "cluster"),
            settings: [
                // The tests lose nothing by a power failure, and run several times as fast.
                "fsync": "off", "full_page_writes": "off", "synchronous_commit": "off",
                "max_connections": "200",
            ], logger: Logger(label: "test.cluster"))
        atExit { cluster.killImmediately() }
        try await cluster.start()
        return cluster.connectionString()
    }
}

/// A database made once per process and copied for every test that asks for it.
public struct DatabaseTemplate: Sendable {
    let name: String
    let prepare: @Sendable (String) async throws -> Void

    /// `prepare` gets the connection string of the empty database, fills it, and must leave no
    /// connection open. `name` is lower-case and the same for the same content.
    public init(name: String, prepare: @escaping @Sendable (String) async throws -> Void) {
        self.name = name
        self.prepare = prepare
    }
}

/// Gives the body the connection string of a fresh database, which is gone afterwards.
public func withTestDatabase<Value>(
    template: DatabaseTemplate? = nil, _ body: (String) async throws -> Value
) async throws -> Value {
    let name = try await TestCluster.shared.makeDatabase(template)
    let connectionString = try await TestCluster.shared.connectionString(database: name)
    do {
        let value = try await body(connectionString)
        try await TestCluster.shared.dropDatabase(name)
        return value
    } catch {
        try? await TestCluster.shared.dropDatabase(name)
        throw error
    }
}

/// Gives the body a pool on a fresh database; both are gone afterwards.
public func withTestPool<Value>(
    template: DatabaseTemplate? = nil, maximumConnections: Int = 4,
    acquireTimeout: Duration = .seconds(60), _ body: (PostgresPool) async throws -> Value
) async throws -> Value {
    try await withTestDatabase(template: template) { connectionString in
        let pool = PostgresPool(
            configuration: PostgresConfiguration(
                connectionString: connectionString, maximumConnections: maximumConnections,
                acquireTimeout: acquireTimeout),
            logger: Logger(label: "test.pool"))
        do {
            let value = try await body(pool)
            await pool.shutdown()
            return value
        } catch {
            // Not waited for: a body that threw may have left a transaction of its own hanging,
            // and the test must fail instead of waiting for it.
            Task { await pool.shutdown() }
            throw error
        }
    }
}
