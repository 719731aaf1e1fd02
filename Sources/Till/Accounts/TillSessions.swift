import Foundation
import GRDB
import WebSupport

/// Sessions in the till's file, so that a restart signs nobody out.
struct TillSessions: SessionStore {
    let store: TillStore

    func create(_ session: Session) async throws {
        try await store.write { database in
            try database.execute(
                sql: "DELETE FROM session WHERE expires_at <= ?",
                arguments: [session.createdAt.milliseconds])
            try database.execute(
                sql: """
                    INSERT INTO session (token_hash, login, name, roles, language, form_token,
                        created_at, seen_at, idle_milliseconds, expires_at)
                    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
                    """,
                arguments: [
                    Data(session.tokenHash), session.account, session.personName,
                    session.roles.joined(separator: ","), session.language?.rawValue,
                    session.formToken, session.createdAt.milliseconds,
                    session.lastSeenAt.milliseconds, session.idleLimit.wholeMilliseconds,
                    session.expiresAt.milliseconds,
                ])
        }
    }

    func find(tokenHash: [UInt8]) async throws -> Session? {
        try await store.read { database in
            let row = try Row.fetchOne(
                database,
                sql: """
                    SELECT s.login, s.name, s.language, s.form_token, s.created_at, s.seen_at,
                        s.idle_milliseconds, s.expires_at
                    FROM session AS s JOIN account AS a ON a.login = s.login
                    WHERE s.token_hash = ? AND a.disabled = 0
                    """,
                arguments: [Data(tokenHash)])
            // The account as it is now: it may have been changed while its person signed in.
            guard let row, let account = try Accounts.find(row["login"], in: database) else {
                return nil
            }
            return Session(
                tokenHash: tokenHash, account: row["login"], personName: row["name"],
                roles: account.roles,
                language: (row["language"] as String?).flatMap(Language.init(rawValue:)),
                formToken: row["form_token"],
                createdAt: WebTime(milliseconds: row["created_at"]),
                lastSeenAt: WebTime(milliseconds: row["seen_at"]),
                idleLimit: .milliseconds(row["idle_milliseconds"] as Int64),
                expiresAt: WebTime(milliseconds: row["expires_at"]))
        }
    }

    func touch(tokenHash: [UInt8], at time: WebTime) async throws {
        try await update("seen_at", time.milliseconds, tokenHash)
    }

    func setLanguage(_ language: Language, tokenHash: [UInt8]) async throws {
        try await update("language", language.rawValue, tokenHash)
    }

    func end(tokenHash: [UInt8]) async throws {
        try await store.write { database in
            try database.execute(
                sql: "DELETE FROM session WHERE token_hash = ?", arguments: [Data(tokenHash)])
        }
    }

    func endAll(account: String) async throws {
        try await store.write { database in
            try database.execute(
                sql: "DELETE FROM session WHERE login = ?", arguments: [account])
        }
    }

    private func update(
        _ column: String, _ value: any DatabaseValueConvertible & Sendable, _ tokenHash: [UInt8]
    ) async throws {
        try await store.write { database in
            try database.execute(
                sql: "UPDATE session SET \(column) = ? WHERE token_hash = ?",
                arguments: [value, Data(tokenHash)])
        }
    }
}
