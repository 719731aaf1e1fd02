import Domain
import Testing

@testable import Journal

struct SyncReceiverTests {
    private let genesis = Samples.chain.genesis(publicKey: Samples.tillKey.verifyingKey)
    private let records: [[UInt8]] = (1...9).map { [UInt8($0)] }
    private var heads: [JournalHead] {
        [genesis] + Samples.chain.heads(after: genesis, appending: records)
    }

    private func frame(
        _ range: ClosedRange<Int>, chain: JournalChain = Samples.chain,
        replacing records: [[UInt8]]? = nil, after previous: JournalHead? = nil
    ) -> BatchFrame {
        let records = records ?? self.records
        let all = [genesis] + chain.heads(after: genesis, appending: records)
        return BatchFrame(
            batch: Samples.id(1), chain: chain, after: previous ?? all[range.lowerBound - 1],
            entries: records[(range.lowerBound - 1)..<range.upperBound].map {
                BatchEntry(record: $0)
            },
            tillHead: all[records.count], status: Samples.status)
    }

    private func decide(
        _ frame: BatchFrame, durable: Int
    ) -> Result<SyncReceiver.Decision, BatchRefusal> {
        let receiver = SyncReceiver(chain: Samples.chain, durable: heads[durable])
        let stored = receiver.decidingSequence(for: frame).map { heads[Int($0)].hash }
        return Result { () throws(BatchRefusal) in
            try receiver.decide(frame, storedHash: stored)
        }
    }

    @Test func `what follows is new, what overlaps is repeated, what is stored changes nothing`()
        throws
    {
        let first = try decide(frame(1...3), durable: 0).get()
        #expect(first.newEntries == 0..<3 && first.repeatedCount == 0)
        #expect(first.durable == heads[3])
        let next = try decide(frame(4...5), durable: 3).get()
        #expect(next.newEntries == 0..<2 && next.durable == heads[5])
        let overlap = try decide(frame(2...6), durable: 4).get()
        #expect(overlap.repeatedCount == 3 && overlap.newEntries == 3..<5)
        #expect(overlap.durable == heads[6])
        for range in [1...9, 2...4, 9...9, 1...1] {
            let again = try decide(frame(range), durable: 9).get()
            #expect(again.newEntries.isEmpty && again.repeatedCount == range.count)
            #expect(again.durable == heads[9])
        }
    }

    @Test func `a gap names the sequence that is wanted`() {
        #expect(decide(frame(3...4), durable: 0) == .failure(.gap(wanted: 1)))
        #expect(decide(frame(9...9), durable: 7) == .failure(.gap(wanted: 8)))
    }

    @Test func `other records in the place of stored ones are a fork, before and after`() {
        var other = records
        other[3] = [99]
        #expect(decide(frame(4...4, replacing: other), durable: 4) == .failure(.fork))
        #expect(decide(frame(1...9, replacing: other), durable: 6) == .failure(.fork))
        #expect(decide(frame(5...9, replacing: other), durable: 4) == .failure(.fork))
        #expect(decide(frame(6...7, replacing: other), durable: 9) == .failure(.fork))
        let lying = JournalHead(sequence: 4, hash: Samples.hash)
        #expect(decide(frame(5...6, after: lying), durable: 4) == .failure(.fork))
        let otherKey = Samples.chain.genesis(publicKey: Samples.officeKey.key.verifyingKey)
        #expect(decide(frame(1...2, after: otherKey), durable: 0) == .failure(.fork))
    }

    @Test func `a batch of another till or epoch than the signer's is unreadable`() {
        for chain in [
            JournalChain(till: Samples.till, epoch: 2), JournalChain(till: "GD0001-02", epoch: 1),
        ] {
            #expect(
                decide(frame(1...2, chain: chain), durable: 0) == .failure(.unreadableFrame))
        }
    }

    @Test func `a batch that was long on its way is no fork, though it states an older head`()
        throws
    {
        let late = frame(1...3, replacing: Array(records[..<3]))
        #expect(late.header.tillHead.sequence == 3)
        let decision = try decide(late, durable: 9).get()
        #expect(decision.newEntries.isEmpty && decision.durable == heads[9])
    }
}
