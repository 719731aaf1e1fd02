// Enrolment (PROTOCOL §4): a code from head office lets a new till ask, a store administrator decides,
// and only then does the till's key count. A till's key is the till: revoking it takes effect on the
// next request.

import Domain
import Journal
import PostgresDriver

/// What happens to tills.
public struct Tills: Sendable {
    let store: OfficeStore

    /// How long a code may be used.
    static let codeLifetime: Int64 = 24 * 3_600_000

    /// Over head office's database.
    public init(_ store: OfficeStore) {
        self.store = store
    }

    /// Makes a one-time code for a new till of a store, or for a new epoch of one of its tills (S-5).
    ///
    /// - Shape: the code is shown once; the database keeps its hash. It lives 24 hours.
    /// - Refuses: `RoleRefusal.roleMissing`, then `TillRefusal.unknownStore`, `.storeSuspended`,
    ///   `.unknownTill`.
    public func makeEnrolmentCode(
        storeCode: String, renewing tillCode: String? = nil, by actor: StaffActor
    ) async throws -> EnrolmentCode {
        try actor.require(.storeAdministrator)
        let code = EnrolmentCode(randomBytes: store.clock.randomBytes(64))
        let now = store.clock.now()
        let expires = now.adding(milliseconds: Self.codeLifetime)
        try await store.write { session in
            let found = try session.queryOne(
                "SELECT store_id, suspended FROM store WHERE code = \(storeCode)")
            guard let found else { throw TillRefusal.unknownStore }
            guard try !found.decode("suspended", as: Bool.self) else {
                throw TillRefusal.storeSuspended
            }
            let storeID: Int64 = try found["store_id"]
            var tillID: Int64?
            if let tillCode {
                let till = try session.queryOne(
                    """
                    SELECT till_id FROM till WHERE code = \(tillCode) AND store_id = \(storeID)
                    """)
                guard let till else { throw TillRefusal.unknownTill }
                tillID = try till["till_id"]
            }
            try session.execute(
                """
                INSERT INTO enrolment_code
                    (code_hash, store_id, till_id, created_by, created_at, expires_at)
                VALUES (\(code.hash), \(storeID), \(tillID as Int64?), \(actor.accountID),
                        \(now), \(expires))
                """)
            try AuditEntry(
                actor: .staff(actor), action: "till.make_enrolment_code", subject: storeCode,
                detail: tillCode.map { ["till": $0] } ?? [:]
            ).write(session, at: now)
        }
        return code
    }

    /// Where a till's request for enrolment stands.
    public enum EnrolmentState: Sendable, Equatable {
        /// A person has to decide.
        case waiting(enrolmentID: Int64)
        /// The till exists.
        case approved(tillID: Int64)
    }

    /// Whether head office made that code, used up or expired as it may be.
    func isCode(_ typed: String) async throws -> Bool {
        guard let code = EnrolmentCode(typed: typed) else { return false }
        return try await store.read { session in
            try session.queryOne(
                "SELECT store_id FROM enrolment_code WHERE code_hash = \(code.hash)") != nil
        }
    }

    /// Takes a till's request for enrolment. The first key that names a code owns it.
    ///
    /// - Repetition: the same code and key again give the present state.
    /// - Refuses: `.unknownCode`, `.refused`.
    public func askEnrolment(
        code: String, publicKey: [UInt8], name: String
    ) async throws -> EnrolmentState {
        guard let code = EnrolmentCode(typed: code) else { throw EnrolmentRefusal.unknownCode }
        let now = store.clock.now()
        return try await store.write { session in
            try session.execute(
                """
                INSERT INTO enrolment (code_hash, store_id, public_key, name, asked_at)
                SELECT code_hash, store_id, \(publicKey), \(name), \(now)
                FROM enrolment_code
                WHERE code_hash = \(code.hash) AND expires_at > \(now)
                ON CONFLICT DO NOTHING
                """)
            let found = try session.queryOne(
                """
                SELECT enrolment_id, state, till_id FROM enrolment
                WHERE code_hash = \(code.hash) AND public_key = \(publicKey)
                """)
            guard let found else { throw EnrolmentRefusal.unknownCode }
            switch try found.decode("state", as: String.self) {
            case "approved": return .approved(tillID: try found["till_id"])
            case "refused": throw EnrolmentRefusal.refused
            default: return .waiting(enrolmentID: try found["enrolment_id"])
            }
        }
    }

    /// Approves a waiting till: it gets the store's next number, or its next epoch.
    ///
    /// - Shape: the till's code, such as `GD0001-01`.
    /// - Refuses: `RoleRefusal.roleMissing`, then `TillRefusal.unknownEnrolment`, `.alreadyDecided`,
    ///   `.storeSuspended`, `.tillNumbersUsedUp`.
    public func approve(enrolmentID: Int64, by actor: StaffActor) async throws -> String {
        try actor.require(.storeAdministrator)
        let now = store.clock.now()
        return try await store.write { session in
            let waiting = try Self.lockWaiting(session, enrolmentID)
            let till =
                try waiting.renewedTillID.map { try Self.renew(session, $0, waiting, now) }
                ?? Self.open(session, waiting, now)
            try session.execute(
                """
                UPDATE enrolment
                SET state = 'approved', till_id = \(till.id), decided_by = \(actor.accountID),
                    decided_at = \(now)
                WHERE enrolment_id = \(enrolmentID)
                """)
            try AuditEntry(
                actor: .staff(actor), action: "till.approve", subject: till.code,
                detail: ["epoch": String(till.epoch), "name": waiting.name]
            ).write(session, at: now)
            return till.code
        }
    }

    /// Refuses a waiting till. Its code is used up.
    ///
    /// - Refuses: `RoleRefusal.roleMissing`, then `TillRefusal.unknownEnrolment`, `.alreadyDecided`.
    public func refuse(enrolmentID: Int64, by actor: StaffActor) async throws {
        try actor.require(.storeAdministrator)
        let now = store.clock.now()
        try await store.write { session in
            let waiting = try Self.lockWaiting(session, enrolmentID)
            try session.execute(
                """
                UPDATE enrolment
                SET state = 'refused', decided_by = \(actor.accountID), decided_at = \(now)
                WHERE enrolment_id = \(enrolmentID)
                """)
            try AuditEntry(
                actor: .staff(actor), action: "till.refuse", subject: waiting.storeCode,
                detail: ["name": waiting.name]
            ).write(session, at: now)
        }
    }

    /// Revokes a till's key. Its next request is answered 403, but for what it still has to deliver (S-7).
    ///
    /// - Refuses: `RoleRefusal.roleMissing`, then `TillRefusal.unknownTill`, `.alreadyRevoked`.
    public func revoke(tillCode: String, by actor: StaffActor) async throws {
        try actor.require(.storeAdministrator)
        let now = store.clock.now()
        try await store.write { session in
            let till = try session.queryOne(
                "SELECT till_id FROM till WHERE code = \(tillCode) FOR NO KEY UPDATE")
            guard let till else { throw TillRefusal.unknownTill }
            let count = try session.execute(
                """
                UPDATE till_key SET revoked_at = \(now), revoked_by = \(actor.accountID)
                WHERE till_id = \(try till.decode("till_id", as: Int64.self))
                  AND revoked_at IS NULL
                """)
            guard count > 0 else { throw TillRefusal.alreadyRevoked }
            try AuditEntry(actor: .staff(actor), action: "till.revoke", subject: tillCode)
                .write(session, at: now)
        }
    }
}
