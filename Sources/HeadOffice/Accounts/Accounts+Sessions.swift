import Domain
import PostgresDriver
import WebSupport

extension Accounts {
    /// A session as lists show it.
    struct ListedSession: Sendable {
        let sessionID: Int64
        let tokenHash: [UInt8]
        let createdAt: Instant
        let lastSeenAt: Instant
        let address: String
        let agent: String
    }

    /// The sessions of a login that are alive: the own ones, or for operators and auditors anybody's.
    ///
    /// - Refuses: `.roleMissing`.
    func sessions(
        of login: String, by actor: StaffActor, at now: Instant
    ) async throws -> [ListedSession] {
        if login != actor.login { try actor.require(.operator, .auditor) }
        let limits = OfficeSessions.limits
        let begun = now.adding(milliseconds: -limits.absolute.components.seconds * 1_000)
        let seen = now.adding(milliseconds: -limits.idle.components.seconds * 1_000)
        return try await store.read { session in
            try session.query(
                """
                SELECT session_id, token_hash, session.created_at, last_seen_at, address, agent
                FROM session JOIN staff_account USING (staff_account_id)
                WHERE login = \(login) AND session.created_at > \(begun) AND last_seen_at > \(seen)
                ORDER BY last_seen_at DESC, session_id LIMIT 100
                """
            ).map { row in
                ListedSession(
                    sessionID: try row["session_id"], tokenHash: try row["token_hash"],
                    createdAt: try row["created_at"], lastSeenAt: try row["last_seen_at"],
                    address: try row["address"], agent: try row["agent"])
            }
        }
    }

    /// Ends one session: an own one, or for operators anybody's.
    ///
    /// - Refuses, first match wins: `.roleMissing`, `.unknownSession`.
    func endSession(
        _ sessionID: Int64, of login: String, by actor: StaffActor, at now: Instant
    ) async throws {
        if login != actor.login { try actor.require(.operator) }
        try await store.write { session in
            let ended = try session.execute(
                """
                DELETE FROM session USING staff_account
                WHERE session.staff_account_id = staff_account.staff_account_id
                  AND login = \(login) AND session_id = \(sessionID)
                """)
            guard ended == 1 else { throw AccountsRefusal.unknownSession }
            try session.audit(actor, "session.end", login, at: now)
        }
    }
}
