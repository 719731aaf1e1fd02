public import Domain
import Journal
import PostgresDriver

extension Tills {
    struct WaitingEnrolment {
        let storeID: Int64
        let storeCode: String
        let publicKey: [UInt8]
        let name: String
        let renewedTillID: Int64?
    }

    struct OpenedTill {
        let id: Int64
        let code: String
        let epoch: Int
    }

    static func lockWaiting(
        _ session: PostgresSession, _ enrolmentID: Int64
    ) throws -> WaitingEnrolment {
        let row = try session.queryOne(
            """
            SELECT enrolment.state, enrolment.store_id, enrolment.public_key, enrolment.name,
                   store.code, store.suspended, enrolment_code.till_id AS renewed_till_id
            FROM enrolment
            JOIN store USING (store_id)
            JOIN enrolment_code USING (code_hash)
            WHERE enrolment_id = \(enrolmentID)
            FOR UPDATE OF enrolment
            """)
        guard let row else { throw TillRefusal.unknownEnrolment }
        guard try row["state"] == "waiting" else { throw TillRefusal.alreadyDecided }
        guard try !row.decode("suspended", as: Bool.self) else { throw TillRefusal.storeSuspended }
        return WaitingEnrolment(
            storeID: try row["store_id"], storeCode: try row["code"],
            publicKey: try row["public_key"], name: try row["name"],
            renewedTillID: try row["renewed_till_id"])
    }

    /// A new till under the store's next number.
    static func open(
        _ session: PostgresSession, _ waiting: WaitingEnrolment, _ now: Instant
    ) throws -> OpenedTill {
        let numbered = try session.queryOne(
            """
            UPDATE store SET next_till_number = next_till_number + 1
            WHERE store_id = \(waiting.storeID) AND next_till_number <= 99
            RETURNING next_till_number - 1 AS number
            """)
        guard let numbered else { throw TillRefusal.tillNumbersUsedUp }
        let number = Int(try numbered.decode("number", as: Int32.self))
        let code = "\(waiting.storeCode)-\(number < 10 ? "0" : "")\(number)"
        let genesis = try Self.genesis(till: code, epoch: 1, publicKey: waiting.publicKey)
        let made = try session.queryOne(
            """
            INSERT INTO till
                (store_id, number, code, name, durable_hash, last_beacon_at, created_at)
            VALUES (\(waiting.storeID), \(Int32(number)), \(code), \(waiting.name), \(genesis),
                    \(now), \(now))
            RETURNING till_id
            """)
        guard let made else { preconditionFailure("an INSERT … RETURNING gave no row") }
        let id: Int64 = try made["till_id"]
        try addKey(session, tillID: id, epoch: 1, waiting, now)
        return OpenedTill(id: id, code: code, epoch: 1)
    }

    /// A till that goes on under a new key: the old one is dead, the journal starts anew (S-5). The last
    /// beacon stays, because what it brings again keeps its own time (R-T2).
    static func renew(
        _ session: PostgresSession, _ tillID: Int64, _ waiting: WaitingEnrolment,
        _ now: Instant
    ) throws -> OpenedTill {
        let row = try session.queryOne(
            "SELECT code, epoch FROM till WHERE till_id = \(tillID) FOR NO KEY UPDATE")
        guard let row else { throw TillRefusal.unknownTill }
        let code: String = try row["code"]
        let epoch = Int(try row.decode("epoch", as: Int32.self)) + 1
        let genesis = try Self.genesis(till: code, epoch: epoch, publicKey: waiting.publicKey)
        try session.execute(
            """
            UPDATE till_key
            SET revoked_at = coalesce(revoked_at, \(now)), last_beacon_at = till.last_beacon_at,
                last_record_at = till.last_record_at
            FROM till
            WHERE till.till_id = \(tillID) AND till_key.till_id = till.till_id
              AND till_key.epoch = till.epoch
            """)
        try session.execute(
            """
            UPDATE till
            SET epoch = \(Int32(epoch)), durable_seq = 0, durable_hash = \(genesis),
                forked = false, stated_seq = 0, stated_hash = NULL, last_record_at = NULL,
                name = \(waiting.name)
            WHERE till_id = \(tillID)
            """)
        try addKey(session, tillID: tillID, epoch: epoch, waiting, now)
        return OpenedTill(id: tillID, code: code, epoch: epoch)
    }

    private static func addKey(
        _ session: PostgresSession, tillID: Int64, epoch: Int, _ waiting: WaitingEnrolment,
        _ now: Instant
    ) throws {
        try session.execute(
            """
            INSERT INTO till_key (till_id, epoch, public_key, created_at)
            VALUES (\(tillID), \(Int32(epoch)), \(waiting.publicKey), \(now))
            """)
    }

    /// A till as the status page shows it (PRODUCT §3.2).
    public struct Status: Sendable, Equatable {
        /// `GD0001-01`.
        public let code: String
        /// What the till calls itself.
        public let name: String
        /// The store's code.
        public let storeCode: String
        /// The store's name.
        public let storeName: String
        /// The province of the store, GB/T 2260.
        public let province: String
        /// Which epoch of the till counts.
        public let epoch: Int
        /// Whether its key is revoked.
        public let isRevoked: Bool
        /// Whether it was found restored or cloned (S-5).
        public let isForked: Bool
        /// When head office last heard from it.
        public let lastContact: Instant?
        /// The last record head office has on disk.
        public let durableSequence: Int64
        /// The newest record the till said it has.
        public let statedSequence: Int64
        /// How far head office is ahead of the till's clock, as the till last said, in milliseconds.
        public let clockOffset: Int64?
        /// Unsent records, as the till last said.
        public let unsentCount: Int64
        /// Fen of unsent sales, as the till last said.
        public let unsentValue: Int64
        /// The age of the oldest unsent record, as the till last said.
        public let oldestUnsent: Instant?
        /// The till's program.
        public let version: String
    }

