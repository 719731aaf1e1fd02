import Domain

@testable import Journal

/// A seeded source of numbers: one seed, one run.
struct SeededNumbers {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    /// SplitMix64.
    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var word = state
        word = (word ^ (word >> 30)) &* 0xBF58_476D_1CE4_E5B9
        word = (word ^ (word >> 27)) &* 0x94D0_49BB_1331_11EB
        return word ^ (word >> 31)
    }

    mutating func below(_ bound: Int64) -> Int64 { Int64(next() % UInt64(bound)) }

    mutating func happens(percent: Int64) -> Bool { below(100) < percent }
}

/// Head office as far as sync goes: what it has on disk, behind the real receiver.
struct SimulatedOffice {
    struct Journal {
        let chain: JournalChain
        var heads: [JournalHead]
        var records: [[UInt8]] = []
        var verdicts: [RecordVerdict] = []
    }

    var journals: [Journal]
    let items: [ChangeItem]

    init(chains: [JournalChain], genesis: [JournalHead], itemCount: Int) {
        journals = zip(chains, genesis).map { Journal(chain: $0, heads: [$1]) }
        items = (1...itemCount).map {
            ChangeItem(
                topic: .card, key: Samples.fingerprint.text, version: Int64($0),
                body: .card(.init(isBlocked: $0.isMultiple(of: 2), isTest: false)))
        }
    }

    /// One transaction: all of the batch or nothing.
    mutating func take(
        _ body: [UInt8], from till: Int, now: Instant
    ) -> Result<BatchReply, BatchRefusal> {
        Result { () throws(BatchRefusal) in
            let frame = try BatchFrame(decoding: body)
            var journal = journals[till]
            let receiver = SyncReceiver(
                chain: journal.chain, durable: journal.heads[journal.records.count])
            let stored = receiver.decidingSequence(for: frame).map { journal.heads[Int($0)].hash }
            let decision = try receiver.decide(frame, storedHash: stored)
            for index in decision.newEntries {
                let sequence = frame.header.first + Int64(index)
                journal.records.append(frame.entries[index].record)
                journal.heads.append(
                    JournalHead(sequence: sequence, hash: frame.hashes[index]))
                journal.verdicts.append(
                    RecordVerdict(
                        businessTime: now, code: nil, id: nil, sequence: sequence,
                        state: .posted))
            }
            journals[till] = journal
            return BatchReply(
                batch: frame.header.batch, beacon: "", durable: decision.durable,
                verdicts: (frame.header.first...frame.last).map {
                    journal.verdicts[Int($0) - 1]
                })
        }
    }

    func changes(after cursor: Cursor, now: Instant) -> ChangesReply {
        let start = Int(cursor.text) ?? 0
        let end = min(start + 3, items.count)
        let next = Samples.unwrap(Cursor("\(end)"))
        return ChangesReply(
            beacon: "", complete: end == items.count ? .init(at: now, version: next) : nil,
            items: Array(items[start..<end]), next: next)
    }
}
