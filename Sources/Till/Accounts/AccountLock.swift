import Domain
import GRDB

/// The lock of an account after wrong passwords. It is on disk before the answer is given, so
/// neither a restart nor a second browser gives more tries.
enum AccountLock {
    static let wrongCountMax = 5
    static let lockMilliseconds: Int64 = 15 * 60_000

    /// Seconds until the login may be tried again; nil when it may be now.
    static func secondsLeft(login: String, at now: Instant, in database: Database) throws -> Int? {
        let until = try Int64.fetchOne(
            database, sql: "SELECT locked_until FROM account_lock WHERE login = ?",
            arguments: [login])
        guard let until, until > now.milliseconds else { return nil }
        // A clock set back far must not lock an account for years.
        let left = min(until - now.milliseconds, lockMilliseconds)
        return Int((left + 999) / 1_000)
    }

    /// How many logins that do not exist are remembered: a flood of invented ones must not grow
    /// the file.
    static let inventedCountMax = 1_000

    /// Counts a try as wrong, before its password is looked at.
    static func countTry(login: String, at now: Instant, in database: Database) throws {
        let count = try Int.fetchOne(database, sql: "SELECT count(*) FROM account_lock") ?? 0
        if count >= inventedCountMax {
            try database.execute(
                sql: "DELETE FROM account_lock WHERE login NOT IN (SELECT login FROM account)")
        }
        try database.execute(
            sql: """
                INSERT INTO account_lock (login, wrong_count, locked_until) VALUES (?, 1, NULL)
                ON CONFLICT (login) DO UPDATE SET
                    wrong_count = CASE WHEN locked_until IS NULL THEN wrong_count ELSE 0 END + 1,
                    locked_until = NULL
                """,
            arguments: [login])
        try database.execute(
            sql: "UPDATE account_lock SET locked_until = ? WHERE login = ? AND wrong_count >= ?",
            arguments: [now.milliseconds + lockMilliseconds, login, wrongCountMax])
    }

    /// Forgets the wrong tries after a right password.
    static func clear(login: String, in database: Database) throws {
        try database.execute(
            sql: "DELETE FROM account_lock WHERE login = ?", arguments: [login])
    }

    /// All of them, for the file outside the database.
    static func all(in database: Database) throws -> [String: Watermark.Lock] {
        var locks: [String: Watermark.Lock] = [:]
        for row in try Row.fetchAll(
            database, sql: "SELECT login, wrong_count, locked_until FROM account_lock")
        {
            locks[row["login"]] = Watermark.Lock(
                wrongCount: row["wrong_count"], lockedUntil: row["locked_until"])
        }
        return locks
    }

    /// Puts back what an old copy of the database has forgotten (R-A1).
    static func restore(
        login: String, _ lock: Watermark.Lock, in database: Database
    ) throws {
        try database.execute(
            sql: """
                INSERT INTO account_lock (login, wrong_count, locked_until) VALUES (?, ?, ?)
                ON CONFLICT (login) DO UPDATE SET
                    wrong_count = max(wrong_count, excluded.wrong_count),
                    locked_until = CASE
                        WHEN coalesce(excluded.locked_until, 0) > coalesce(locked_until, 0)
                        THEN excluded.locked_until ELSE locked_until END
                """,
            arguments: [login, lock.wrongCount, lock.lockedUntil])
    }
}
