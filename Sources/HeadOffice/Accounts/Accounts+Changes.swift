import Domain
import PostgresDriver
import WebSupport

// What an operator changes on somebody's login. Each act ends the login's sessions: who may do what is settled at sign-in.
extension Accounts {
    /// How long a one-time password may be used.
    static let oneTimePasswordLife: Int64 = 24 * 3_600_000

    /// Gives a login other roles, and ends its sessions.
    ///
    /// - Refuses, first match wins: `.roleMissing`, `.ownAccount`, `.rolesEmpty`, `.unknownAccount`.
    func setRoles(
        _ roles: Set<StaffRole>, of login: String, by actor: StaffActor, at now: Instant
    ) async throws {
        try actor.require(.operator)
        guard login != actor.login else { throw AccountsRefusal.ownAccount }
        guard !roles.isEmpty else { throw AccountsRefusal.rolesEmpty }
        let names = roles.map(\.rawValue).sorted()
        try await change(
            login, setting: "roles = \(names)", action: "staff_account.set_roles",
            ["roles": names.joined(separator: " ")], by: actor, at: now)
    }

    /// Gives a login a password for one sign-in, within a day; it must be changed then. Opens a locked login.
    ///
    /// - Shape: the password is shown once and kept as its verifier only.
    /// - Refuses, first match wins: `.roleMissing`, `.ownAccount`, `.unknownAccount`.
    func resetPassword(
        of login: String, by actor: StaffActor, at now: Instant
    ) async throws -> String {
        try actor.require(.operator)
        guard login != actor.login else { throw AccountsRefusal.ownAccount }
        let password = OneTimePassword.make(randomBytes: store.clock.randomBytes(64))
        let verifier = try await passwords.make(password).text
        let expires = now.adding(milliseconds: Self.oneTimePasswordLife)
        try await change(
            login,
            setting: """
                verifier = \(verifier), must_change_password = true,
                password_expires_at = \(expires), failed_count = 0, locked_until = NULL
                """, action: "staff_account.reset_password", by: actor, at: now)
        return password
    }

    /// Opens a login that wrong passwords locked.
    ///
    /// - Refuses, first match wins: `.roleMissing`, `.ownAccount`, `.unknownAccount`.
    func unlock(_ login: String, by actor: StaffActor, at now: Instant) async throws {
        try actor.require(.operator)
        guard login != actor.login else { throw AccountsRefusal.ownAccount }
        try await change(
            login, setting: "failed_count = 0, second_factor_failed = 0, locked_until = NULL",
            action: "staff_account.unlock", by: actor, at: now)
    }

    /// Takes the second factor away, for who has lost the phone; it is set up again at the next sign-in.
    ///
    /// - Refuses, first match wins: `.roleMissing`, `.ownAccount`, `.unknownAccount`.
    func resetSecondFactor(
        of login: String, by actor: StaffActor, at now: Instant
    ) async throws {
        try actor.require(.operator)
        guard login != actor.login else { throw AccountsRefusal.ownAccount }
        try await change(
            login,
            setting: """
                second_factor_sealed = NULL, second_factor_since = NULL, second_factor_failed = 0
                """, action: "staff_account.reset_second_factor", by: actor, at: now)
    }

    private func change(
        _ login: String, setting: SQL, action: String, _ detail: [String: String] = [:],
        by actor: StaffActor, at now: Instant
    ) async throws {
        try await store.write { session in
            let row = try session.queryOne(
                """
                UPDATE staff_account SET \(fragment: setting) WHERE login = \(login)
                RETURNING staff_account_id, second_factor_since IS NULL AS has_no_factor
                """)
            guard let row else { throw AccountsRefusal.unknownAccount }
            let accountID: Int64 = try row["staff_account_id"]
            if try row["has_no_factor"] {
                try session.execute(
                    "DELETE FROM recovery_code WHERE staff_account_id = \(accountID)")
            }
            try session.execute("DELETE FROM session WHERE staff_account_id = \(accountID)")
            try session.audit(actor, action, login, detail, at: now)
        }
    }
}