    /// One till.
    ///
    /// - Refuses: `.roleMissing`.
    func status(tillCode: String, by actor: StaffActor) async throws -> Status? {
        try Self.requireReader(actor)
        return try await statuses(tillCode: tillCode).first
    }

    /// All tills, or those of one store, by code.
    ///
    /// - Refuses: `.roleMissing`.
    public func statuses(
        storeCode: String? = nil, by actor: StaffActor
    ) async throws -> [Status] {
        try Self.requireReader(actor)
        return try await statuses(storeCode: storeCode, tillCode: nil)
    }

    private static func requireReader(_ actor: StaffActor) throws(RoleRefusal) {
        try actor.require(.storeAdministrator, .operator, .auditor, .finance)
    }

    private func statuses(
        storeCode: String? = nil, tillCode: String?
    ) async throws -> [Status] {
        try await store.read { session in
            try session.query(
                """
                SELECT till.code, till.name, store.code AS store_code, store.name AS store_name,
                       store.province, till.epoch, till_key.revoked_at IS NOT NULL AS revoked,
                       till.forked, till.last_contact_at, till.durable_seq, till.stated_seq,
                       till.clock_offset, till.unsent_count, till.unsent_value,
                       till.oldest_unsent_at, till.version
                FROM till
                JOIN store USING (store_id)
                JOIN till_key USING (till_id, epoch)
                WHERE (\(storeCode as String?) IS NULL OR store.code = \(storeCode as String?))
                  AND (\(tillCode as String?) IS NULL OR till.code = \(tillCode as String?))
                ORDER BY till.code
                """
            ).map(Self.status)
        }
    }

    private static func status(_ row: PostgresRow) throws -> Status {
        Status(
            code: try row["code"], name: try row["name"], storeCode: try row["store_code"],
            storeName: try row["store_name"], province: try row["province"],
            epoch: Int(try row.decode("epoch", as: Int32.self)), isRevoked: try row["revoked"],
            isForked: try row["forked"],
            lastContact: try row["last_contact_at"],
            durableSequence: try row["durable_seq"], statedSequence: try row["stated_seq"],
            clockOffset: try row["clock_offset"], unsentCount: try row["unsent_count"],
            unsentValue: try row["unsent_value"],
            oldestUnsent: try row["oldest_unsent_at"],
            version: try row["version"])
    }

    /// Tills a page.
    static let pageSize = 50

    /// The codes of a page of tills after `after`, and which of them are revoked; one more than a page tells that there
    /// is more.
    ///
    /// - Shape: `text` is part of the till's or store's code or of the store's name.
    func codes(
        text: String, after: String, limit: Int = pageSize + 1
    ) async throws -> [(code: String, isRevoked: Bool)] {
        let pattern = "%" + text.likeEscaped + "%"
        return try await store.read { session in
            try session.query(
                """
                SELECT till.code, till_key.revoked_at IS NOT NULL AS revoked
                FROM till JOIN store USING (store_id) JOIN till_key USING (till_id, epoch)
                WHERE till.code > \(after)
                  AND (till.code ILIKE \(pattern) OR store.name ILIKE \(pattern))
                ORDER BY till.code LIMIT \(Int64(limit))
                """
            ).map { (code: try $0["code"], isRevoked: try $0["revoked"]) }
        }
    }

    /// An enrolment that waits for a person.
    public struct Waiting: Sendable, Equatable {
        /// Names it in `approve` and `refuse`.
        public let enrolmentID: Int64
        /// The store's code.
        public let storeCode: String
        /// The store's name.
        public let storeName: String
        /// What the till calls itself.
        public let name: String
        /// The first bytes of the key's hash, to compare with the till's screen.
        public let keyPrint: String
        /// The till that gets a new epoch, if it is not a new till.
        public let renewing: String?
        /// When it first asked.
        public let asked: Instant
    }

    /// All enrolments that wait, oldest first.
    ///
    /// - Refuses: `.roleMissing`.
    public func waiting(by actor: StaffActor) async throws -> [Waiting] {
        try actor.require(.storeAdministrator, .operator, .auditor)
        return try await store.read { session in
            try session.query(
                """
                SELECT enrolment.enrolment_id, store.code AS store_code, store.name AS store_name,
                       enrolment.name, till.code AS renewing, enrolment.asked_at,
                       encode(substr(sha256(enrolment.public_key), 1, 4), 'hex') AS key_print
                FROM enrolment
                JOIN store USING (store_id)
                JOIN enrolment_code USING (code_hash)
                LEFT JOIN till ON till.till_id = enrolment_code.till_id
                WHERE enrolment.state = 'waiting'
                ORDER BY enrolment.asked_at, enrolment.enrolment_id
                """
            ).map { row in
                Waiting(
                    enrolmentID: try row["enrolment_id"], storeCode: try row["store_code"],
                    storeName: try row["store_name"], name: try row["name"],
                    keyPrint: try row["key_print"], renewing: try row["renewing"],
                    asked: try row["asked_at"])
            }
        }
    }
}

extension Tills {
    /// The chain's beginning for a till, epoch and key.
    static func genesis(till: String, epoch: Int, publicKey: [UInt8]) throws -> RecordHash {
        guard let key = VerifyingKey(rawRepresentation: publicKey) else {
            throw WireFault(.outOfRange, "publicKey")
        }
        return JournalChain(till: till, epoch: epoch).genesis(publicKey: key).hash
    }
}
