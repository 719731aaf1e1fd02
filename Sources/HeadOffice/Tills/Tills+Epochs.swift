import Domain
import PostgresDriver

extension Tills {
    /// A till's life under one key.
    struct Epoch: Sendable, Equatable {
        let epoch: Int
        let begunAt: Instant
        /// The first bytes of the key's hash, as at enrolment.
        let keyPrint: String
        /// Head office's sealing key that the till has heard of under it, and when.
        let sealingKeyID: String?
        let sealingHeardAt: Instant?
        let revokedAt: Instant?
        /// Who revoked the key; nil when it counts, or when the next epoch ended it.
        let revokedBy: String?
        /// The newest record the till ever said it has.
        let statedSequence: Int64
        let statedAt: Instant?
        /// The newest record that head office has.
        let receivedSequence: Int64
        /// Records that wait for a person.
        let quarantinedCount: Int64

        /// Records the till had and head office never got: the known gap (S-5, R-R6).
        var missing: ClosedRange<Int64>? {
            receivedSequence < statedSequence ? receivedSequence + 1...statedSequence : nil
        }
    }

    /// A till's epochs, the newest first.
    func epochs(tillCode: String) async throws -> [Epoch] {
        try await store.read { session in
            try session.query(
                """
                SELECT encode(substr(sha256(till_key.public_key), 1, 4), 'hex') AS key_print,
                       till_key.sealing_key_id, till_key.sealing_heard_at,
                       till_key.epoch, till_key.created_at, till_key.revoked_at,
                       till_key.stated_seq, till_key.stated_at, revoker.login AS revoked_by,
                       coalesce((SELECT max(seq) FROM journal_record AS record
                                 WHERE record.till_id = till.till_id
                                   AND record.epoch = till_key.epoch), 0)::bigint AS received_seq,
                       (SELECT count(*) FROM quarantined_record AS quarantined
                        JOIN exception USING (till_id, epoch, seq)
                        WHERE quarantined.till_id = till.till_id
                          AND quarantined.epoch = till_key.epoch
                          AND quarantined.decided_at IS NULL AND exception.state = 'open')
                           AS quarantined_count
                FROM till JOIN till_key USING (till_id)
                LEFT JOIN staff_account AS revoker ON staff_account_id = till_key.revoked_by
                WHERE till.code = \(tillCode)
                ORDER BY till_key.epoch DESC
                """
            ).map { row in
                Epoch(
                    epoch: Int(try row["epoch"] as Int32), begunAt: try row["created_at"],
                    keyPrint: try row["key_print"], sealingKeyID: try row["sealing_key_id"],
                    sealingHeardAt: try row["sealing_heard_at"],
                    revokedAt: try row["revoked_at"], revokedBy: try row["revoked_by"],
                    statedSequence: try row["stated_seq"], statedAt: try row["stated_at"],
                    receivedSequence: try row["received_seq"],
                    quarantinedCount: try row["quarantined_count"])
            }
        }
    }
}
