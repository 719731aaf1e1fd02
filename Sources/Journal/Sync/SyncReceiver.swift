// Head office's half of push, without its database. The ingest transaction locks the till's row,
// asks this for a decision, stores what is new, and commits; so two copies of a batch that arrive
// together are decided one after the other.

/// Decides what of a batch is new.
///
/// Only content can show a fork. A batch that was long on its way states an older head than head
/// office has, and that is no fault of the till.
///
/// - Source: Docs/PROTOCOL.md §5; S-5.
public struct SyncReceiver: Sendable, Hashable {
    /// The chain of the key that signed.
    public let chain: JournalChain
    /// The last record head office has on disk for till and epoch; the genesis before the first.
    public let durable: JournalHead

    /// What to do with a batch that fits.
    public struct Decision: Sendable, Hashable {
        /// How many leading entries are already stored: they get the verdict they got first.
        public let repeatedCount: Int
        /// Indices of the entries to store.
        public let newEntries: Range<Int>
        /// What is durable once they are stored.
        public let durable: JournalHead
    }

    /// A receiver for one till and epoch.
    public init(chain: JournalChain, durable: JournalHead) {
        self.chain = chain
        self.durable = durable
    }

    /// The position whose stored hash decides whether a batch fits; nil when the batch leaves a gap.
    ///
    /// Hashes are chained, so the last position that both sides have proves all before it.
    public func decidingSequence(for frame: BatchFrame) -> Int64? {
        guard frame.header.first <= durable.sequence + 1 else { return nil }
        return min(frame.last, durable.sequence)
    }

    /// Decides about a batch.
    ///
    /// - Parameter storedHash: the stored hash at ``decidingSequence(for:)``; may be nil when that
    ///   is the durable position itself, whose hash is known.
    /// - Refuses, first match wins: `.unreadableFrame` (another till or epoch than the signer's),
    ///   `.gap`, `.fork`.
    public func decide(
        _ frame: BatchFrame, storedHash: RecordHash?
    ) throws(BatchRefusal) -> Decision {
        guard frame.header.till == chain.till, frame.header.epoch == chain.epoch else {
            throw .unreadableFrame
        }
        guard let deciding = decidingSequence(for: frame) else {
            throw .gap(wanted: durable.sequence + 1)
        }
        let stored = deciding == durable.sequence ? durable.hash : storedHash
        let stated =
            deciding < frame.header.first
            ? frame.header.previous : frame.hashes[Int(deciding - frame.header.first)]
        guard stated == stored else { throw .fork }
        let repeatedCount = Int(deciding - frame.header.first + 1)
        let isNew = repeatedCount < frame.entries.count
        return Decision(
            repeatedCount: repeatedCount,
            newEntries: repeatedCount..<frame.entries.count,
            durable: isNew
                ? JournalHead(sequence: frame.last, hash: frame.header.head) : durable)
    }
}
