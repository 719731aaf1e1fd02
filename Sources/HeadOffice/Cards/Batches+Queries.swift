import Domain
import PostgresDriver

extension Cards {
    /// A batch as lists show it. `initialLoad` in fen for each card.
    struct ListedBatch: Sendable {
        let batchID: Int64
        let programmeCode: String
        let programmeName: String
        let quantity: Int
        let initialLoad: Money
        let isTest: Bool
        let state: String
        let note: String
        let askedBy: String
        let askerID: Int64
        let askedAt: Instant
        let decidedBy: String?
        let decidedAt: Instant?
        let exportedBy: String?
        /// The sealed passwords, and whether they were handed over.
        let mailerID: Int64?
        let isMailerFetched: Bool
    }

    /// Batches in a page of the list.
    static let batchPageSize = 50

    /// A page of batches, newest first, older than `before`; one more than a page tells that there is more.
    ///
    /// - Refuses: `.roleMissing`.
    func batches(
        state: String = "", before: Int64? = nil, by actor: StaffActor
    ) async throws -> [ListedBatch] {
        try Self.requireReader(actor)
        return try await store.read { session in
            try session.query(
                """
                SELECT card_batch.card_batch_id, programme.code AS programme_code,
                       programme.name AS programme_name, quantity, initial_load, test,
                       card_batch.state, note, asker.name AS asked_by,
                       asker.person_id AS asker_id, asked_at, decider.name AS decided_by,
                       decided_at, exporter.name AS exported_by, password_mailer_id,
                       fetched_at IS NOT NULL AS fetched
                FROM card_batch JOIN programme USING (programme_id)
                JOIN staff_account AS asking ON asking.staff_account_id = asked_by
                JOIN person AS asker ON asker.person_id = asking.person_id
                LEFT JOIN staff_account AS deciding ON deciding.staff_account_id = decided_by
                LEFT JOIN person AS decider ON decider.person_id = deciding.person_id
                LEFT JOIN staff_account AS exporting ON exporting.staff_account_id = exported_by
                LEFT JOIN person AS exporter ON exporter.person_id = exporting.person_id
                LEFT JOIN password_mailer
                       ON password_mailer.card_batch_id = card_batch.card_batch_id
                WHERE (\(state) = '' OR card_batch.state = \(state))
                  AND (\(before as Int64?) IS NULL
                       OR card_batch.card_batch_id < \(before as Int64?))
                ORDER BY card_batch.card_batch_id DESC LIMIT \(Int64(Self.batchPageSize + 1))
                """
            ).map { row in
                let decidedAt: Instant? = try row["decided_at"]
                return ListedBatch(
                    batchID: try row["card_batch_id"], programmeCode: try row["programme_code"],
                    programmeName: try row["programme_name"],
                    quantity: Int(try row["quantity"] as Int64),
                    initialLoad: try row["initial_load"], isTest: try row["test"],
                    state: try row["state"], note: try row["note"],
                    askedBy: try row["asked_by"], askerID: try row["asker_id"],
                    askedAt: try row["asked_at"], decidedBy: try row["decided_by"],
                    decidedAt: decidedAt, exportedBy: try row["exported_by"],
                    mailerID: try row["password_mailer_id"], isMailerFetched: try row["fetched"])
            }
        }
    }
}
