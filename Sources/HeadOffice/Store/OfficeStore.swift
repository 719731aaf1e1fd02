// The one door to head office's database. A feature takes the store and offers one method per
// business transaction; nothing outside this target sees a connection.

public import Logging
public import PostgresDriver

/// Head office's database, migrated and ready, with the keys that belong to it.
public struct OfficeStore: Sendable {
    /// Connections to the database.
    public let pool: PostgresPool
    /// The keys beside the database.
    public let secrets: OfficeSecrets
    /// Time and randomness.
    public let clock: OfficeClock
    /// What the card keys make and check.
    public let cards: CardSecrets
    /// For what operators read.
    public let logger: Logger
    /// How long a card's hold lasts when no record ends it, in milliseconds (R-P10).
    let holdLife: Int64

    /// A store over a pool whose database is migrated.
    public init(
        pool: PostgresPool, secrets: OfficeSecrets, clock: OfficeClock, logger: Logger,
        holdHours: Int = OfficeConfiguration.defaultHoldHours
    ) {
        self.pool = pool
        self.secrets = secrets
        self.clock = clock
        self.logger = logger
        holdLife = Int64(holdHours) * 3_600_000
        cards = CardSecrets(secrets)
    }

    /// One business transaction: committed when the body returns, rolled back when it throws, run
    /// again when the server asks for it (40001, 40P01); so the body changes nothing but the database.
    @discardableResult
    public func write<Result: Sendable>(
        _ body: @escaping @Sendable (PostgresSession) throws -> Result
    ) async throws -> Result {
        try await pool.transaction(body)
    }

    /// Reads without a transaction of its own.
    @discardableResult
    public func read<Result: Sendable>(
        _ body: @escaping @Sendable (PostgresSession) throws -> Result
    ) async throws -> Result {
        try await pool.withSession(body)
    }

    /// Brings the schema up to this program.
    ///
    /// - Shape: the names of the migrations that ran now.
    public func migrate() async throws -> [String] {
        try await Migrations.bundled().run(
            pool, programVersion: OfficeVersion.text, at: clock.now())
    }
}

/// Which program this is.
public enum OfficeVersion {
    /// As `--version` prints it and the schema's ledger keeps it.
    public static let text = "0.1.0"
}
