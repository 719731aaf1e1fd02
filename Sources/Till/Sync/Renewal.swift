import Domain
import Foundation
import GRDB
import Journal

/// Goes on under a new key and epoch with everything the copy holds (S-5).
///
/// The whole journal is chained anew, record for record at its old place: ids, bytes and times stay, so
/// what head office has already is a duplicate there and moves nothing, and what it lacks is posted. A
/// verdict that the till has stays too.
enum Renewal {
    /// A copy that this till went on from.
    struct Copy: Sendable, Equatable {
        let epoch: Int
        /// The time of its last record; nil when it held none.
        let lastAt: Instant?
        let at: Instant
    }

    static func apply(
        _ grant: EnrolmentGrant, office: String, publicKey: VerifyingKey, at now: Instant,
        in database: Database
    ) throws {
        let chain = JournalChain(till: grant.till, epoch: grant.epoch)
        var head = chain.genesis(publicKey: publicKey)
        var lastAt: Int64?
        let rows = try Row.fetchCursor(
            database, sql: "SELECT seq, at, bytes FROM journal_record ORDER BY seq")
        var hashes: [(sequence: Int64, hash: RecordHash)] = []
        while let row = try rows.next() {
            head = chain.head(after: head, appending: Array(row["bytes"] as Data))
            guard head.sequence == row["seq"] as Int64 else {
                throw TillStoreError(.damaged, "the copy's journal has a hole")
            }
            hashes.append((head.sequence, head.hash))
            lastAt = row["at"]
        }
        let update = try database.makeStatement(
            sql: "UPDATE journal_record SET hash = ? WHERE seq = ?")
        for (sequence, hash) in hashes {
            try update.execute(arguments: [Data(hash.bytes), sequence])
        }
        try database.execute(
            sql: "UPDATE head SET seq = ?, hash = ?",
            arguments: [head.sequence, Data(head.hash.bytes)])
        try database.execute(
            sql: """
                UPDATE identity SET epoch = ?, office = ?, public_key = ?, sealing_key_id = ?,
                    sealing_key = ?, signing_key_id = ?, signing_key = ?, enrolled_at = ?
                """,
            arguments: [
                grant.epoch, office, Data(publicKey.rawRepresentation), grant.sealingKey.id,
                Data(grant.sealingKey.rawRepresentation), grant.signingKey.id,
                Data(grant.signingKey.key.rawRepresentation), now.milliseconds,
            ])
        try database.execute(
            sql: """
                INSERT INTO renewal (epoch, renewed_at, last_seq, last_at) VALUES (?, ?, ?, ?)
                """,
            arguments: [grant.epoch, now.milliseconds, head.sequence, lastAt])
        // Everything is pulled anew; until that is complete nothing counts as fresh.
        try database.execute(
            sql: """
                UPDATE sync_state SET stopped = NULL, cursor = '', rolled_back = 1, beacon = NULL,
                    beacon_issued_at = NULL, beacon_journalled_at = NULL
                """)
        try database.execute(sql: "DELETE FROM session")
        // Another copy may hold the same keys: codes are checked with new ones only (R-P12).
        try database.execute(sql: "DELETE FROM confirmation_key")
    }

    /// Up to where the renewed journal is acknowledged; nil when all that was sent again has been.
    static func acknowledged(in database: Database) throws -> Int64? {
        try Int64.fetchOne(
            database,
            sql: """
                SELECT acknowledged FROM renewal WHERE acknowledged < last_seq
                ORDER BY epoch DESC LIMIT 1
                """)
    }

    /// Notes what head office acknowledged of it.
    static func note(_ sequence: Int64, in database: Database) throws {
        try database.execute(
            sql: """
                UPDATE renewal SET acknowledged = max(acknowledged, min(?, last_seq))
                WHERE epoch = (SELECT max(epoch) FROM renewal) AND acknowledged < last_seq
                """,
            arguments: [sequence])
    }

    /// Copies that this till went on from, the newest first.
    static func list(in database: Database) throws -> [Copy] {
        try Row.fetchAll(
            database, sql: "SELECT epoch, renewed_at, last_at FROM renewal ORDER BY epoch DESC"
        ).map { row in
            Copy(
                epoch: row["epoch"],
                lastAt: (row["last_at"] as Int64?).map { Instant(milliseconds: $0) },
                at: Instant(milliseconds: row["renewed_at"]))
        }
    }
}
