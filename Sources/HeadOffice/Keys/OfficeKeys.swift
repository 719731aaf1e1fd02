// Head office's own keys: which there are and since when. The sealing key is changed at the shell; tills learn the new
// one by the change feed, and an earlier one is kept until no till can hold records under it (R-W5).

public import Domain
import Journal
import PostgresDriver

/// Head office's own keys by their ids.
public struct OfficeKeys: Sendable {
    let store: OfficeStore

    /// On head office's database.
    public init(store: OfficeStore) {
        self.store = store
    }

    /// How long after a till heard of a new sealing key a payment begun under the earlier one may still be recorded.
    static let settlingTime: Int64 = 86_400_000

    /// A key.
    public struct Listed: Sendable, Equatable {
        /// `signing` or `sealing`.
        public let kind: String
        /// As on the wire.
        public let keyID: String
        /// When head office first ran with it.
        public let since: Instant
        /// When another took its place; nil for the present one.
        public let supersededAt: Instant?
        /// Keys of tills under which records sealed to it may still come.
        public let tillCount: Int64
        /// Sealed passwords that wait here for a person or for a lock to open.
        public let waitingCount: Int64

        /// Whether nothing needs an earlier sealing key any more.
        public var mayBeRemoved: Bool {
            kind == "sealing" && supersededAt != nil && tillCount == 0 && waitingCount == 0
        }
    }

    /// Notes the keys head office runs with and tells tills the present sealing key.
    ///
    /// - Repetition: with the same keys nothing changes.
    func publish(at now: Instant) async throws {
        let secrets = store.secrets
        let present = secrets.openingKey.sealingKey
        let earlier = secrets.openingKeys.dropFirst().map(\.id)
        try await store.write { session in
            try session.execute(
                """
                INSERT INTO office_key (kind, key_id, since, superseded_at)
                SELECT 'signing', \(secrets.signingKeyID), \(now), NULL::timestamptz
                UNION ALL SELECT 'sealing', \(present.id), \(now), NULL
                UNION ALL SELECT 'sealing', key_id, \(now), \(now)
                          FROM unnest(\(Array(earlier))) AS key_id
                ON CONFLICT (kind, key_id) DO NOTHING
                """)
            try session.execute(
                """
                UPDATE office_key SET superseded_at = \(now)
                WHERE superseded_at IS NULL
                  AND (kind, key_id) NOT IN (('signing', \(secrets.signingKeyID)),
                                             ('sealing', \(present.id)))
                """)
            try ChangeItems.publishSealingKey(present, in: session)
        }
    }

    /// Every key that is still kept, the present ones first.
    public func list(at now: Instant) async throws -> [Listed] {
        try await store.read { session in try Self.list(at: now, in: session) }
    }

    /// The same for people.
    ///
    /// - Refuses: `.roleMissing`.
    func list(by actor: StaffActor, at now: Instant) async throws -> [Listed] {
        try actor.require(.operator, .auditor, .storeAdministrator)
        return try await list(at: now)
    }

    private static func list(at now: Instant, in session: PostgresSession) throws -> [Listed] {
        let (ended, settled) = (
            now.adding(milliseconds: -CardVerifier.life),
            now.adding(milliseconds: -Self.settlingTime)
        )
        return try session.query(
            """
            SELECT kind, key_id, since, superseded_at,
                   CASE WHEN kind = 'sealing' AND superseded_at IS NOT NULL THEN (
                       SELECT count(*) FROM till_key JOIN till USING (till_id)
                       WHERE (till_key.created_at < office_key.superseded_at
                              OR till_key.epoch > 1)
                         AND (till_key.revoked_at IS NULL OR till_key.revoked_at > \(ended))
                         AND NOT coalesce(
                             till_key.sealing_key_id <> office_key.key_id
                             AND till_key.sealing_heard_at <= \(settled)
                             AND till_key.sealing_heard_at >= office_key.superseded_at
                             AND till_key.sealing_heard_seq <= CASE
                                 WHEN till.epoch = till_key.epoch THEN till.durable_seq
                                 ELSE (SELECT coalesce(max(seq), 0) FROM journal_record AS record
                                       WHERE record.till_id = till_key.till_id
                                         AND record.epoch = till_key.epoch) END, false))
                   ELSE 0 END AS tills,
                   (SELECT count(*) FROM (
                        SELECT sealed FROM pending_credential
                        UNION ALL
                        SELECT sealed FROM quarantined_record WHERE sealed IS NOT NULL) AS kept
                    WHERE office_key.kind = 'sealing'
                      AND substring(sealed FROM 2 FOR get_byte(sealed, 0))
                          = convert_to(office_key.key_id, 'UTF8')) AS waiting
            FROM office_key WHERE removed_at IS NULL
            ORDER BY superseded_at IS NOT NULL, kind DESC, since DESC, key_id
            """
        ).map { row in
            Listed(
                kind: try row["kind"], keyID: try row["key_id"], since: try row["since"],
                supersededAt: try row["superseded_at"], tillCount: try row["tills"],
                waitingCount: try row["waiting"])
        }
    }

