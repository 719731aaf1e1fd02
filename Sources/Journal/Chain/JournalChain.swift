// The chain makes a till's journal one thing: a record cannot be changed, dropped, moved to another
// place, till or epoch without every later hash being another. Nothing here knows what a record says.

/// Where a till's journal ends: the position and hash of its newest record.
///
/// - Shape: `sequence` 0 with the genesis hash for a journal without records.
public struct JournalHead: WireValue, Hashable {
    /// The newest record's position, from 1; 0 before the first.
    public let sequence: Int64
    /// The newest record's chain hash, or the genesis hash.
    public let hash: RecordHash

    /// A head.
    public init(sequence: Int64, hash: RecordHash) {
        self.sequence = sequence
        self.hash = hash
    }

    /// Reads `{"hash":…,"seq":…}`.
    public init(wire: JSONValue, at field: String) throws(WireFault) {
        let object = try WireObject(wire, at: field)
        hash = try object.value("hash")
        sequence = try object.integer("seq")
    }

    /// `{"hash":…,"seq":…}`.
    public var wire: JSONValue {
        .object(["hash": hash.wire, "seq": sequence.wire])
    }
}

extension JournalHead {
    /// Reads `SEQ:HASH`, as a pull's address states it.
    public init?(query: String) {
        let parts = query.split(separator: ":", omittingEmptySubsequences: false)
        guard parts.count == 2, let sequence = Int64(parts[0]), sequence >= 0,
            String(sequence) == parts[0], let hash = RecordHash(hex: String(parts[1]))
        else { return nil }
        self.init(sequence: sequence, hash: hash)
    }

    /// `SEQ:HASH`.
    public var query: String { "\(sequence):\(hash.hex)" }
}

/// The hash chain of one till in one epoch.
///
/// - Source: Docs/PROTOCOL.md §2.
public struct JournalChain: Sendable, Hashable {
    /// The till's code, such as `GD0001-01`.
    public let till: String
    /// The key's epoch, from 1.
    public let epoch: Int

    /// The chain of a till and epoch; the code has at most 255 bytes.
    public init(till: String, epoch: Int) {
        precondition(till.utf8.count <= 255 && epoch >= 0 && epoch <= Int(UInt32.max))
        self.till = till
        self.epoch = epoch
    }

    /// The head before the first record: bound to till, epoch and public key.
    public func genesis(publicKey: VerifyingKey) -> JournalHead {
        var input = Array("huiyika/genesis/1".utf8)
        input.appendShort(Array(till.utf8))
        input.appendBigEndian(UInt32(epoch))
        input.append(contentsOf: publicKey.rawRepresentation)
        return JournalHead(sequence: 0, hash: RecordHash(of: input))
    }

    /// The head after one more record.
    public func head(after previous: JournalHead, appending record: [UInt8]) -> JournalHead {
        let sequence = previous.sequence + 1
        var input = Array("huiyika/record/1".utf8)
        input.reserveCapacity(input.count + record.count + 64)
        input.appendShort(Array(till.utf8))
        input.appendBigEndian(UInt64(sequence))
        input.appendBigEndian(UInt32(record.count))
        input.append(contentsOf: record)
        input.append(contentsOf: previous.hash.bytes)
        return JournalHead(sequence: sequence, hash: RecordHash(of: input))
    }

    /// The heads after each record of a run, in order.
    public func heads(after previous: JournalHead, appending records: [[UInt8]]) -> [JournalHead] {
        var head = previous
        return records.map { record in
            head = self.head(after: head, appending: record)
            return head
        }
    }

    /// Whether a run of records leads from one head to the other.
    public func verifies(
        from previous: JournalHead, records: [[UInt8]], to head: JournalHead
    ) -> Bool {
        (heads(after: previous, appending: records).last ?? previous) == head
    }
}
