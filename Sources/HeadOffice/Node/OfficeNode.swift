// The one place that sees all of head office and wires it: database, keys, services, listeners.

public import Foundation
public import Logging
import PostgresDriver
import WebSupport

/// Head office, open: its database is reachable and migrated, its keys are read.
public struct OfficeNode: Sendable {
    /// What it was opened with.
    public let configuration: OfficeConfiguration
    /// The database and the keys.
    public let store: OfficeStore
    /// Makes and checks staff passwords, two at once.
    let passwords: PasswordWorker
    /// Set when head office runs a PostgreSQL of its own.
    let cluster: PrivateCluster?

    /// Opens head office.
    ///
    /// - Shape: without `database.url` a private PostgreSQL is started in `DATA/postgres`; one that another process
    ///   of this program runs already is used as it is.
    /// - Refuses: `OfficeStartError`, or `PostgresError` when the database cannot be reached or its schema is not this
    ///   program's.
    public static func open(
        _ configuration: OfficeConfiguration, clock: OfficeClock = .system, logger: Logger
    ) async throws -> OfficeNode {
        let folder = URL(filePath: configuration.dataFolder)
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        let secrets = try OfficeSecrets(folder: configuration.secretsFolder)
        var connection = configuration.databaseURL
        var cluster: PrivateCluster?
        if connection == nil {
            let own = try PrivateCluster(
                folder: folder.appending(path: "postgres").path, logger: logger)
            try await own.start()
            connection = own.connectionString()
            cluster = own
        }
        let pool = PostgresPool(
            configuration: PostgresConfiguration(
                connectionString: connection ?? "",
                maximumConnections: configuration.connectionCount,
                statementTimeout: .seconds(300)),
            logger: logger)
        let store = OfficeStore(
            pool: pool, secrets: secrets, clock: clock, logger: logger,
            holdHours: configuration.holdHours)
        let applied = try await store.migrate()
        if !applied.isEmpty {
            logger.notice(
                "The schema was brought up to date",
                metadata: ["migrations": "\(applied.joined(separator: " "))"])
        }
        return OfficeNode(
            configuration: configuration, store: store, passwords: PasswordWorker(),
            cluster: cluster)
    }

    /// Sets head office up from a file.
    ///
    /// - Shape: how many things were made.
    public func setUp(from file: URL) async throws -> Int {
        try await OfficeSetup(
            store: store, telephones: configuration.telephones, passwords: passwords
        ).apply(OfficeSetupFile(file: file))
    }

    /// Closes the database; a private one is stopped by the process that started it only.
    public func close() async {
        await store.pool.shutdown()
        guard let cluster, await cluster.hasLaunched else { return }
        do {
            try await cluster.stop()
        } catch {
            store.logger.error(
                "The private PostgreSQL did not stop", metadata: ["error": "\(error)"])
        }
    }
}

extension OfficeNode {
    /// Makes an enrolment code in the name of a login, for operators at the shell.
    ///
    /// - Refuses: `RequestRefusal.notSignedIn` for a login that is not there or closed, then what
    ///   `Tills.makeEnrolmentCode` refuses.
    public func makeEnrolmentCode(store code: String, login: String) async throws -> String {
        let actor = try await Accounts(store: store, passwords: passwords).actor(login: login)
        return try await Tills(store).makeEnrolmentCode(storeCode: code, by: actor).text
    }
}

extension OfficeNode {
    /// Adds a head-office login from the shell: how the first operator comes to be.
    ///
    /// - Refuses: what `Accounts.addStaff` refuses.
    public func addStaff(
        name: String, login: String, roles: Set<StaffRole>, password: String
    ) async throws {
        let shell = StaffActor(accountID: 0, personID: 0, login: "shell", roles: [.operator])
        try await Accounts(store: store, passwords: passwords).addStaff(
            Accounts.NewStaff(person: .named(name), login: login, roles: roles, password: password),
            by: shell, at: store.clock.now())
    }
}
