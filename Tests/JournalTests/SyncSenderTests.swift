import Domain
import Testing

@testable import Journal

/// Dialogues: an event in, the actions out.
struct SyncSenderTests {
    private let genesis = Samples.chain.genesis(publicKey: Samples.tillKey.verifyingKey)
    private let start = Instant(milliseconds: 0)

    private func head(_ sequence: Int64) -> JournalHead {
        JournalHead(sequence: sequence, hash: RecordHash(of: [UInt8(sequence & 255)]))
    }

    private func heads(_ count: Int) -> [JournalHead] {
        [genesis]
            + Samples.chain.heads(
                after: genesis, appending: (1...count).map { [UInt8($0 & 255)] })
    }

    private func frame(_ range: ClosedRange<Int>, of count: Int) -> BatchFrame {
        let heads = self.heads(count)
        return BatchFrame(
            batch: Samples.id(1), chain: Samples.chain, after: heads[range.lowerBound - 1],
            entries: range.map { BatchEntry(record: [UInt8($0 & 255)]) }, tillHead: heads[count],
            status: Samples.status)
    }

    private func reply(_ frame: BatchFrame, durable: JournalHead? = nil) -> BatchReply {
        BatchReply(
            batch: frame.header.batch, beacon: "",
            durable: durable
                ?? JournalHead(sequence: frame.last, hash: frame.header.head),
            verdicts: (frame.header.first...frame.last).map {
                .init(businessTime: start, code: nil, id: nil, sequence: $0, state: .posted)
            })
    }

    private func at(_ milliseconds: Int64) -> Instant { Instant(milliseconds: milliseconds) }

    private let firstPull = SyncSender.Action.pull(after: .start, waitSeconds: 0)

