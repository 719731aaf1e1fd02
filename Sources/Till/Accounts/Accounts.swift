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
        guard !isSame else { return }
        try endSessions(login: change.login, in: database)
        if change.isDisabled || (stored?["is_cashier"] ?? false) && !isCashier {
            try doubt(login: change.login, in: database)
        }
    }

    /// Takes an account out, as far as head office's word is newer than the stored version.
    static func remove(login: String, version: Int64, in database: Database) throws {
        try database.execute(
            sql: "DELETE FROM account WHERE login = ? AND version <= ?",
            arguments: [login, version])
        guard database.changesCount == 1 else { return }
        try endSessions(login: login, in: database)
        try doubt(login: login, in: database)
    }

    /// What the account sold since the till last knew everything stands, and is shown to be looked at:
    /// head office may have disabled it before (R-A1).
    private static func doubt(login: String, in database: Database) throws {
        let state = try SyncState.load(in: database)
        guard let from = state.completeAt else { return }
        try database.execute(
            sql: """
                INSERT INTO account_doubt (login, from_time, through_time, sale_count, sale_total)
                SELECT ?, ?, max(business_time), count(*), sum(total) FROM sale
                WHERE cashier = ? AND business_time >= ?
                HAVING count(*) > 0
                ON CONFLICT DO NOTHING
                """,
            arguments: [login, from.milliseconds, login, from.milliseconds])
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

    /// What an account sold between the till's last full knowledge and the word that it was disabled.
    struct Doubt: Sendable, Equatable {
        let login: String
        let from: Instant
        let through: Instant
        let saleCount: Int64
        let saleTotal: Int64
    }

    /// All of them, the newest first.
    static func doubts(in database: Database) throws -> [Doubt] {
        try Row.fetchAll(
            database,
            sql: """
                SELECT login, from_time, through_time, sale_count, sale_total FROM account_doubt
                ORDER BY through_time DESC LIMIT 20
                """
        ).map { row in
            Doubt(
                login: row["login"], from: Instant(milliseconds: row["from_time"]),
                through: Instant(milliseconds: row["through_time"]),
                saleCount: row["sale_count"], saleTotal: row["sale_total"])
        }
    }

    private static func endSessions(login: String, in database: Database) throws {
        try database.execute(sql: "DELETE FROM session WHERE login = ?", arguments: [login])
    }
}
