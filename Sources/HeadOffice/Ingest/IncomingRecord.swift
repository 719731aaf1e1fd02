// What can be done before the transaction begins is done there: reading records, opening sealed bytes.
// The transaction then only judges and writes.

import Domain
import Journal

/// A record of a batch, read.
struct IncomingRecord: Sendable {
    /// What a sale's sealed bytes hold.
    enum Credential: Sendable {
        /// The record was authorised and needs none.
        case notNeeded
        /// The record needs one and came without.
        case missing
        /// It does not open, or is not this sale's.
        case unreadable
        /// Number and password.
        case opened(SealedCredential.Content)
        /// Gone, with head office's own signed word on whether the password was right (R-W5).
        case judged(isRight: Bool)
    }

    let sequence: Int64
    let bytes: [UInt8]
    /// SHA-256 of the bytes: whether two records are the same (R-M3).
    let content: RecordHash
    let hash: RecordHash
    let id: RecordID?
    /// Nil when the bytes are no record of the protocol.
    let record: Record?
    let credential: Credential
    let sealed: [UInt8]?

    /// What it takes to read them.
    struct Keys: Sendable {
        let opening: [OpeningKey]
        let fingerprint: FingerprintKey
        let signing: [NamedVerifyingKey]

        init(_ secrets: OfficeSecrets) {
            opening = secrets.openingKeys
            fingerprint = secrets.wireFingerprintKey
            signing = [secrets.namedSigningKey.verifying]
        }
    }

    /// Reads the records of a frame that are not stored yet.
    static func read(
        _ frame: BatchFrame, with keys: Keys
    ) -> [IncomingRecord] {
        zip(frame.entries, frame.hashes).enumerated().map { index, pair in
            read(
                pair.0, at: JournalHead(sequence: frame.header.first + Int64(index), hash: pair.1),
                with: keys)
        }
    }

    /// Reads one record at its place in the journal.
    static func read(
        _ entry: BatchEntry, at position: JournalHead, with keys: Keys
    ) -> IncomingRecord {
        let record = try? Record(bytes: entry.record)
        let content = RecordHash(of: entry.record)
        return IncomingRecord(
            sequence: position.sequence, bytes: entry.record,
            content: content, hash: position.hash,
            id: record?.id ?? Record.id(inUnreadable: entry.record), record: record,
            credential: credential(
                of: record, content: content, sealed: entry.credential, with: keys),
            sealed: entry.credential)
    }

    private static func credential(
        of record: Record?, content hash: RecordHash, sealed: [UInt8]?, with keys: Keys
    ) -> Credential {
        guard let record, case .saleCompleted(let sale) = record.body else { return .notNeeded }
        guard sale.payment.mode == .standIn else { return .notNeeded }
        guard let sealed else { return .missing }
        if let verdict = PasswordVerdict(bytes: sealed) {
            return verdict.isSigned(for: hash, by: keys.signing)
                ? .judged(isRight: verdict.isRight) : .missing
        }
        guard RecordHash(of: sealed) == sale.payment.credential,
            let credential = SealedCredential(bytes: sealed),
            let content = try? credential.open(
                payment: record.id, amount: sale.total, with: keys.opening),
            keys.fingerprint.fingerprint(of: content.number) == sale.card?.fingerprint
        else { return .unreadable }
        return .opened(content)
    }
}
