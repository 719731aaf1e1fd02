import Domain
import Foundation
import GRDB
import Journal

/// The QR of a payment as it stands on disk.
struct PhoneRow: Sendable, Equatable {
    let payment: RecordID
    /// The confirmation key that checks its code; a new QR of the same payment keeps it.
    let keyNumber: Int
    let token: String
    /// What the QR says, an address at head office.
    let address: String
    let expires: Instant
    /// Wrong codes so far.
    let wrongCount: Int

    var triesLeft: Int { max(0, ConfirmationTries.countMax - wrongCount) }

    static func find(_ payment: RecordID, in database: Database) throws -> PhoneRow? {
        try Row.fetchOne(
            database,
            sql: """
                SELECT payment, key_number, token, address, expires_at, wrong_count
                FROM phone_request WHERE payment = ?
                """,
            arguments: [payment.description]
        ).map { row in
            PhoneRow(
                payment: payment, keyNumber: row["key_number"], token: row["token"],
                address: row["address"], expires: Instant(milliseconds: row["expires_at"]),
                wrongCount: row["wrong_count"])
        }
    }
}

/// A confirmation key as it stands on disk, with head office's address for phones.
struct StoredConfirmationKey: Sendable, Equatable {
    let key: ConfirmationKey
    let address: String

    static func newest(in database: Database) throws -> StoredConfirmationKey? {
        try Row.fetchOne(
            database,
            sql: """
                SELECT number, key, address FROM confirmation_key ORDER BY number DESC LIMIT 1
                """
        ).flatMap(stored)
    }

    static func find(_ number: Int, in database: Database) throws -> StoredConfirmationKey? {
        try Row.fetchOne(
            database, sql: "SELECT number, key, address FROM confirmation_key WHERE number = ?",
            arguments: [number]
        ).flatMap(stored)
    }

    private static func stored(_ row: Row) -> StoredConfirmationKey? {
        ConfirmationKey(number: row["number"], rawRepresentation: Array(row["key"] as Data))
            .map { StoredConfirmationKey(key: $0, address: row["address"]) }
    }
}

extension TillStore {
    /// Stores the key that head office gave; older ones go once no open payment needs them.
    func storeConfirmationKey(_ reply: ConfirmationKeyReply, at now: Instant) async throws {
        try await write { database in
            try database.execute(
                sql: """
                    INSERT INTO confirmation_key (number, key, address, received_at)
                    VALUES (?, ?, ?, ?)
                    ON CONFLICT (number) DO UPDATE SET address = excluded.address
                    """,
                arguments: [
                    reply.key.number, Data(reply.key.rawRepresentation), reply.address,
                    now.milliseconds,
                ])
            try database.execute(
                sql: """
                    DELETE FROM confirmation_key
                    WHERE number < ? AND number NOT IN (
                        SELECT r.key_number FROM phone_request AS r
                        JOIN payment AS p ON p.id = r.payment WHERE p.ended_at IS NULL)
                    """,
                arguments: [reply.key.number])
        }
    }
}
