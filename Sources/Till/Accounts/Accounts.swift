import Domain
import GRDB
import Journal

/// A person of the store who may sign in here.
struct Account: Sendable, Equatable {
    let login: String
    let name: String
    let roles: [String]
    let verifier: String
    let isDisabled: Bool
}

/// The store's accounts as head office published them.
enum Accounts {
    /// Puts an account in. One that was disabled or changed ends its sessions (R-A1).
    static func apply(_ change: AccountChange, version: Int64, in database: Database) throws {
        let stored = try Row.fetchOne(
            database,
            sql: """
                SELECT version, verifier, is_cashier, is_manager, disabled FROM account
                WHERE login = ?
                """,
            arguments: [change.login])
        if let stored, (stored["version"] as Int64) >= version { return }
        let isCashier = change.roles.contains(.cashier)
        let isManager = change.roles.contains(.manager)
        try database.execute(
            sql: """
                INSERT INTO account
                    (login, name, is_cashier, is_manager, verifier, disabled, version)
                VALUES (?, ?, ?, ?, ?, ?, ?)
                ON CONFLICT (login) DO UPDATE SET name = excluded.name,
                    is_cashier = excluded.is_cashier, is_manager = excluded.is_manager,
                    verifier = excluded.verifier, disabled = excluded.disabled,
                    version = excluded.version
                """,
            arguments: [
                change.login, change.name, isCashier, isManager, change.verifier,
                change.isDisabled, version,
            ])
        let isSame =
            stored.map { row in
                (row["verifier"] as String) == change.verifier
                    && (row["is_cashier"] as Bool) == isCashier
                    && (row["is_manager"] as Bool) == isManager && !change.isDisabled
            } ?? true
        if !isSame { try endSessions(login: change.login, in: database) }
    }

    static func remove(login: String, in database: Database) throws {
        try database.execute(sql: "DELETE FROM account WHERE login = ?", arguments: [login])
        try endSessions(login: login, in: database)
    }

    static func find(_ login: String, in database: Database) throws -> Account? {
        try Row.fetchOne(
            database,
            sql: """
                SELECT login, name, is_cashier, is_manager, verifier, disabled FROM account
                WHERE login = ?
                """,
            arguments: [login]
        ).map { row in
            var roles: [String] = []
            if row["is_cashier"] { roles.append("cashier") }
            if row["is_manager"] { roles.append("manager") }
            return Account(
                login: row["login"], name: row["name"], roles: roles, verifier: row["verifier"],
                isDisabled: row["disabled"])
        }
    }

    private static func endSessions(login: String, in database: Database) throws {
        try database.execute(sql: "DELETE FROM session WHERE login = ?", arguments: [login])
    }
}
