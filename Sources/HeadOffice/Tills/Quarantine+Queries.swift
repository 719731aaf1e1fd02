import Domain
import Journal
import PostgresDriver

extension Quarantine {
    /// A record that waits.
    struct Waiting: Sendable {
        let place: Place
        let storeName: String
        let kind: String
        let recordID: RecordID?
        let receipt: String?
        let cardMask: String?
        let amount: Money
        let businessAt: Instant
        let receivedAt: Instant
        let revokedAt: Instant?
        let position: Int64
    }

    /// Who may look at it.
    static let readers: [StaffRole] = [.finance, .auditor, .storeAdministrator]

    /// Records a page.
    static let pageSize = 50

    /// What waits, oldest first, after a position; one more than a page tells that there is more.
    ///
    /// - Refuses: `.roleMissing`.
    func waiting(
        tillCode: String = "", after: Int64 = 0, by actor: StaffActor
    ) async throws -> [Waiting] {
        guard actor.hasOne(of: Self.readers) else { throw RoleRefusal.roleMissing }
        return try await store.read { session in
            try session.query(
                """
                SELECT exception.exception_id, till.code, record.epoch, record.seq, record.kind,
                       record.record_id, sale.receipt, sale.card_mask, exception.amount,
                       record.business_at, record.received_at, till_key.revoked_at,
                       store.code || ' ' || store.name AS store_name
                FROM quarantined_record AS quarantined
                JOIN exception USING (till_id, epoch, seq)
                JOIN journal_record AS record USING (till_id, epoch, seq)
                JOIN till_key USING (till_id, epoch)
                JOIN till USING (till_id)
                JOIN store ON store.store_id = till.store_id
                LEFT JOIN sale ON sale.sale_id = record.record_id
                WHERE quarantined.decided_at IS NULL AND exception.state = 'open'
                  AND (\(tillCode) = '' OR till.code = \(tillCode))
                  AND exception.exception_id > \(after)
                ORDER BY exception.exception_id LIMIT \(Self.pageSize + 1)
                """
            ).map { row in
                Waiting(
                    place: Place(
                        till: try row["code"], epoch: Int(try row["epoch"] as Int32),
                        sequence: try row["seq"]),
                    storeName: try row["store_name"], kind: try row["kind"],
                    recordID: try row["record_id"], receipt: try row["receipt"],
                    cardMask: try row["card_mask"], amount: try row["amount"],
                    businessAt: try row["business_at"], receivedAt: try row["received_at"],
                    revokedAt: try row["revoked_at"], position: try row["exception_id"])
            }
        }
    }
}
