import Domain
import Journal
import PostgresDriver

/// What a till's QR asks for, once its signature is checked.
struct PhoneDemand: Sendable {
    let request: PhoneRequest
    let till: KnownTill
    let storeName: String
    let storeAddress: String
}

extension PhonePayments {
    /// How much a till's clock may be off before its requests count as expired (R-T2).
    static let clockTolerance: Int64 = 300_000

    /// Reads a token and checks who signed it.
    ///
    /// - Refuses, first match wins: `requestUnreadable`, `requestForged` (also a till that head
    ///   office does not know), `tillClosed`, `storeSuspended`, `keySuperseded`.
    func demand(_ token: String) async throws -> PhoneDemand {
        guard let request = PhoneRequest(token: token) else { throw PhoneRefusal.requestUnreadable }
        let now = store.clock.now()
        return try await store.read { session in
            guard let (till, row) = try Self.till(of: request, in: session),
                request.isSigned(by: till.publicKey)
            else { throw PhoneRefusal.requestForged }
            guard !till.isRevoked, try !row.decode("forked", as: Bool.self) else {
                throw PhoneRefusal.tillClosed
            }
            guard !till.isStoreSuspended else { throw PhoneRefusal.storeSuspended }
            guard
                try ConfirmationKeys.isGood(
                    request.key, till: till.tillID, epoch: till.epoch, at: now, in: session)
            else { throw PhoneRefusal.keySuperseded }
            return PhoneDemand(
                request: request, till: till, storeName: try row["store_name"],
                storeAddress: try row["address"])
        }
    }

    private static func till(
        of request: PhoneRequest, in session: PostgresSession
    ) throws -> (KnownTill, PostgresRow)? {
        let row = try session.queryOne(
            """
            SELECT till.till_id, till.store_id, store.code AS store_code, store.province,
                   till_key.public_key, store.name AS store_name, store.address,
                   (till_key.revoked_at IS NOT NULL OR till.epoch <> till_key.epoch) AS revoked,
                   till.forked, store.suspended
            FROM till
            JOIN store USING (store_id)
            JOIN till_key USING (till_id)
            WHERE till.code = \(request.till) AND till_key.epoch = \(Int32(request.epoch))
            """)
        guard let row, let key = VerifyingKey(rawRepresentation: try row["public_key"]) else {
            return nil
        }
        let till = KnownTill(
            tillID: try row["till_id"], code: request.till, epoch: request.epoch,
            storeID: try row["store_id"], storeCode: try row["store_code"],
            province: try row["province"], publicKey: key, isRevoked: try row["revoked"],
            isStoreSuspended: try row["suspended"])
        return (till, row)
    }

    /// Keeps the head that a QR states, with head office's own time (R-R6). A QR says nothing of when
    /// the till was last in contact.
    func noteHead(_ demand: PhoneDemand) async throws {
        let now = store.clock.now()
        let head = demand.request.head
        try await store.read { session in
            try session.execute(
                """
                UPDATE till SET stated_seq = \(head.sequence), stated_hash = \(head.hash),
                    stated_at = \(now)
                WHERE till_id = (SELECT till_id FROM till
                                 WHERE till_id = \(demand.till.tillID)
                                   AND stated_seq < \(head.sequence)
                                   AND epoch = \(Int32(demand.till.epoch))
                                 FOR NO KEY UPDATE SKIP LOCKED)
                """)
        }
    }
}
