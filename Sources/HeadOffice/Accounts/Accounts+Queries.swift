import Domain
import PostgresDriver

extension Accounts {
    /// A login as its page shows it.
    struct Found: Sendable {
        let login: String
        let personID: Int64
        let personName: String
        let roles: [String]
        let isDisabled: Bool
        let lockedUntil: Instant?
        let mustChangePassword: Bool
        let secondFactorSince: Instant?
        let recoveryCodeCount: Int64
        /// Other logins of the same person, `GD0001/li` at a store.
        let otherLogins: [String]
    }

    /// A login: the own one, or for operators and auditors anybody's; nil when there is none.
    ///
    /// - Refuses: `.roleMissing`.
    func find(_ login: String, by actor: StaffActor) async throws -> Found? {
        if login != actor.login { try actor.require(.operator, .auditor) }
        return try await store.read { session in
            try session.queryOne(
                """
                SELECT login, account.person_id, person.name, roles, disabled, locked_until,
                       must_change_password, second_factor_since,
                       (SELECT count(*) FROM recovery_code AS code
                        WHERE code.staff_account_id = account.staff_account_id) AS code_count,
                       ARRAY(SELECT other.login FROM staff_account AS other
                             WHERE other.person_id = account.person_id
                               AND other.login <> account.login
                             UNION ALL
                             SELECT store.code || '/' || other.login
                             FROM store_account AS other JOIN store USING (store_id)
                             WHERE other.person_id = account.person_id
                             ORDER BY 1) AS others
                FROM staff_account AS account JOIN person USING (person_id)
                WHERE login = \(login)
                """
            ).map { row in
                Found(
                    login: try row["login"], personID: try row["person_id"],
                    personName: try row["name"], roles: try row["roles"],
                    isDisabled: try row["disabled"], lockedUntil: try row["locked_until"],
                    mustChangePassword: try row["must_change_password"],
                    secondFactorSince: try row["second_factor_since"],
                    recoveryCodeCount: try row["code_count"], otherLogins: try row["others"])
            }
        }
    }

    /// The person behind a login as people write it: `approver`, or `GD0001/li` at a store.
    ///
    /// - Refuses: `.unknownPerson`, for a shared login too.
    static func person(ofLogin written: String, in session: PostgresSession) throws -> Int64 {
        let parts = written.split(separator: "/", maxSplits: 1).map(String.init)
        let row =
            parts.count == 2
            ? try session.queryOne(
                """
                SELECT person_id FROM store_account JOIN store USING (store_id)
                WHERE code = \(parts[0]) AND login = \(parts[1]) AND person_id IS NOT NULL
                """)
            : try session.queryOne(
                "SELECT person_id FROM staff_account WHERE login = \(written)")
        guard let personID = try row?.decode("person_id", as: Int64.self) else {
            throw AccountsRefusal.unknownPerson
        }
        return personID
    }
}
