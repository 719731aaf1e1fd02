public import Domain
import PostgresDriver
public import WebSupport

extension Accounts {
    /// Lets a person in.
    ///
    /// - Shape: a try counts before the password is judged, so that tries at once cannot slip past the lock; the lock
    ///   is a row and survives a restart.
    /// - Refuses, first match wins: `.tooManyAttempts` while the login is locked, `.wrongPassword` for an unknown or closed
    ///   login, a wrong password and a one-time password of yesterday alike.
    public func signIn(
        login: String, password: String, address: String, at now: Instant
    ) async throws -> SignedInPerson {
        let found = try await store.write { session in
            try Self.countTry(of: login, at: now, in: session)
        }
        if let lockedUntil = found?.lockedUntil {
            let wait = Int(lockedUntil.milliseconds(since: now) / 1_000) + 1
            throw RequestRefusal.tooManyAttempts(waitSeconds: wait)
        }
        let stored = found.flatMap { StaffPassword(text: $0.verifier) }
        let isRight = try await passwords.matches(password, stored)
        let isExpired = found?.passwordExpiresAt.map { $0 <= now } ?? false
        guard isRight, let found, !found.isDisabled, !isExpired else {
            if found != nil { try await audit("sign_in.refuse", login, address, at: now) }
            throw RequestRefusal.wrongPassword
        }
        try await store.write { session in
            try session.execute(
                """
                UPDATE staff_account SET failed_count = 0, locked_until = NULL
                WHERE login = \(login)
                """)
            let actor = found.actor(login)
            try session.audit(actor, "sign_in", login, ["address": address], at: now)
        }
        return SignedInPerson(account: login, name: found.name, roles: found.roles)
    }

    private func audit(
        _ action: String, _ login: String, _ address: String, at now: Instant
    ) async throws {
        try await store.write { session in
            try AuditEntry(
                actor: .system, action: action, subject: login, detail: ["address": address]
            ).write(session, at: now)
        }
    }

    private struct Tried: Sendable {
        let accountID: Int64
        let personID: Int64
        let name: String
        let verifier: String
        let roles: [String]
        let isDisabled: Bool
        /// Of a one-time password.
        let passwordExpiresAt: Instant?
        /// Set when the try was not counted because the login is locked.
        let lockedUntil: Instant?

        func actor(_ login: String) -> StaffActor {
            StaffActor(
                accountID: accountID, personID: personID, login: login,
                roles: Set(roles.compactMap { StaffRole(rawValue: $0) }))
        }
    }

    private static func countTry(
        of login: String, at now: Instant, in session: PostgresSession
    ) throws -> Tried? {
        guard
            let row = try session.queryOne(
                """
                SELECT staff_account_id, person_id, name, verifier, roles, disabled, failed_count,
                       locked_until, password_expires_at
                FROM staff_account JOIN person USING (person_id)
                WHERE login = \(login) FOR NO KEY UPDATE OF staff_account
                """)
        else { return nil }
        let lock: Instant? = try row["locked_until"]
        let isLocked = lock.map { now < $0 } ?? false
        if !isLocked {
            let count = lock == nil ? Int(try row["failed_count"] as Int64) + 1 : 1
            let next: Instant? =
                count >= wrongPasswordCountMax ? now.adding(milliseconds: lockMilliseconds) : nil
            try session.execute(
                """
                UPDATE staff_account
                SET failed_count = \(Int32(count)), locked_until = \(next as Instant?)
                WHERE login = \(login)
                """)
        }
        return Tried(
            accountID: try row["staff_account_id"], personID: try row["person_id"],
            name: try row["name"], verifier: try row["verifier"], roles: try row["roles"],
            isDisabled: try row["disabled"],
            passwordExpiresAt: try row["password_expires_at"], lockedUntil: isLocked ? lock : nil)
    }

    /// Who acts in a session, with the roles held now.
    ///
    /// - Refuses: `.notSignedIn` when the login is gone or closed.
    public func actor(login: String) async throws -> StaffActor {
        let found = try await store.read { session in
            try session.queryOne(
                """
                SELECT staff_account_id, person_id, roles FROM staff_account
                WHERE login = \(login) AND NOT disabled
                """
            ).map { row in
                StaffActor(
                    accountID: try row["staff_account_id"], personID: try row["person_id"],
                    login: login,
                    roles: Set((try row["roles"] as [String]).compactMap(StaffRole.init)))
            }
        }
        guard let found else { throw RequestRefusal.notSignedIn }
        return found
    }
}
