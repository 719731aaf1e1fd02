import Domain
import Journal
import PostgresDriver

/// What a till keeps of a verdict beyond it: head office's signed word on the password, and of a duplicate what the
/// record that came first is now (R-W5, S-5).
struct VerdictProofs {
    let session: PostgresSession
    let key: NamedSigningKey

    /// The verdicts with both, record by record.
    func complete(
        _ verdicts: [RecordVerdict], of incoming: [IncomingRecord], scope: String
    ) throws -> [RecordVerdict] {
        let results = try CredentialVerdicts.read(
            session, incoming.filter { Self.isSealed($0.record) }.compactMap(\.id))
        let first = try standing(
            verdicts.filter { $0.state == .duplicate }.compactMap(\.id), scope: scope)
        return zip(verdicts, incoming).map { verdict, incoming in
            guard let id = verdict.id else { return verdict }
            var complete = verdict
            if verdict.state == .duplicate { complete.first = first[id] }
            // Of other content under an id that is taken nothing was opened.
            if verdict.code != RecordException.sameIDDifferentContent.code,
                Self.isSealed(incoming.record)
            {
                complete.password = Self.proof(results[id], of: incoming.content, key: key)
            }
            return complete
        }
    }

    /// The signed word on a sale's password; nil while it is not known.
    func proof(of saleID: RecordID) throws -> PasswordVerdict? {
        let row = try session.queryOne(
            """
            SELECT record.bytes FROM record_identity AS identity
            JOIN journal_record AS record USING (till_id, epoch, seq)
            WHERE identity.record_id = \(saleID)
            """)
        guard let bytes = try row?.decode("bytes", as: [UInt8].self),
            Self.isSealed(try? Record(bytes: bytes))
        else { return nil }
        return Self.proof(
            try CredentialVerdicts.read(session, [saleID])[saleID], of: RecordHash(of: bytes),
            key: key)
    }

    private static func proof(
        _ result: SalePosting.Credential?, of record: RecordHash, key: NamedSigningKey
    ) -> PasswordVerdict? {
        guard let result, result == .right || result == .wrong else { return nil }
        return PasswordVerdict(isRight: result == .right, record: record, signedBy: key)
    }

    /// Whether it is of a sale that names a sealed password.
    private static func isSealed(_ record: Record?) -> Bool {
        guard case .saleCompleted(let sale) = record?.body else { return false }
        return sale.payment.credential != nil
    }

    /// What became of records, as the newest word to the store says it.
    private func standing(
        _ ids: [RecordID], scope: String
    ) throws -> [RecordID: VerdictChange] {
        guard !ids.isEmpty else { return [:] }
        var found: [RecordID: VerdictChange] = [:]
        for row in try session.query(
            """
            SELECT identity.record_id,
                   CASE WHEN change.key IS NULL THEN record.state
                        ELSE change.body ->> 'state' END AS state,
                   CASE WHEN change.key IS NULL THEN record.code
                        ELSE change.body ->> 'code' END AS code
            FROM record_identity AS identity
            JOIN journal_record AS record USING (till_id, epoch, seq)
            LEFT JOIN change ON change.scope = \(scope) AND change.topic = 'verdict'
                            AND change.key = identity.record_id::text
            WHERE identity.record_id = ANY (\(ids))
            """)
        {
            let state: String = try row["state"]
            guard let state = RecordVerdict.State(rawValue: state), state != .duplicate else {
                continue
            }
            found[try row["record_id"]] = VerdictChange(code: try row["code"], state: state)
        }
        return found
    }
}
