import Domain
import Foundation
import GRDB
import Journal

/// The business transactions of sync.
extension TillStore {
    /// How old the last journalled beacon may be before the next is journalled.
    static let beaconIntervalMilliseconds: Int64 = 600_000

    /// Notes a verified contact: time, clock offset, and the beacon in the journal when one is due.
    ///
    /// - Parameter wasOffline: the line was down before; then the beacon stands in the journal
    ///   before anything that follows (PROTOCOL §2).
    func noteContact(
        _ beacon: Beacon, offset: Int64?, wasOffline: Bool, id: RecordID, at now: Instant,
        book: JournalBook
    ) async throws {
        try await write { [watermark] database in
            let state = try SyncState.load(in: database)
            // Replies overtake each other; an older beacon proves nothing more.
            if let last = state.beaconIssuedAt, beacon.issued < last { return }
            try database.execute(
                sql: """
                    UPDATE sync_state SET last_contact_at = ?, beacon = ?, beacon_issued_at = ?,
                        highest_time = ?,
                        clock_offset = coalesce(?, clock_offset),
                        offset_measured_at = CASE WHEN ? IS NULL THEN offset_measured_at ELSE ? END
                    """,
                arguments: [
                    now.milliseconds, beacon.token, beacon.issued.milliseconds,
                    beacon.issued.milliseconds, offset, offset,
                    now.milliseconds,
                ])
            try watermark.note(beacon.issued, isOfficesWord: true)
            let age = state.beaconJournalledAt.map { beacon.issued.milliseconds(since: $0) }
            guard wasOffline || (age ?? .max) >= Self.beaconIntervalMilliseconds else { return }
            try book.append(.beacon(.init(token: beacon.token)), id: id, at: now, in: database)
            try database.execute(
                sql: "UPDATE sync_state SET beacon_journalled_at = ?",
                arguments: [beacon.issued.milliseconds])
        }
    }

    /// Sets the clock's offset, as a refusal for the clock told it.
    func correctClock(offset: Int64, at now: Instant) async throws {
        try await write { [watermark] database in
            try watermark.note(now.adding(milliseconds: offset), isOfficesWord: true)
            try database.execute(
                sql: """
                    UPDATE sync_state SET clock_offset = ?, offset_measured_at = ?,
                        highest_time = ?
                    """,
                arguments: [
                    offset, now.milliseconds, now.adding(milliseconds: offset).milliseconds,
                ])
        }
    }

    /// Stores a batch's verdicts in one transaction. A record keeps its first verdict.
    func applyVerdicts(_ verdicts: [RecordVerdict], at now: Instant) async throws {
        try await write { database in
            for verdict in verdicts {
                // Of a record that came back under a new key, what it was the first time stands.
                let stands =
                    verdict.first ?? VerdictChange(code: verdict.code, state: verdict.state)
                try database.execute(
                    sql: """
                        UPDATE journal_record SET verdict = ?, verdict_code = ?,
                            business_time = ?, judged_at = ?
                        WHERE seq = ? AND verdict IS NULL
                        """,
                    arguments: [
                        stands.state.rawValue, stands.code, verdict.businessTime.milliseconds,
                        now.milliseconds, verdict.sequence,
                    ])
                if let password = verdict.password {
                    try database.execute(
                        sql: "UPDATE journal_record SET password_verdict = ? WHERE seq = ?",
                        arguments: [Data(password.bytes), verdict.sequence])
                }
                try database.execute(
                    sql: "UPDATE sale SET business_time = ? WHERE seq = ?",
                    arguments: [verdict.businessTime.milliseconds, verdict.sequence])
                guard let card = verdict.card else { continue }
                try database.execute(
                    sql: """
                        UPDATE sale SET fingerprint = ?, mask = ?, programme = ?
                        WHERE seq = ? AND mode = 'phone' AND fingerprint = ''
                        """,
                    arguments: [
                        card.fingerprint.text, card.mask, card.programme, verdict.sequence,
                    ])
            }
            if let last = verdicts.last { try Renewal.note(last.sequence, in: database) }
            try Self.deleteJudgedCredentials(in: database)
        }
    }

