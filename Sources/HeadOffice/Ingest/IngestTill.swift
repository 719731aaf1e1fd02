import Domain
import Journal
import PostgresDriver

/// A till's row, locked for the length of a batch: two copies of a batch that arrive together are
/// decided one after the other.
struct IngestTill: Sendable {
    let till: KnownTill
    let epoch: Int
    let durable: JournalHead
    let isForked: Bool
    /// The last beacon it journalled; no record after it is older (R-T2).
    var lastBeacon: Instant
    /// The till's own time of its newest record.
    var lastRecord: Instant?

    static func lock(_ session: PostgresSession, _ till: KnownTill) throws -> IngestTill {
        let row = try session.queryOne(
            """
            SELECT epoch, durable_seq, durable_hash, forked, last_beacon_at, last_record_at
            FROM till WHERE till_id = \(till.tillID)
            FOR NO KEY UPDATE
            """)
        guard let row else { throw TillRefusal.unknownTill }
        return IngestTill(
            till: till, epoch: Int(try row["epoch"] as Int32),
            durable: JournalHead(
                sequence: try row["durable_seq"], hash: try row["durable_hash"]),
            isForked: try row["forked"], lastBeacon: try row["last_beacon_at"],
            lastRecord: try row["last_record_at"])
    }

    /// Notes that the till is a copy of another, or was restored from an old one (S-5).
    func storeFork(_ session: PostgresSession, at now: Instant) throws {
        guard !isForked else { return }
        try session.execute(
            "UPDATE till SET forked = true WHERE till_id = \(till.tillID)")
        try AuditEntry(actor: .till(till.code), action: "till.fork", subject: till.code)
            .write(session, at: now)
    }

    /// Stores how far the journal is on disk and what the till says about itself.
    func store(
        _ session: PostgresSession, durable: JournalHead, header: BatchHeader, at now: Instant
    ) throws {
        let status = header.status
        try session.execute(
            """
            UPDATE till
            SET durable_seq = \(durable.sequence), durable_hash = \(durable.hash),
                last_beacon_at = \(lastBeacon), last_record_at = \(lastRecord as Instant?),
                stated_seq = \(header.tillHead.sequence), stated_hash = \(header.tillHead.hash),
                stated_at = \(now), last_contact_at = \(now),
                clock_offset = \(status.clockOffset as Int64?),
                unsent_count = \(Int64(status.unsentCount)),
                unsent_value = \(status.unsentValue),
                oldest_unsent_at = \(status.oldestUnsent as Instant?),
                version = \(status.version)
            WHERE till_id = \(till.tillID)
            """)
    }

    /// The stored hash at a position of this epoch.
    func hash(_ session: PostgresSession, at sequence: Int64) throws -> RecordHash? {
        try session.queryOne(
            """
            SELECT hash FROM journal_record
            WHERE till_id = \(till.tillID) AND epoch = \(Int32(epoch)) AND seq = \(sequence)
            """
        )?.decode("hash")
    }

    /// The verdicts given before, in order.
    func verdicts(
        _ session: PostgresSession, from first: Int64, count: Int
    ) throws -> [RecordVerdict] {
        guard count > 0 else { return [] }
        let rows = try session.query(
            """
            SELECT seq, record_id, business_at, state, code FROM journal_record
            WHERE till_id = \(till.tillID) AND epoch = \(Int32(epoch))
              AND seq BETWEEN \(first) AND \(first + Int64(count) - 1)
            ORDER BY seq
            """)
        precondition(rows.count == count, "\(rows.count) of \(count) records are stored")
        return try rows.map { row in
            RecordVerdict(
                businessTime: try row["business_at"], code: try row["code"],
                id: try row["record_id"], sequence: try row["seq"], state: try row["state"])
        }
    }
}
