// body  = zlib( u32 length ‖ header JSON ‖ entry ‖ entry … )
// entry = u32 length ‖ record bytes ‖ u16 length ‖ sealed credential or password verdict   (0 = none)
// Numbers are big-endian. Nothing may follow the last entry.

public import Domain

/// The bounds of one batch.
public struct BatchBounds: Sendable, Hashable {
    /// The most records.
    public var recordCountMax: Int
    /// The most bytes of records and credentials before compression.
    public var byteCountMax: Int

    /// Bounds.
    public init(recordCountMax: Int, byteCountMax: Int) {
        self.recordCountMax = recordCountMax
        self.byteCountMax = byteCountMax
    }

    /// What a till sends day by day: 500 records, 1 MiB.
    public static let usual = BatchBounds(recordCountMax: 500, byteCountMax: 1 << 20)
    /// What a till sends while it drains a backlog: 2,000 records, 4 MiB.
    public static let draining = BatchBounds(recordCountMax: 2_000, byteCountMax: 4 << 20)
    /// What head office takes at most: 2,000 records, 8 MiB after inflating.
    public static let accepted = BatchBounds(recordCountMax: 2_000, byteCountMax: 8 << 20)
}

/// One record in a batch with what travels beside it.
public struct BatchEntry: Sendable, Hashable {
    /// The most bytes a record may have; a till makes none that is longer.
    public static let recordByteCountMax = 256 * 1024

    /// The record, byte for byte as it was hashed.
    public var record: [UInt8]
    /// The sealed credential while the till still has it, else head office's ``PasswordVerdict`` on it.
    public var credential: [UInt8]?

    /// An entry.
    public init(record: [UInt8], credential: [UInt8]? = nil) {
        self.record = record
        self.credential = credential
    }

    /// What the entry adds to a batch.
    public var byteCount: Int { 6 + record.count + (credential?.count ?? 0) }
}

/// A batch: header and records, as one deflated body.
///
/// - Source: Docs/PROTOCOL.md §5.
public struct BatchFrame: Sendable, Hashable {
    /// The header.
    public let header: BatchHeader
    /// The records in order.
    public let entries: [BatchEntry]
    /// The chain's hash after each record, in order.
    public let hashes: [RecordHash]

    /// The sequence of the last record.
    public var last: Int64 { header.first + Int64(entries.count) - 1 }

    /// Frames records that a till read from its journal; computes `count` and `head`.
    ///
    /// - Shape: `entries` is not empty and within ``BatchBounds/draining``.
    /// - Parameter previous: the head before the first entry.
    public init(
        batch: RecordID, chain: JournalChain, after previous: JournalHead,
        entries: [BatchEntry], tillHead: JournalHead, status: TillStatus
    ) {
        precondition(!entries.isEmpty, "a batch has records")
        let heads = chain.heads(after: previous, appending: entries.map(\.record))
        self.entries = entries
        hashes = heads.map(\.hash)
        header = BatchHeader(
            batch: batch, count: entries.count, epoch: chain.epoch,
            first: previous.sequence + 1, head: heads.last?.hash ?? previous.hash,
            previous: previous.hash, status: status, till: chain.till, tillHead: tillHead)
    }

    /// The body to send.
    public func encoded() -> [UInt8] {
        Deflate.deflate(Self.layout(header: header.bytes, entries: entries))
    }

    /// The bytes before compression.
    static func layout(header: [UInt8], entries: [BatchEntry]) -> [UInt8] {
        var output: [UInt8] = []
        output.reserveCapacity(header.count + entries.reduce(8) { $0 + $1.byteCount })
        output.appendBigEndian(UInt32(header.count))
        output.append(contentsOf: header)
        for entry in entries {
            output.appendBigEndian(UInt32(entry.record.count))
            output.append(contentsOf: entry.record)
            output.appendBigEndian(UInt16(entry.credential?.count ?? 0))
            output.append(contentsOf: entry.credential ?? [])
        }
        return output
    }

    /// Reads a body and proves that header and records belong together.
    ///
    /// Whether the till and epoch are the signer's, and whether the batch fits what is stored, is
    /// ``SyncReceiver``'s to say. What a record says is not looked at: that is its own affair (S-2).
    ///
    /// - Refuses, first match wins: `.tooLarge` (over the bounds when inflated, before more is
    ///   held), `.version`, `.tooLarge` (too many records), `.unreadableFrame`.
    public init(
        decoding body: [UInt8], bounds: BatchBounds = .accepted
    ) throws(BatchRefusal) {
        let inflated: [UInt8]
        do {
            inflated = try Deflate.inflate(body, countMax: bounds.byteCountMax)
        } catch {
            switch error {
            case .tooLarge: throw BatchRefusal.tooLarge
            case .unreadable: throw BatchRefusal.unreadableFrame
            }
        }
        var reader = ByteReader(inflated)
        let header = try Self.header(from: &reader)
        guard header.count <= bounds.recordCountMax else { throw .tooLarge }
        guard (1...255).contains(header.till.utf8.count), header.count >= 1, header.epoch >= 1
        else { throw .unreadableFrame }
        let entries = try Self.entries(header.count, from: &reader)
        let chain = JournalChain(till: header.till, epoch: header.epoch)
        let previous = JournalHead(sequence: header.first - 1, hash: header.previous)
        let heads = chain.heads(after: previous, appending: entries.map(\.record))
        guard let last = heads.last, last.hash == header.head,
            header.tillHead.sequence >= last.sequence,
            header.tillHead.sequence > last.sequence || header.tillHead == last
        else { throw .unreadableFrame }
        self.header = header
        self.entries = entries
        hashes = heads.map(\.hash)
    }

    private static func header(from reader: inout ByteReader) throws(BatchRefusal) -> BatchHeader {
        guard let count = reader.number(UInt32.self), count <= 64 * 1024,
            let bytes = reader.take(Int(count)), let wire = try? JSONValue(parsing: bytes),
            let object = try? WireObject(wire, at: ""),
            let version: Int = try? object.value("version")
        else { throw .unreadableFrame }
        // Before the rest: a later version's header need not have our fields.
        guard version == BatchHeader.currentVersion else { throw .version }
        guard let header = try? BatchHeader(wire: wire, at: "") else { throw .unreadableFrame }
        return header
    }

    private static func entries(
        _ count: Int, from reader: inout ByteReader
    ) throws(BatchRefusal) -> [BatchEntry] {
        var entries: [BatchEntry] = []
        for _ in 0..<count {
            guard let recordCount = reader.number(UInt32.self),
                recordCount <= BatchEntry.recordByteCountMax,
                let record = reader.take(Int(recordCount)),
                let credentialCount = reader.number(UInt16.self),
                let credential = reader.take(Int(credentialCount))
            else { throw .unreadableFrame }
            entries.append(
                BatchEntry(record: record, credential: credential.isEmpty ? nil : credential))
        }
        guard reader.isAtEnd else { throw .unreadableFrame }
        return entries
    }
}