    /// Applies items and cursor in one transaction.
    func applyChanges(_ reply: ChangesReply) async throws {
        try await write { [watermark] database in
            for item in reply.items {
                try Changes.apply(item, in: database)
            }
            try Self.deleteJudgedCredentials(in: database)
            let isComplete = reply.complete != nil
            try database.execute(
                sql: """
                    UPDATE sync_state SET cursor = ?, complete_at = coalesce(?, complete_at),
                        rolled_back = CASE WHEN ? THEN 0 ELSE rolled_back END
                    """,
                arguments: [reply.next.text, reply.complete?.at.milliseconds, isComplete])
            let stored = try WatermarkFile.load(in: database)
            try watermark.update { mark in
                // Head office has said again all that counts: what it says now is the highest.
                mark.limitsVersion =
                    isComplete
                    ? stored.limitsVersion : max(mark.limitsVersion, stored.limitsVersion)
                mark.blockListVersion =
                    isComplete
                    ? stored.blockListVersion : max(mark.blockListVersion, stored.blockListVersion)
                mark.accountsVersion =
                    isComplete
                    ? stored.accountsVersion : max(mark.accountsVersion, stored.accountsVersion)
            }
        }
    }

    /// Sealed bytes go once right or wrong is durable, never while the password was not checked
    /// (R-W5).
    private static func deleteJudgedCredentials(in database: Database) throws {
        try database.execute(
            sql: """
                UPDATE journal_record SET credential = NULL
                WHERE credential IS NOT NULL AND verdict IS NOT NULL AND verdict <> 'held'
                    AND coalesce(verdict_code, '') <> 'password_not_checked'
                """)
    }

    /// Stops selling until a person acts; what is stored stays and, where allowed, is delivered.
    func stopSelling(_ reason: SyncSender.StopReason) async throws {
        try await write { database in
            try database.execute(
                sql: "UPDATE sync_state SET stopped = ?", arguments: [reason.rawValue])
        }
    }

    /// Where a sender starts: head, the last position below which everything has a verdict, cursor.
    func syncStart() async throws -> (head: JournalHead, acknowledged: Int64, cursor: ChangesCursor)
    {
        try await read { database in
            let head = try JournalBook.head(in: database)
            let firstUnsent = try Int64.fetchOne(
                database, sql: "SELECT min(seq) FROM journal_record WHERE verdict IS NULL")
            let cursor = ChangesCursor(try SyncState.load(in: database).cursor) ?? .start
            let judged = (firstUnsent ?? head.sequence + 1) - 1
            let acknowledged = try Renewal.acknowledged(in: database) ?? judged
            return (head, min(judged, acknowledged), cursor)
        }
    }

    /// Frames the records from a position on.
    func makeBatch(
        from first: Int64, bounds: BatchBounds, batch: RecordID, identity: TillIdentity,
        printers: [TillStatus.Printer]? = nil
    ) async throws -> BatchFrame? {
        let book = JournalBook(identity)
        return try await read { database in
            let head = try JournalBook.head(in: database)
            let entries = try JournalBook.entries(from: first, bounds: bounds, in: database)
            guard !entries.isEmpty,
                let previous = try book.head(
                    at: first - 1, publicKey: identity.signingKey.verifyingKey, in: database)
            else { return nil }
            return BatchFrame(
                batch: batch, chain: identity.chain, after: previous,
                entries: entries.map { BatchEntry(record: $0.bytes, credential: $0.credential) },
                tillHead: head, status: try Self.tillStatus(printers: printers, in: database))
        }
    }

    /// The chain's hash at a position of this till's journal; nil when it does not reach there.
    func ownHash(at sequence: Int64, identity: TillIdentity) async throws -> RecordHash? {
        try await read { database in
            try JournalBook(identity).head(
                at: sequence, publicKey: identity.signingKey.verifyingKey, in: database)?.hash
        }
    }

    /// What the till says of itself with each batch and each pull.
    static func tillStatus(
        printers: [TillStatus.Printer]? = nil, in database: Database
    ) throws -> TillStatus {
        let unsent = try Unsent.load(in: database)
        return TillStatus(
            clockOffset: try SyncState.load(in: database).clockOffset,
            oldestUnsent: unsent.oldest, printers: printers, unsentCount: Int(unsent.recordCount),
            unsentValue: unsent.value, version: TillProgram.version)
    }
}

/// Records without a verdict, and what their sales come to.
struct Unsent: Sendable, Equatable {
    let recordCount: Int64
    let saleCount: Int64
    let value: Money
    let oldest: Instant?

    static func load(in database: Database) throws -> Unsent {
        let row = try Row.fetchOne(
            database,
            sql: """
                SELECT count(*) AS records, min(j.at) AS oldest, count(s.id) AS sales,
                    coalesce(sum(s.total), 0) AS value
                FROM journal_record AS j LEFT JOIN sale AS s ON s.seq = j.seq
                WHERE j.verdict IS NULL
                """)
        return Unsent(
            recordCount: row?["records"] ?? 0, saleCount: row?["sales"] ?? 0,
            value: Money(fen: row?["value"] ?? 0),
            oldest: (row?["oldest"] as Int64?).map { Instant(milliseconds: $0) })
    }
}

/// The program as it names itself to head office.
enum TillProgram {
    static let version = "1.0.0"
}
