import Domain
import Journal
import PostgresDriver

/// A till's row, locked for the length of a batch: two copies of a batch that arrive together are
/// decided one after the other.
struct IngestTill: Sendable {
    let till: KnownTill
    /// The epoch of the key that sends.
    let epoch: Int
    let durable: JournalHead
    /// The till itself is in a later epoch.
    let isEarlierEpoch: Bool
    /// The key is revoked: what it brings waits for a person (S-7).
    let isQuarantined: Bool
    let isForked: Bool
    /// The last beacon it journalled; no record after it is older (R-T2).
    var lastBeacon: Instant
    /// The till's own time of its newest record.
    var lastRecord: Instant?

    static func lock(_ session: PostgresSession, _ till: KnownTill) throws -> IngestTill {
        let row = try session.queryOne(
            """
            SELECT till.epoch, durable_seq, durable_hash, forked, till.last_beacon_at,
                   till.last_record_at, till.created_at, till_key.revoked_at IS NOT NULL AS revoked,
                   till_key.last_beacon_at AS key_beacon_at,
                   till_key.last_record_at AS key_record_at
            FROM till JOIN till_key USING (till_id)
            WHERE till_id = \(till.tillID) AND till_key.epoch = \(Int32(till.epoch))
            FOR NO KEY UPDATE OF till
            """)
        guard let row else { throw TillRefusal.unknownTill }
        guard Int(try row["epoch"] as Int32) == till.epoch else {
            let beacon: Instant? = try row["key_beacon_at"]
            return IngestTill(
                till: till, epoch: till.epoch, durable: try lastStored(session, till),
                isEarlierEpoch: true, isQuarantined: true, isForked: false,
                lastBeacon: try beacon ?? row["created_at"], lastRecord: try row["key_record_at"])
        }
        return IngestTill(
            till: till, epoch: till.epoch,
            durable: JournalHead(
                sequence: try row["durable_seq"], hash: try row["durable_hash"]),
            isEarlierEpoch: false, isQuarantined: try row["revoked"],
            isForked: try row["forked"], lastBeacon: try row["last_beacon_at"],
            lastRecord: try row["last_record_at"])
    }

    /// The end of the journal of an epoch that is over.
    private static func lastStored(
        _ session: PostgresSession, _ till: KnownTill
    ) throws -> JournalHead {
        let row = try session.queryOne(
            """
            SELECT seq, hash FROM journal_record
            WHERE till_id = \(till.tillID) AND epoch = \(Int32(till.epoch))
            ORDER BY seq DESC LIMIT 1
            """)
        guard let row else {
            return JournalChain(till: till.code, epoch: till.epoch)
                .genesis(publicKey: till.publicKey)
        }
        return JournalHead(sequence: try row["seq"], hash: try row["hash"])
    }

    /// Notes that the till is a copy of another, or was restored from an old one (S-5).
    func storeFork(_ session: PostgresSession, at now: Instant) throws {
        guard !isForked, !isEarlierEpoch else { return }
        try session.execute(
            "UPDATE till SET forked = true WHERE till_id = \(till.tillID)")
        try AuditEntry(actor: .till(till.code), action: "till.fork", subject: till.code)
            .write(session, at: now)
    }

    /// Stores how far the journal is on disk and what the till says about itself.
    func store(
        _ session: PostgresSession, durable: JournalHead, header: BatchHeader, at now: Instant
    ) throws {
        guard !isEarlierEpoch else {
            return try storeEarlierEpoch(session, stated: header.tillHead.sequence, at: now)
        }
        try session.execute(
            """
            UPDATE till
            SET durable_seq = \(durable.sequence), durable_hash = \(durable.hash),
                last_beacon_at = \(lastBeacon), last_record_at = \(lastRecord as Instant?),
                stated_seq = \(header.tillHead.sequence), stated_hash = \(header.tillHead.hash),
                stated_at = \(now), last_contact_at = \(now),
                \(fragment: Tills.assignments(header.status))
            WHERE till_id = \(till.tillID)
            """)
        try Tills.noteStated(header.tillHead, tillID: till.tillID, at: now, in: session)
    }

    private func storeEarlierEpoch(
        _ session: PostgresSession, stated: Int64, at now: Instant
    ) throws {
        try session.execute(
            """
            UPDATE till_key
            SET stated_seq = greatest(stated_seq, \(stated)), stated_at = \(now),
                last_beacon_at = \(lastBeacon), last_record_at = \(lastRecord as Instant?)
            WHERE till_id = \(till.tillID) AND epoch = \(Int32(epoch))
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
            SELECT journal.seq, journal.record_id, journal.business_at, journal.state, journal.code,
                   card.fingerprint, card.mask, programme.code AS programme
            FROM journal_record AS journal
            LEFT JOIN record_identity AS identity USING (record_id, till_id, epoch, seq)
            LEFT JOIN sale ON sale.sale_id = identity.record_id AND sale.mode = 'phone'
                          AND sale.paid_by_card > 0
            LEFT JOIN card USING (card_id)
            LEFT JOIN programme USING (programme_id)
            WHERE journal.till_id = \(till.tillID) AND journal.epoch = \(Int32(epoch))
              AND journal.seq BETWEEN \(first) AND \(first + Int64(count) - 1)
            ORDER BY journal.seq
            """)
        precondition(rows.count == count, "\(rows.count) of \(count) records are stored")
        return try rows.map { row in
            var card: SaleCompleted.Card?
            if let fingerprint = try row["fingerprint"] as CardFingerprint? {
                card = .init(
                    fingerprint: fingerprint, mask: try row["mask"],
                    programme: try row["programme"])
            }
            return RecordVerdict(
                businessTime: try row["business_at"], code: try row["code"],
                id: try row["record_id"], sequence: try row["seq"], state: try row["state"],
                card: card)
        }
    }
}
