import Domain
import Journal
import PostgresDriver

/// The first version of an id stands (R-M3).
enum IngestIdentities {
    /// Claims the ids that are new and says what the others are, record by record.
    ///
    /// - Shape: a record without a readable id is new: there is nothing to compare it with.
    static func claim(
        _ records: [IncomingRecord], row: IngestTill, in session: PostgresSession
    ) throws -> [IngestJudge.Identity] {
        var first: [RecordID: IncomingRecord] = [:]
        for record in records {
            if let id = record.id, first[id] == nil { first[id] = record }
        }
        // In the order of the ids, so that two batches never wait for each other.
        let wanted = first.sorted { $0.key < $1.key }
        guard !wanted.isEmpty else { return records.map { _ in .new } }
        let claimed = Set(
            try session.query(
                """
                INSERT INTO record_identity (record_id, till_id, epoch, seq, content)
                SELECT record_id, \(row.till.tillID), \(Int32(row.epoch)), seq, content
                FROM unnest(\(wanted.map(\.key)), \(wanted.map(\.value.sequence)),
                            \(wanted.map(\.value.content))) AS row (record_id, seq, content)
                ON CONFLICT (record_id) DO NOTHING
                RETURNING record_id
                """
            ).map { try $0.decode("record_id", as: RecordID.self) })
        let taken = wanted.map(\.key).filter { !claimed.contains($0) }
        let stored = try stored(taken, in: session)
        return records.map { record in
            guard let id = record.id, let original = first[id] else { return .new }
            if claimed.contains(id), original.sequence == record.sequence { return .new }
            let content = stored[id]?.content ?? original.content
            return content == record.content
                ? .duplicate(ofTime: stored[id]?.businessAt) : .otherContent
        }
    }

    private static func stored(
        _ ids: [RecordID], in session: PostgresSession
    ) throws -> [RecordID: (content: RecordHash, businessAt: Instant)] {
        guard !ids.isEmpty else { return [:] }
        var found: [RecordID: (content: RecordHash, businessAt: Instant)] = [:]
        for row in try session.query(
            """
            SELECT identity.record_id, content, business_at
            FROM record_identity AS identity JOIN journal_record USING (till_id, epoch, seq)
            WHERE identity.record_id = ANY (\(ids))
            """)
        {
            found[try row["record_id"]] = (try row["content"], try row["business_at"])
        }
        return found
    }
}
