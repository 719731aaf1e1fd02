import Domain
import Foundation
import GRDB
import Journal

/// The till's journal in its file. Records are only ever appended, in the transaction of what they
/// record.
struct JournalBook: Sendable {
    /// A record as stored.
    struct Entry: Sendable, Equatable {
        let sequence: Int64
        let id: String
        let bytes: [UInt8]
        /// The sealed bytes, or head office's signed word on them once they are gone (R-W5).
        let credential: [UInt8]?
    }

    let chain: JournalChain

    init(_ identity: TillIdentity) {
        chain = identity.chain
    }

    init(chain: JournalChain) {
        self.chain = chain
    }

    /// Appends a record and moves the head.
    ///
    /// - Returns: the record and its sequence.
    @discardableResult
    func append(
        _ body: RecordBody, id: RecordID, at now: Instant, credential: [UInt8]? = nil,
        in database: Database
    ) throws -> (record: JournalRecord, sequence: Int64) {
        let offset = try Int64.fetchOne(database, sql: "SELECT clock_offset FROM sync_state")
        try SyncState.note(now.adding(milliseconds: offset ?? 0), in: database)
        let record = JournalRecord(at: now, id: id, offset: offset, body: body)
        let head = chain.head(after: try Self.head(in: database), appending: record.bytes)
        try database.execute(
            sql: """
                INSERT INTO journal_record (seq, id, kind, at, bytes, hash, credential)
                VALUES (?, ?, ?, ?, ?, ?, ?)
                """,
            arguments: [
                head.sequence, id.description, body.kind, now.milliseconds, Data(record.bytes),
                Data(head.hash.bytes), credential.map { Data($0) },
            ])
        try database.execute(
            sql: "UPDATE head SET seq = ?, hash = ?",
            arguments: [head.sequence, Data(head.hash.bytes)])
        return (record, head.sequence)
    }

    /// Where the journal ends.
    static func head(in database: Database) throws -> JournalHead {
        guard let row = try Row.fetchOne(database, sql: "SELECT seq, hash FROM head"),
            let hash = RecordHash(bytes: Array(row["hash"] as Data))
        else { throw TillStoreError(.unavailable, "the till is not enrolled") }
        return JournalHead(sequence: row["seq"], hash: hash)
    }

    /// The head after that sequence; the genesis for 0, nil for a sequence that is not there.
    func head(at sequence: Int64, publicKey: VerifyingKey, in database: Database) throws
        -> JournalHead?
    {
        if sequence == 0 { return chain.genesis(publicKey: publicKey) }
        return try Data.fetchOne(
            database, sql: "SELECT hash FROM journal_record WHERE seq = ?", arguments: [sequence]
        ).flatMap { RecordHash(bytes: Array($0)) }
            .map { JournalHead(sequence: sequence, hash: $0) }
    }

    /// Records from a sequence on, within the bounds; the first one always.
    static func entries(
        from first: Int64, bounds: BatchBounds, in database: Database
    ) throws -> [Entry] {
        var found: [Entry] = []
        var byteCount = 0
        let rows = try Row.fetchCursor(
            database,
            sql: """
                SELECT seq, id, bytes, coalesce(credential, password_verdict) AS credential
                FROM journal_record
                WHERE seq >= ? ORDER BY seq LIMIT ?
                """,
            arguments: [first, bounds.recordCountMax])
        while let row = try rows.next() {
            let entry = Entry(
                sequence: row["seq"], id: row["id"], bytes: Array(row["bytes"] as Data),
                credential: (row["credential"] as Data?).map { Array($0) })
            byteCount += entry.bytes.count + (entry.credential?.count ?? 0) + 6
            if !found.isEmpty, byteCount > bounds.byteCountMax { break }
            found.append(entry)
        }
        return found
    }

    /// What a check of the whole journal found.
    struct Verification: Sendable, Equatable {
        let recordCount: Int64
        /// The first sequence at which bytes, hash or order are not as the chain says.
        let brokenAt: Int64?
        let head: JournalHead
    }

    /// Computes the chain anew over every stored record.
    func verify(publicKey: VerifyingKey, in database: Database) throws -> Verification {
        var head = chain.genesis(publicKey: publicKey)
        let rows = try Row.fetchCursor(
            database, sql: "SELECT seq, bytes, hash FROM journal_record ORDER BY seq")
        while let row = try rows.next() {
            let next = chain.head(after: head, appending: Array(row["bytes"] as Data))
            guard next.sequence == row["seq"] as Int64,
                next.hash.bytes == Array(row["hash"] as Data)
            else {
                return Verification(
                    recordCount: head.sequence, brokenAt: head.sequence + 1, head: head)
            }
            head = next
        }
        let stored = try Self.head(in: database)
        return Verification(
            recordCount: head.sequence, brokenAt: stored == head ? nil : head.sequence + 1,
            head: head)
    }
}
