public import Domain
import PostgresDriver
import WebSupport

extension Stores {
    /// What a till login may do.
    public enum AccountRole: String, Sendable, CaseIterable {
        /// Sells.
        case cashier
        /// Overrides, refunds and resets.
        case manager
    }

    /// A login to make at a store's tills.
    public struct NewAccount: Sendable {
        /// Unique in its store.
        public var login: String
        /// The person's name, as tills and slips show it.
        public var name: String
        /// Whose it is, when it is somebody who has a login already: `approver`, or `GD0001/li` at a store.
        public var sameAs: String?
        /// Nobody's in particular: it sells and does no manager act (R-A1).
        public var isShared: Bool
        /// At least one.
        public var roles: Set<AccountRole>
        /// Kept as its verifier only.
        public var password: String

        /// A login to make.
        public init(
            login: String, name: String, roles: Set<AccountRole>, password: String,
            sameAs: String? = nil, isShared: Bool = false
        ) {
            self.sameAs = sameAs
            self.isShared = isShared
            self.login = login
            self.name = name
            self.roles = roles
            self.password = password
        }
    }

    /// Makes a login for a store's tills; its verifier goes to that store's tills only (R-A1).
    ///
    /// - Refuses, first match wins: `.roleMissing`, `.loginInvalid`, `.nameEmpty`, `.rolesEmpty`, `.sharedManager`,
    ///   `StaffPasswordRefusal`, `.unknownStore`, `AccountsRefusal.unknownPerson`, `.loginTaken`.
    public func addAccount(
        _ new: NewAccount, toStore code: String, by actor: StaffActor, at now: Instant
    ) async throws {
        try actor.require(.storeAdministrator)
        guard Accounts.isLogin(new.login) else { throw StoresRefusal.loginInvalid }
        let name = new.name.trimmedText
        guard (1...60).contains(name.unicodeScalars.count) else { throw StoresRefusal.nameEmpty }
        guard !new.roles.isEmpty else { throw StoresRefusal.rolesEmpty }
        guard !new.isShared || new.roles == [.cashier] else { throw StoresRefusal.sharedManager }
        try StaffPasswordRefusal.check(new.password, login: new.login)
        let verifier = try await passwords.make(new.password).text
        try await store.write { session in
            let storeID = try Self.storeID(code, in: session)
            let person: Accounts.PersonChoice =
                new.sameAs.map { .sameAs(login: $0) } ?? .named(name)
            let personID =
                new.isShared ? nil : try Accounts.personID(person, at: now, in: session)
            let made = try session.execute(
                """
                INSERT INTO store_account (store_id, login, name, roles, verifier, person_id,
                                           created_at)
                VALUES (\(storeID), \(new.login), \(name), \(new.roles.map(\.rawValue).sorted()),
                        \(verifier), \(personID as Int64?), \(now))
                ON CONFLICT (store_id, login) DO NOTHING
                """)
            guard made == 1 else { throw StoresRefusal.loginTaken }
            try ChangeItems.publishAccounts(ofStore: storeID, in: session)
            try session.audit(
                actor, "store_account.create", "\(code)/\(new.login)",
                ["roles": new.roles.map(\.rawValue).sorted().joined(separator: " ")], at: now)
        }
    }

    /// Disables a till login or enables it again; tills learn it at their next contact.
    ///
    /// - Refuses: `.roleMissing`, `.unknownStore`, `.unknownAccount`.
    public func setDisabled(
        _ isDisabled: Bool, login: String, ofStore code: String, by actor: StaffActor,
        at now: Instant
    ) async throws {
        try actor.require(.storeAdministrator)
        try await change(
            login: login, ofStore: code,
            action: isDisabled ? "store_account.disable" : "store_account.enable",
            change: isDisabled ? "disabled" : "enabled", setting: "disabled = \(isDisabled)",
            by: actor, at: now)
    }

    /// Gives a till login a new password.
    ///
    /// - Refuses: `.roleMissing`, `StaffPasswordRefusal`, `.unknownStore`, `.unknownAccount`.
    public func resetPassword(
        _ password: String, login: String, ofStore code: String, by actor: StaffActor,
        at now: Instant
    ) async throws {
        try actor.require(.storeAdministrator)
        try StaffPasswordRefusal.check(password, login: login)
        let verifier = try await passwords.make(password).text
        try await change(
            login: login, ofStore: code, action: "store_account.reset_password",
            change: "password", setting: "verifier = \(verifier)", by: actor, at: now)
    }

    private func change(
        login: String, ofStore code: String, action: String, change: String, setting: SQL,
        by actor: StaffActor, at now: Instant
    ) async throws {
        try await store.write { session in
            let storeID = try Self.storeID(code, in: session)
            let changed = try session.execute(
                """
                UPDATE store_account SET \(fragment: setting)
                WHERE store_id = \(storeID) AND login = \(login)
                """)
            guard changed == 1 else { throw StoresRefusal.unknownAccount }
            // What tills do until they learn it is told by this (R-A1).
            try session.execute(
                """
                INSERT INTO store_account_change (store_id, login, change, changed_at)
                VALUES (\(storeID), \(login), \(change), \(now))
                """)
            try ChangeItems.publishAccounts(ofStore: storeID, in: session)
            try session.audit(actor, action, "\(code)/\(login)", at: now)
        }
    }

    static func storeID(_ code: String, in session: PostgresSession) throws -> Int64 {
        let row = try session.queryOne("SELECT store_id FROM store WHERE code = \(code)")
        guard let storeID = try row?.decode("store_id", as: Int64.self) else {
            throw StoresRefusal.unknownStore
        }
        return storeID
    }
}
