import Domain
import PostgresDriver

/// What sealed passwords came to, once per sale id (R-W4).
enum CredentialVerdicts {
    /// What is known of those sales.
    static func read(
        _ session: PostgresSession, _ saleIDs: [RecordID]
    ) throws -> [RecordID: SalePosting.Credential] {
        guard !saleIDs.isEmpty else { return [:] }
        var found: [RecordID: SalePosting.Credential] = [:]
        for row in try session.query(
            "SELECT sale_id, result FROM credential_verdict WHERE sale_id = ANY (\(saleIDs))")
        {
            found[try row["sale_id"]] = SalePosting.Credential(rawValue: try row["result"])
        }
        return found
    }

    /// Stores results; right and wrong are final.
    static func store(
        _ session: PostgresSession, _ results: [RecordID: SalePosting.Credential],
        at now: Instant
    ) throws {
        guard !results.isEmpty else { return }
        let rows = results.sorted { $0.key < $1.key }
        try session.execute(
            """
            INSERT INTO credential_verdict (sale_id, result, judged_at)
            SELECT sale_id, result, judged_at
            FROM unnest(\(rows.map(\.key)), \(rows.map(\.value.rawValue)),
                        \(rows.map { $0.value == .notChecked ? nil : now } as [Instant?]))
                 AS row (sale_id, result, judged_at)
            ON CONFLICT (sale_id) DO UPDATE
            SET result = excluded.result, judged_at = excluded.judged_at
            WHERE credential_verdict.result = 'not_checked'
            """)
    }
}
