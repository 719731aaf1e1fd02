import Domain
import Journal
import PostgresDriver

/// A till as a request's key id names it.
struct KnownTill: Sendable, Equatable {
    let tillID: Int64
    let code: String
    /// The key's epoch; the till itself may be in a later one.
    let epoch: Int
    let storeID: Int64
    let storeCode: String
    /// Of the store, GB/T 2260.
    let province: String
    let publicKey: VerifyingKey
    let isRevoked: Bool
    /// Head office suspended the store: nothing is begun there, what was sold is still delivered.
    var isStoreSuspended = false
}

extension Tills {
    /// The till and key of a key id; nil when head office has no such key.
    func known(code: String, epoch: Int) async throws -> KnownTill? {
        try await store.read { session in
            try Self.known(code: code, epoch: epoch, in: session)
        }
    }

    /// The same, inside a transaction.
    static func known(
        code: String, epoch: Int, in session: PostgresSession
    ) throws -> KnownTill? {
        let row = try session.queryOne(
            """
            SELECT till.till_id, till.store_id, store.code AS store_code, store.province,
                   store.suspended, till_key.public_key,
                   (till_key.revoked_at IS NOT NULL OR till.epoch <> till_key.epoch) AS revoked
            FROM till
            JOIN store USING (store_id)
            JOIN till_key USING (till_id)
            WHERE till.code = \(code) AND till_key.epoch = \(Int32(epoch))
            """)
        guard let row, let key = VerifyingKey(rawRepresentation: try row["public_key"])
        else { return nil }
        return KnownTill(
            tillID: try row["till_id"], code: code, epoch: epoch,
            storeID: try row["store_id"], storeCode: try row["store_code"],
            province: try row["province"], publicKey: key, isRevoked: try row["revoked"],
            isStoreSuspended: try row["suspended"])
    }

    /// Notes a nonce; false when this key used it before.
    func noteNonce(_ nonce: RequestNonce, tillID: Int64) async throws -> Bool {
        let now = store.clock.now()
        return try await store.read { session in
            try session.execute(
                """
                INSERT INTO request_nonce (till_id, nonce, seen_at)
                VALUES (\(tillID), \(nonce.bytes), \(now))
                ON CONFLICT DO NOTHING
                """) == 1
        }
    }

    /// Keeps the newest record a till ever said it has, in each of its epochs: what head office never got of it is a
    /// known gap (S-5).
    static func noteStated(
        _ head: JournalHead, tillID: Int64, at now: Instant, in session: PostgresSession
    ) throws {
        try session.execute(
            """
            UPDATE till_key SET stated_seq = \(head.sequence), stated_at = \(now)
            FROM till
            WHERE till.till_id = \(tillID) AND till_key.till_id = till.till_id
              AND till_key.epoch = till.epoch AND till_key.stated_seq < \(head.sequence)
            """)
        guard head.sequence >= 1 else { return }
        try session.execute(
            """
            INSERT INTO till_head (till_id, epoch, seq, hash, stated_at)
            SELECT till_id, epoch, \(head.sequence), \(head.hash), \(now) FROM till
            WHERE till_id = \(tillID)
            ON CONFLICT DO NOTHING
            """)
    }

    /// What a till says about itself, as assignments to its row; one that says nothing of its printers leaves
    /// what it said before.
    static func assignments(_ status: TillStatus) -> SQL {
        let printers = status.printers.map {
            PostgresJSON(String(decoding: $0.wire.canonicalBytes, as: UTF8.self))
        }
        return """
            clock_offset = \(status.clockOffset as Int64?),
            unsent_count = \(Int64(status.unsentCount)), unsent_value = \(status.unsentValue),
            oldest_unsent_at = \(status.oldestUnsent as Instant?), version = \(status.version),
            printers = coalesce(\(printers as PostgresJSON?), printers)
            """
    }

    /// Notes that the till is there, and the newest record it says it has (R-R6).
    ///
    /// - Shape: while a batch of the till is being taken in nothing is noted and nobody waits (S-4):
    ///   the batch notes the same.
    func noteContact(
        tillID: Int64, head: JournalHead?, status: TillStatus? = nil
    ) async throws {
        let now = store.clock.now()
        try await store.read { session in
            let told: SQL = status.map { "\(fragment: Self.assignments($0))," } ?? ""
            try session.execute(
                """
                UPDATE till
                SET \(fragment: told) last_contact_at = \(now),
                    stated_seq = coalesce(\(head?.sequence as Int64?), stated_seq),
                    stated_hash = coalesce(\(head?.hash as RecordHash?), stated_hash),
                    stated_at = CASE WHEN \(head?.sequence as Int64?) IS NULL THEN stated_at ELSE \(now) END
                WHERE till_id = (SELECT till_id FROM till WHERE till_id = \(tillID)
                                 FOR NO KEY UPDATE SKIP LOCKED)
                """)
            if let head { try Self.noteStated(head, tillID: tillID, at: now, in: session) }
        }
    }
}
