public import Domain
import PostgresDriver
public import WebSupport

/// Head-office logins: making them, closing them, letting people in.
public struct Accounts: Sendable {
    let store: OfficeStore
    let passwords: PasswordWorker

    /// On head office's database.
    public init(store: OfficeStore, passwords: PasswordWorker) {
        self.store = store
        self.passwords = passwords
    }

    /// Wrong passwords in a row that lock a login.
    public static let wrongPasswordCountMax = 5
    /// How long a locked login stays locked.
    public static let lockMilliseconds: Int64 = 15 * 60_000

    /// Whose login is to be made.
    public enum PersonChoice: Sendable {
        /// Somebody new.
        case named(String)
        /// Somebody who has a login already: both count as one person.
        case known(personID: Int64)
        /// The person behind a login as people write it: `approver`, or `GD0001/li` at a store.
        case sameAs(login: String)
    }

    /// A login to make.
    public struct NewStaff: Sendable {
        /// Whose it is.
        public var person: PersonChoice
        /// Unique at head office.
        public var login: String
        /// At least one.
        public var roles: Set<StaffRole>
        /// Kept as its verifier only.
        public var password: String
        /// Somebody else chose the password: it must be changed at the first sign-in.
        public var mustChangePassword: Bool

        /// A login to make.
        public init(
            person: PersonChoice, login: String, roles: Set<StaffRole>, password: String,
            mustChangePassword: Bool = false
        ) {
            self.person = person
            self.login = login
            self.roles = roles
            self.password = password
            self.mustChangePassword = mustChangePassword
        }
    }

    /// Makes a login.
    ///
    /// - Refuses, first match wins: `.roleMissing`, `.loginInvalid`, `.nameEmpty`, `.rolesEmpty`,
    ///   `StaffPasswordRefusal`, `.unknownPerson`, `.loginTaken`.
    @discardableResult
    public func addStaff(
        _ new: NewStaff, by actor: StaffActor, at now: Instant
    ) async throws -> Int64 {
        try actor.require(.operator)
        guard Self.isLogin(new.login) else { throw AccountsRefusal.loginInvalid }
        if case .named(let name) = new.person {
            guard (1...60).contains(name.trimmedText.unicodeScalars.count) else {
                throw AccountsRefusal.nameEmpty
            }
        }
        guard !new.roles.isEmpty else { throw AccountsRefusal.rolesEmpty }
        try StaffPasswordRefusal.check(new.password, login: new.login)
        let verifier = try await passwords.make(new.password).text
        return try await store.write { session in
            let personID = try Self.personID(new.person, at: now, in: session)
            let row = try session.queryOne(
                """
                INSERT INTO staff_account (person_id, login, verifier, roles, must_change_password,
                                           created_at)
                VALUES (\(personID), \(new.login), \(verifier),
                        \(new.roles.map(\.rawValue).sorted()), \(new.mustChangePassword), \(now))
                ON CONFLICT (login) DO NOTHING
                RETURNING staff_account_id
                """)
            guard let accountID = try row?.decode("staff_account_id", as: Int64.self) else {
                throw AccountsRefusal.loginTaken
            }
            try session.audit(
                actor, "staff_account.create", new.login,
                ["roles": new.roles.map(\.rawValue).sorted().joined(separator: " ")], at: now)
            return accountID
        }
    }

    static func personID(
        _ choice: PersonChoice, at now: Instant, in session: PostgresSession
    ) throws -> Int64 {
        let row: PostgresRow?
        switch choice {
        case .sameAs(let login): return try person(ofLogin: login, in: session)
        case .known(let personID):
            row = try session.queryOne(
                "SELECT person_id FROM person WHERE person_id = \(personID)")
        case .named(let name):
            row = try session.queryOne(
                """
                INSERT INTO person (name, created_at)
                VALUES (\(name.trimmedText), \(now)) RETURNING person_id
                """)
        }
        guard let personID = try row?.decode("person_id", as: Int64.self) else {
            throw AccountsRefusal.unknownPerson
        }
        return personID
    }