    /// Notes at the shell that the sealing key was changed; head office goes on with the new one once it is started again.
    public func noteRenewal(of keyID: String, at now: Instant) async throws {
        try await note("keys.renew_sealing", keyID, at: now)
    }

    /// Agrees to remove an earlier sealing key, or refuses; the file is the caller's.
    ///
    /// - Refuses, first match wins: `OfficeKeysRefusal.unknownKey`, `.keyNeeded`.
    /// - Repetition: of a key removed before changes nothing, so that a file left behind goes too.
    public func remove(_ keyID: String, at now: Instant) async throws {
        try await store.write { session in
            let row = try session.queryOne(
                """
                SELECT removed_at IS NOT NULL AS is_removed FROM office_key
                WHERE kind = 'sealing' AND key_id = \(keyID) FOR NO KEY UPDATE
                """)
            if let row, try row["is_removed"] { return }
            let found = try Self.list(at: now, in: session)
                .first { $0.kind == "sealing" && $0.keyID == keyID }
            guard let found, found.supersededAt != nil else { throw OfficeKeysRefusal.unknownKey }
            guard found.mayBeRemoved else { throw OfficeKeysRefusal.keyNeeded }
            try session.execute(
                """
                UPDATE office_key SET removed_at = \(now)
                WHERE kind = 'sealing' AND key_id = \(keyID)
                """)
            try AuditEntry(actor: .shell, action: "keys.remove_sealing", subject: keyID)
                .write(session, at: now)
        }
    }

    /// Whether some of what is sealed is under a key that another program on this database was started with after this
    /// one's newest: this one opens it once it is started again. An older key that is lost is lost.
    static func areElsewhere(
        _ sealed: [[UInt8]], opening keys: [OpeningKey], in session: PostgresSession
    ) throws -> Bool {
        let here = keys.map(\.id)
        let others = Set(sealed.compactMap { SealedCredential(bytes: $0)?.keyID })
            .subtracting(here)
        guard !others.isEmpty else { return false }
        return try session.queryOne(
            """
            SELECT FROM office_key
            WHERE kind = 'sealing' AND key_id = ANY (\(Array(others))) AND removed_at IS NULL
              AND since > (SELECT max(since) FROM office_key
                           WHERE kind = 'sealing' AND key_id = ANY (\(here)))
            """) != nil
    }

    private func note(_ action: String, _ keyID: String, at now: Instant) async throws {
        try await store.write { session in
            try AuditEntry(actor: .shell, action: action, subject: keyID).write(session, at: now)
        }
    }
}

/// Why an earlier key is not removed. The cases stand in the order they are checked.
public enum OfficeKeysRefusal: String, OfficeRefusal, CaseIterable {
    /// There is no earlier sealing key of that id.
    case unknownKey = "unknown_key"
    /// A till may still hold records under it, or a sealed password waits here.
    case keyNeeded = "key_needed"
    /// Another program on this database has the key that the password is sealed to; this one must be started again.
    case keyElsewhere = "key_elsewhere"

    /// It comes right by itself once the program is started again.
    public var isTransient: Bool { self == .keyElsewhere }
}

extension ChangeItems {
    /// The key that tills seal numbers and passwords to.
    static func publishSealingKey(_ key: SealingKey, in session: PostgresSession) throws {
        let body = PostgresJSON(String(decoding: key.wire.canonicalBytes, as: UTF8.self))
        try publish(
            "SELECT '*', 'sealing_key', 'current', \(body)::jsonb, false", in: session)
    }
}

extension Tills {
    /// Notes which sealing key a till has that knows everything up to `cursor`, and where its journal ended.
    static func noteSealingKey(
        _ till: KnownTill, headSequence: Int64, cursor: ChangeCursor, at now: Instant,
        in session: PostgresSession
    ) throws {
        let transaction = String(cursor.transaction)
        try session.execute(
            """
            UPDATE till_key
            SET sealing_key_id = change.body ->> 'id', sealing_heard_seq = \(headSequence),
                sealing_heard_at = \(now)
            FROM change
            WHERE change.scope = '*' AND change.topic = 'sealing_key' AND change.key = 'current'
              AND (changed_in, change_id) <= (\(transaction)::xid8, \(cursor.changeID))
              AND \(transaction)::xid8 < pg_snapshot_xmax(pg_current_snapshot())
              AND till_key.till_id = \(till.tillID) AND till_key.epoch = \(Int32(till.epoch))
              AND till_key.sealing_key_id IS DISTINCT FROM change.body ->> 'id'
            """)
    }
}
