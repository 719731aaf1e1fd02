import PostgresDriver
public import WebSupport

/// Sessions of the staff pages, in PostgreSQL: every node behind a proxy knows them.
///
/// The roles come from the account at each request, so that a role taken away is gone at once.
public struct OfficeSessions: SessionStore {
    let store: OfficeStore

    /// Head office's limits: half an hour idle, twelve hours in all.
    public static let limits = SessionLimits(idle: .seconds(1_800), absolute: .seconds(43_200))

    /// On head office's database.
    public init(store: OfficeStore) {
        self.store = store
    }

    /// Stores a new session.
    public func create(_ session: Session) async throws {
        _ = try await store.write { connection in
            try connection.execute(
                """
                INSERT INTO session (token_hash, staff_account_id, csrf_secret, language,
                                     created_at, last_seen_at, address, agent)
                SELECT \(session.tokenHash), staff_account_id, \(Array(session.formToken.utf8)),
                       \(session.language?.rawValue ?? ""), \(session.createdAt.instant),
                       \(session.lastSeenAt.instant), \(session.address), \(session.agent)
                FROM staff_account WHERE login = \(session.account) AND NOT disabled
                """)
        }
    }

    /// The session with this hash.
    public func find(tokenHash: [UInt8]) async throws -> Session? {
        try await store.read { connection in
            try connection.queryOne(
                """
                SELECT login, name, roles, csrf_secret, session.language, session.created_at,
                       last_seen_at
                FROM session JOIN staff_account USING (staff_account_id)
                JOIN person USING (person_id)
                WHERE token_hash = \(tokenHash) AND NOT disabled
                """
            ).map { row in
                let createdAt = WebTime(try row["created_at"])
                return Session(
                    tokenHash: tokenHash, account: try row["login"], personName: try row["name"],
                    roles: try row["roles"],
                    language: Language(rawValue: try row["language"] as String),
                    formToken: String(
                        decoding: try row["csrf_secret"] as [UInt8], as: UTF8.self),
                    createdAt: createdAt, lastSeenAt: WebTime(try row["last_seen_at"]),
                    idleLimit: Self.limits.idle,
                    expiresAt: createdAt.adding(Self.limits.absolute))
            }
        }
    }

    /// Writes when it was last used.
    public func touch(tokenHash: [UInt8], at time: WebTime) async throws {
        _ = try await store.write { connection in
            try connection.execute(
                """
                UPDATE session SET last_seen_at = \(time.instant) WHERE token_hash = \(tokenHash)
                """)
        }
    }

    /// Writes the language.
    public func setLanguage(_ language: Language, tokenHash: [UInt8]) async throws {
        _ = try await store.write { connection in
            try connection.execute(
                """
                UPDATE session SET language = \(language.rawValue)
                WHERE token_hash = \(tokenHash)
                """)
        }
    }

    /// Removes one session.
    public func end(tokenHash: [UInt8]) async throws {
        _ = try await store.write { connection in
            try connection.execute("DELETE FROM session WHERE token_hash = \(tokenHash)")
        }
    }

    /// Removes every session of a login.
    public func endAll(account: String) async throws {
        _ = try await store.write { connection in
            try connection.execute(
                """
                DELETE FROM session USING staff_account
                WHERE session.staff_account_id = staff_account.staff_account_id
                  AND login = \(account)
                """)
        }
    }
}