    /// Closes a login, which ends its sessions, or opens it again.
    ///
    /// - Refuses, first match wins: `.roleMissing`, `.ownAccount`, `.unknownAccount`.
    public func setDisabled(
        _ isDisabled: Bool, login: String, by actor: StaffActor, at now: Instant
    ) async throws {
        try actor.require(.operator)
        guard login != actor.login else { throw AccountsRefusal.ownAccount }
        try await store.write { session in
            let row = try session.queryOne(
                """
                UPDATE staff_account SET disabled = \(isDisabled) WHERE login = \(login)
                RETURNING staff_account_id
                """)
            guard let accountID = try row?.decode("staff_account_id", as: Int64.self) else {
                throw AccountsRefusal.unknownAccount
            }
            try session.execute("DELETE FROM session WHERE staff_account_id = \(accountID)")
            try session.audit(
                actor, isDisabled ? "staff_account.disable" : "staff_account.enable", login,
                at: now)
        }
    }

    /// Changes the own password and ends every other session of the login.
    ///
    /// - Refuses, first match wins: `StaffPasswordRefusal`, `.passwordUnchanged`, `.wrongPassword`, `.unknownAccount`.
    public func changePassword(
        from present: String, to new: String, by actor: StaffActor, at now: Instant
    ) async throws {
        try StaffPasswordRefusal.check(new, login: actor.login)
        guard new != present else { throw AccountsRefusal.passwordUnchanged }
        let verifier = try await store.read { session in
            try session.queryOne(
                "SELECT verifier FROM staff_account WHERE staff_account_id = \(actor.accountID)"
            )?.decode("verifier", as: String.self)
        }
        guard let verifier else { throw AccountsRefusal.unknownAccount }
        guard try await passwords.matches(present, StaffPassword(text: verifier)) else {
            throw AccountsRefusal.wrongPassword
        }
        let made = try await passwords.make(new).text
        try await store.write { session in
            let changed = try session.execute(
                """
                UPDATE staff_account
                SET verifier = \(made), must_change_password = false, password_expires_at = NULL
                WHERE staff_account_id = \(actor.accountID) AND verifier = \(verifier)
                """)
            guard changed == 1 else { throw AccountsRefusal.wrongPassword }
            try session.execute(
                "DELETE FROM session WHERE staff_account_id = \(actor.accountID)")
            try session.audit(actor, "staff_account.change_password", actor.login, at: now)
        }
    }

    /// A login's shape: a letter, then letters, digits, dots, dashes and underscores, 2–32 in all.
    static func isLogin(_ text: String) -> Bool {
        let bytes = Array(text.utf8)
        guard (2...32).contains(bytes.count), let first = bytes.first,
            (0x61...0x7A).contains(first)
        else { return false }
        return bytes.allSatisfy { byte in
            (0x61...0x7A).contains(byte) || (0x30...0x39).contains(byte)
                || [0x2E, 0x2D, 0x5F].contains(byte)
        }
    }

    /// A login as lists show it.
    struct Listed: Sendable {
        let login: String
        let personID: Int64
        let personName: String
        let roles: [String]
        let isDisabled: Bool
        let lockedUntil: Instant?
        let createdAt: Instant
    }

    /// Logins a page.
    static let pageSize = 50

    /// Head-office logins by login, after `after`; those whose login or person's name contains `text`.
    ///
    /// - Refuses: `.roleMissing`.
    func list(
        text: String = "", after: String = "", limit: Int = pageSize + 1, by actor: StaffActor
    ) async throws -> [Listed] {
        try actor.require(.operator, .auditor)
        let pattern = "%" + text.likeEscaped + "%"
        return try await store.read { session in
            try session.query(
                """
                SELECT login, person_id, name, roles, disabled, locked_until,
                       staff_account.created_at
                FROM staff_account JOIN person USING (person_id)
                WHERE login > \(after) AND (login ILIKE \(pattern) OR name ILIKE \(pattern))
                ORDER BY login LIMIT \(Int64(limit))
                """
            ).map { row in
                let lockedUntil: Instant? = try row["locked_until"]
                return Listed(
                    login: try row["login"], personID: try row["person_id"],
                    personName: try row["name"], roles: try row["roles"],
                    isDisabled: try row["disabled"],
                    lockedUntil: lockedUntil,
                    createdAt: try row["created_at"])
            }
        }
    }
}