    @Test func `a record is sent, its verdict applied, and only then acknowledged`() {
        var sender = SyncSender(head: genesis, acknowledged: 0, cursor: .start)
        #expect(sender.handle(.woken, now: start, random: 0) == [firstPull])
        let head = heads(2)[2]
        #expect(
            sender.handle(.recordAppended(head), now: start, random: 0)
                == [.sendBatch(first: 1, bounds: .usual)])
        let frame = self.frame(1...2, of: 2)
        let reply = self.reply(frame)
        #expect(
            sender.handle(
                .batchAnswered(reply, frame: frame, ownHash: head.hash), now: start, random: 0)
                == [.applyVerdicts(reply)])
        #expect(sender.acknowledged == 0)
        #expect(sender.handle(.verdictsApplied, now: start, random: 0) == [])
        #expect(sender.acknowledged == 2 && sender.unsentCount == 0)
    }

    @Test func `push comes before pull, one batch in flight, and a record made meanwhile waits`() {
        var sender = SyncSender(head: heads(1)[1], acknowledged: 0, cursor: .start)
        #expect(
            sender.handle(.woken, now: start, random: 0)
                == [.sendBatch(first: 1, bounds: .usual), firstPull])
        #expect(sender.handle(.recordAppended(heads(2)[2]), now: start, random: 0) == [])
        #expect(sender.handle(.nudged, now: start, random: 0) == [])
        let frame = self.frame(1...1, of: 1)
        _ = sender.handle(
            .batchAnswered(reply(frame), frame: frame, ownHash: frame.header.head), now: start,
            random: 0)
        #expect(
            sender.handle(.verdictsApplied, now: start, random: 0)
                == [.sendBatch(first: 2, bounds: .usual)])
    }

    @Test func `any answer after a silence ends the waiting for the line, but no refusal's`() {
        var sender = SyncSender(head: head(1), acknowledged: 0, cursor: .start)
        _ = sender.handle(.woken, now: start, random: 0)
        _ = sender.handle(.batchUnanswered, now: start, random: .max)
        _ = sender.handle(.changesUnanswered, now: start, random: .max)
        #expect(
            sender.handle(.lineReturned, now: start, random: 0)
                == [.sendBatch(first: 1, bounds: .usual), firstPull])
        _ = sender.handle(
            .batchRefused(.unavailable(retryAfter: 9), recordCount: 1), now: start, random: .max)
        _ = sender.handle(.changesUnanswered, now: start, random: .max)
        #expect(sender.handle(.lineReturned, now: start, random: 0) == [.wake(at: at(9_000))])
    }

    @Test func `no answer waits longer each time, a quarter of a minute with a backlog, for ever`()
    {
        var sender = SyncSender(head: head(1), acknowledged: 0, cursor: .start)
        _ = sender.handle(.woken, now: start, random: 0)
        var now: Int64 = 0
        var waits: [Int64] = []
        for failure in 0..<12 {
            let bound: Int64 = min(1_000 << Int64(failure), 15_000)
            // `random` = the bound itself is the longest wait that full jitter gives.
            let actions = sender.handle(
                .batchUnanswered, now: at(now), random: UInt64(bound))
            #expect(actions == [.wake(at: at(now + bound))])
            #expect(sender.handle(.woken, now: at(now + bound - 1), random: 0) == actions)
            now += bound
            waits.append(bound)
            #expect(
                sender.handle(.woken, now: at(now), random: 0)
                    == [.sendBatch(first: 1, bounds: .usual)])
        }
        #expect(waits.last == 15_000)
    }

    @Test func `with nothing to send, no answer waits up to a minute`() {
        var sender = SyncSender(head: head(1), acknowledged: 1, cursor: .start)
        _ = sender.handle(.woken, now: start, random: 0)
        var now: Int64 = 0
        for failure in 0..<9 {
            let bound: Int64 = min(1_000 << Int64(failure), 60_000)
            #expect(
                sender.handle(.changesUnanswered, now: at(now), random: UInt64(bound))
                    == [.wake(at: at(now + bound))])
            now += bound
            #expect(sender.handle(.woken, now: at(now), random: 0) == [firstPull])
        }
    }

    @Test func `an answer on one lane ends the other's waiting for the line`() {
        var sender = SyncSender(head: head(1), acknowledged: 0, cursor: .start)
        _ = sender.handle(.woken, now: start, random: 0)
        _ = sender.handle(.batchUnanswered, now: start, random: 900)
        let reply = ChangesReply(
            beacon: "", complete: .init(at: start, version: .start), items: [], next: .start)
        #expect(
            sender.handle(.changesAnswered(reply), now: at(10), random: 0)
                == [.applyChanges(reply), .sendBatch(first: 1, bounds: .usual)])
    }

    @Test func `what head office asks to wait is waited, whatever else happens`() {
        var sender = SyncSender(head: head(1), acknowledged: 0, cursor: .start)
        _ = sender.handle(.woken, now: start, random: 0)
        let actions = sender.handle(
            .batchRefused(.unavailable(retryAfter: 30), recordCount: 1), now: start, random: 0)
        #expect(actions == [.wake(at: at(30_000))])
        #expect(sender.handle(.nudged, now: at(29_999), random: 0) == [.wake(at: at(30_000))])
        #expect(sender.handle(.changesUnanswered, now: at(5), random: 0) == [.wake(at: at(30_000))])
        #expect(
            sender.handle(.woken, now: at(30_000), random: 0)
                == [.sendBatch(first: 1, bounds: .usual), firstPull])
    }

    @Test func `too large and unreadable halve the batch, success lets it grow again`() {
        var sender = SyncSender(head: head(40), acknowledged: 0, cursor: .start)
        _ = sender.handle(.woken, now: start, random: 0)
        func bounds(_ count: Int) -> BatchBounds {
            .init(recordCountMax: count, byteCountMax: BatchBounds.usual.byteCountMax)
        }
        #expect(
            sender.handle(.batchRefused(.tooLarge, recordCount: 40), now: start, random: 0)
                == [.sendBatch(first: 1, bounds: bounds(20))])
        #expect(
            sender.handle(
                .batchRefused(.unreadableFrame, recordCount: 20), now: start, random: 500)
                == [.wake(at: at(500))])
        #expect(
            sender.handle(.woken, now: at(500), random: 0)
                == [.sendBatch(first: 1, bounds: bounds(10))])
        let frame = self.frame(1...10, of: 40)
        _ = sender.handle(
            .batchAnswered(reply(frame), frame: frame, ownHash: frame.header.head),
            now: at(600), random: 0)
        #expect(
            sender.handle(.verdictsApplied, now: at(600), random: 0)
                == [.sendBatch(first: 11, bounds: bounds(20))])
    }

    @Test func `one record that alone is too large is shown, and tried for ever`() {
        var sender = SyncSender(head: head(1), acknowledged: 0, cursor: .start)
        _ = sender.handle(.woken, now: start, random: 0)
        #expect(
            sender.handle(.batchRefused(.tooLarge, recordCount: 1), now: start, random: 7)
                == [.report(.recordStuck(1)), .wake(at: at(7))])
    }

    @Test func `a backlog drains in large batches, and pull goes on beside it`() {
        var sender = SyncSender(head: head(501), acknowledged: 0, cursor: .start)
        #expect(
            sender.handle(.woken, now: start, random: 0)
                == [.sendBatch(first: 1, bounds: .draining), firstPull])
        var small = SyncSender(head: head(501), acknowledged: 1, cursor: .start)
        #expect(
            small.handle(.woken, now: start, random: 0)
                == [.sendBatch(first: 2, bounds: .usual), firstPull])
    }

    @Test func `a gap is filled from the sequence that is wanted`() {
        var sender = SyncSender(head: head(9), acknowledged: 6, cursor: .start)
        _ = sender.handle(.woken, now: start, random: 0)
        #expect(
            sender.handle(.batchRefused(.gap(wanted: 4), recordCount: 3), now: start, random: 0)
                == [.sendBatch(first: 4, bounds: .usual)])
        #expect(sender.acknowledged == 6)
        // What makes no sense is waited out, not obeyed.
        #expect(
            sender.handle(.batchRefused(.gap(wanted: 5), recordCount: 3), now: start, random: 3)
                == [.wake(at: at(3))])
    }

    @Test func `a revoked till pulls no more and goes on delivering its journal`() {
        var sender = SyncSender(head: head(9), acknowledged: 6, cursor: .start)
        _ = sender.handle(.woken, now: start, random: 0)
        #expect(
            sender.handle(
                .changesRefused(.signature(.tillRevoked, beacon: nil)), now: start, random: 0)
                == [.stopSelling(.tillRevoked)])
        #expect(sender.stopped == .tillRevoked)
        // The batch in flight gets no answer: it is sent again, and nothing is pulled.
        let actions = sender.handle(.batchUnanswered, now: start, random: 0)
        #expect(actions == [.sendBatch(first: 7, bounds: .usual)])
    }

    @Test(arguments: [
        (BatchRefusal.fork, SyncSender.StopReason.fork), (.gap(wanted: 11), .fork),
        (.signature(.tillRevoked, beacon: nil), .tillRevoked),
    ])
    func `a fork or a revoked key stops selling and everything else`(
        refusal: BatchRefusal, reason: SyncSender.StopReason
    ) {
        var sender = SyncSender(head: head(9), acknowledged: 6, cursor: .start)
        _ = sender.handle(.woken, now: start, random: 0)
        #expect(
            sender.handle(.batchRefused(refusal, recordCount: 3), now: start, random: 0)
                == [.stopSelling(reason)])
        #expect(sender.stopped == reason)
        for event: SyncSender.Event in [.woken, .nudged, .recordAppended(head(10))] {
            #expect(sender.handle(event, now: at(99_999_999), random: 0) == [])
        }
    }

    @Test func `a till restored from an old copy stops when head office has more than it has`() {
        var sender = SyncSender(head: heads(3)[3], acknowledged: 1, cursor: .start)
        _ = sender.handle(.woken, now: start, random: 0)
        let frame = self.frame(2...3, of: 3)
        #expect(
            sender.handle(
                .batchAnswered(
                    reply(frame, durable: heads(5)[5]), frame: frame, ownHash: nil), now: start,
                random: 0) == [.stopSelling(.fork)])
        var other = SyncSender(head: heads(3)[3], acknowledged: 1, cursor: .start)
        _ = other.handle(.woken, now: start, random: 0)
        #expect(
            other.handle(
                .batchAnswered(reply(frame), frame: frame, ownHash: Samples.hash), now: start,
                random: 0) == [.stopSelling(.fork)])
    }

    @Test func `a wrong clock is corrected once at once, then with waiting`() {
        var sender = SyncSender(head: head(1), acknowledged: 0, cursor: .start)
        _ = sender.handle(.woken, now: start, random: 0)
        let refusal = SyncSender.Event.batchRefused(
            .signature(.clock, beacon: "b"), recordCount: 1)
        #expect(
            sender.handle(refusal, now: start, random: 0)
                == [.correctClock(beacon: "b"), .sendBatch(first: 1, bounds: .usual)])
        #expect(
            sender.handle(refusal, now: start, random: 800)
                == [.correctClock(beacon: "b"), .wake(at: at(800))])
    }

    @Test func `trouble only a person cures is shown, and tried for ever`() {
        var sender = SyncSender(head: head(1), acknowledged: 0, cursor: .start)
        _ = sender.handle(.woken, now: start, random: 0)
        #expect(
            sender.handle(.batchRefused(.version, recordCount: 1), now: start, random: 9)
                == [.report(.updateNeeded), .wake(at: at(9))])
        _ = sender.handle(.woken, now: at(9), random: 0)
        #expect(
            sender.handle(
                .batchRefused(.signature(.unknownKey, beacon: nil), recordCount: 1), now: at(9),
                random: 5)
                == [.report(.signatureRefused(.unknownKey)), .wake(at: at(14))])
    }

    @Test func `verdicts that could not be stored are asked for again`() {
        var sender = SyncSender(head: heads(1)[1], acknowledged: 0, cursor: .start)
        _ = sender.handle(.woken, now: start, random: 0)
        let frame = self.frame(1...1, of: 1)
        let answered = SyncSender.Event.batchAnswered(
            reply(frame), frame: frame, ownHash: frame.header.head)
        _ = sender.handle(answered, now: start, random: 0)
        #expect(sender.handle(.verdictsNotApplied, now: start, random: 4) == [.wake(at: at(4))])
        #expect(sender.acknowledged == 0)
        #expect(
            sender.handle(.woken, now: at(4), random: 0)
                == [.sendBatch(first: 1, bounds: .usual)])
    }

    @Test func `answers nobody waits for change nothing`() {
        let idle = SyncSender(head: heads(1)[1], acknowledged: 1, cursor: .start)
        let frame = self.frame(1...1, of: 1)
        for event: SyncSender.Event in [
            .batchAnswered(reply(frame), frame: frame, ownHash: nil),
            .batchRefused(.fork, recordCount: 1), .batchUnanswered, .verdictsApplied,
            .verdictsNotApplied,
        ] {
            var sender = idle
            _ = sender.handle(.woken, now: start, random: 0)
            let before = sender
            #expect(sender.handle(event, now: start, random: 0) == [])
            #expect(sender == before)
        }
    }

    @Test func `a pull goes on where it was applied, not where it was answered`() {
        var sender = SyncSender(head: genesis, acknowledged: 0, cursor: .start)
        _ = sender.handle(.woken, now: start, random: 0)
        let next = Samples.unwrap(Cursor("5"))
        let reply = ChangesReply(
            beacon: "", complete: nil, items: Samples.items, next: next)
        #expect(
            sender.handle(.changesAnswered(reply), now: start, random: 0) == [.applyChanges(reply)])
        var failed = sender
        #expect(failed.handle(.changesNotApplied, now: start, random: 6) == [.wake(at: at(6))])
        #expect(failed.handle(.woken, now: at(6), random: 0) == [firstPull])
        #expect(
            sender.handle(.changesApplied, now: start, random: 0)
                == [.pull(after: next, waitSeconds: 0)])
        #expect(sender.cursor == next)
    }

    @Test func `a till asks without waiting until it knows everything, and again after a failure`()
    {
        var sender = SyncSender(head: genesis, acknowledged: 0, cursor: .start)
        #expect(sender.handle(.woken, now: start, random: 0) == [firstPull])
        let reply = ChangesReply(
            beacon: "", complete: .init(at: start, version: .start), items: Samples.items,
            next: .start)
        _ = sender.handle(.changesAnswered(reply), now: start, random: 0)
        let longPull = SyncSender.Action.pull(after: .start, waitSeconds: 25)
        #expect(sender.handle(.changesApplied, now: start, random: 0) == [longPull])
        #expect(sender.handle(.changesUnanswered, now: at(1), random: 0) == [firstPull])
    }

    @Test func `an empty answer that comes at once is not asked for in a circle`() {
        var sender = SyncSender(head: genesis, acknowledged: 0, cursor: .start)
        _ = sender.handle(.woken, now: start, random: 0)
        let reply = ChangesReply(
            beacon: "", complete: .init(at: start, version: .start), items: [], next: .start)
        _ = sender.handle(.changesAnswered(reply), now: at(5), random: 0)
        #expect(sender.handle(.changesApplied, now: at(6), random: 0) == [.wake(at: at(2_000))])
    }
}
