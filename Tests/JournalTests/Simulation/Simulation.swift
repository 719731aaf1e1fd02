import Domain

@testable import Journal

/// Tills and head office over a link that loses, doubles, delays and reorders, until it heals.
struct Simulation {
    struct Till {
        let chain: JournalChain
        var heads: [JournalHead]
        var records: [[UInt8]] = []
        var sender: SyncSender
        /// What is on the till's disk beside the journal.
        var acknowledged: Int64 = 0
        var cursor = Cursor.start
        var verdicts: [Int64: RecordVerdict] = [:]
        var items: [Int64] = []
        /// The flights the sender waits for; an answer to any other is too late.
        var batch: (flight: Int, frame: BatchFrame)?
        var pull: Int?
        var restartCount = 0
    }

    enum Happening {
        case sale(till: Int)
        case restart(till: Int)
        case wake(till: Int)
        case batchArrives(till: Int, flight: Int, body: [UInt8])
        case batchReturns(till: Int, flight: Int, result: Result<BatchReply, BatchRefusal>)
        case batchTimesOut(till: Int, flight: Int)
        case pullArrives(till: Int, flight: Int, after: Cursor)
        case pullReturns(till: Int, flight: Int, reply: ChangesReply)
        case pullTimesOut(till: Int, flight: Int)
    }

    static let answerTimeMax: Int64 = 10_000

    var numbers: SeededNumbers
    var tills: [Till]
    var office: SimulatedOffice
    var agenda: [(time: Int64, order: Int, what: Happening)] = []
    var order = 0
    var flight = 0
    var now: Int64 = 0
    let healsAt: Int64
    /// What must never happen, with the time.
    var faults: [String] = []
    var lossCount = 0
    var doubleCount = 0

    init(seed: UInt64, tillCount: Int, saleCount: Int, troubleTime: Int64) {
        numbers = SeededNumbers(seed: seed)
        healsAt = troubleTime
        let chains = (1...tillCount).map { JournalChain(till: "SIM-\($0)", epoch: 1) }
        let genesis = chains.map { $0.genesis(publicKey: Samples.tillKey.verifyingKey) }
        office = SimulatedOffice(chains: chains, genesis: genesis, itemCount: 20)
        tills = zip(chains, genesis).map { chain, genesis in
            Till(
                chain: chain, heads: [genesis],
                sender: SyncSender(head: genesis, acknowledged: 0, cursor: .start))
        }
        for till in 0..<tillCount {
            plan(.wake(till: till), after: 0)
            for _ in 0..<saleCount {
                plan(.sale(till: till), after: numbers.below(troubleTime))
            }
            for _ in 0..<3 { plan(.restart(till: till), after: numbers.below(troubleTime)) }
        }
    }

    var isSettled: Bool {
        tills.allSatisfy {
            $0.acknowledged == Int64($0.records.count) && $0.cursor.text == "\(office.items.count)"
        }
    }

    mutating func plan(_ what: Happening, after delay: Int64) {
        order += 1
        agenda.append((now + delay, order, what))
    }

    /// Runs until everything is where it belongs, or the agenda's bound.
    mutating func run() {
        for _ in 0..<200_000 {
            guard
                let index = agenda.indices.min(by: {
                    (agenda[$0].time, agenda[$0].order) < (agenda[$1].time, agenda[$1].order)
                })
            else { return }
            let next = agenda.remove(at: index)
            now = next.time
            happen(next.what)
            if now > healsAt, isSettled { return }
        }
    }

    private var time: Instant { Instant(milliseconds: now) }

    private mutating func happen(_ what: Happening) {
        switch what {
        case .sale(let till): sell(till)
        case .restart(let till): restart(till)
        case .wake(let till): tell(till, .woken)
        case .batchArrives(let till, let flight, let body): arrive(till, flight, body)
        case .batchReturns(let till, let flight, let result): answer(till, flight, result)
        case .batchTimesOut(let till, let flight):
            guard tills[till].batch?.flight == flight else { return }
            tills[till].batch = nil
            tell(till, .batchUnanswered)
        case .pullArrives(let till, let flight, let cursor):
            send(
                .pullReturns(
                    till: till, flight: flight, reply: office.changes(after: cursor, now: time)))
        case .pullReturns(let till, let flight, let reply):
            guard tills[till].pull == flight else { return }
            tills[till].pull = nil
            tell(till, .changesAnswered(reply))
        case .pullTimesOut(let till, let flight):
            guard tills[till].pull == flight else { return }
            tills[till].pull = nil
            tell(till, .changesUnanswered)
        }
    }

    /// The link: loses, doubles and delays, so that what was sent later may arrive earlier.
    private mutating func send(_ what: Happening) {
        let isTroubled = now < healsAt
        if isTroubled, numbers.happens(percent: 30) {
            lossCount += 1
            return
        }
        plan(what, after: 5 + numbers.below(isTroubled ? 15_000 : 200))
        if isTroubled, numbers.happens(percent: 20) {
            doubleCount += 1
            plan(what, after: 5 + numbers.below(60_000))
        }
    }

    private mutating func sell(_ index: Int) {
        var till = tills[index]
        let record = Array("\(till.chain.till)#\(till.records.count + 1)".utf8)
        let last = till.heads[till.records.count]
        till.heads.append(till.chain.head(after: last, appending: record))
        till.records.append(record)
        tills[index] = till
        tell(index, .recordAppended(till.heads[till.records.count]))
    }

    /// Power cut: only what is on disk comes back.
    private mutating func restart(_ index: Int) {
        var till = tills[index]
        till.sender = SyncSender(
            head: till.heads[till.records.count], acknowledged: till.acknowledged,
            cursor: till.cursor)
        till.batch = nil
        till.pull = nil
        till.restartCount += 1
        tills[index] = till
        tell(index, .woken)
    }

    private mutating func arrive(_ till: Int, _ flight: Int, _ body: [UInt8]) {
        if now < healsAt, numbers.happens(percent: 10) {
            let refusal = BatchRefusal.unavailable(retryAfter: Int(1 + numbers.below(20)))
            return send(.batchReturns(till: till, flight: flight, result: .failure(refusal)))
        }
        let before = office.journals[till].records.count
        let result = office.take(body, from: till, now: time)
        if case .failure = result, office.journals[till].records.count != before {
            faults.append("\(now): a refused batch was stored")
        }
        send(.batchReturns(till: till, flight: flight, result: result))
    }

    private mutating func answer(
        _ till: Int, _ flight: Int, _ result: Result<BatchReply, BatchRefusal>
    ) {
        guard let batch = tills[till].batch, batch.flight == flight else { return }
        tills[till].batch = nil
        switch result {
        case .success(let reply):
            let durable = Int(reply.durable.sequence)
            let heads = tills[till].heads
            tell(
                till,
                .batchAnswered(
                    reply, frame: batch.frame,
                    ownHash: durable < heads.count ? heads[durable].hash : nil))
        case .failure(let refusal):
            tell(till, .batchRefused(refusal, recordCount: batch.frame.entries.count))
        }
    }

    private mutating func tell(_ till: Int, _ event: SyncSender.Event) {
        let actions = tills[till].sender.handle(event, now: time, random: numbers.next())
        for action in actions { act(till, action) }
    }

    private mutating func act(_ index: Int, _ action: SyncSender.Action) {
        flight += 1
        switch action {
        case .sendBatch(let first, let bounds): sendBatch(index, first, bounds)
        case .applyVerdicts(let reply): applyVerdicts(index, reply)
        case .pull(let after, _):
            if tills[index].pull != nil { faults.append("\(now): two pulls in flight") }
            tills[index].pull = flight
            plan(.pullTimesOut(till: index, flight: flight), after: Self.answerTimeMax)
            send(.pullArrives(till: index, flight: flight, after: after))
        case .applyChanges(let reply):
            if now < healsAt, numbers.happens(percent: 5) {
                return tell(index, .changesNotApplied)
            }
            tills[index].items.append(contentsOf: reply.items.map(\.version))
            tills[index].cursor = reply.next
            tell(index, .changesApplied)
        case .wake(let time): plan(.wake(till: index), after: time.milliseconds - now)
        case .stopSelling(let reason): faults.append("\(now): stopped for \(reason)")
        case .report(let trouble): faults.append("\(now): \(trouble)")
        case .correctClock: faults.append("\(now): a clock was corrected")
        }
    }

    private mutating func sendBatch(_ index: Int, _ first: Int64, _ bounds: BatchBounds) {
        let till = tills[index]
        if till.batch != nil { faults.append("\(now): two batches in flight") }
        let start = Int(first) - 1
        // Small batches, so that a run has many of them.
        let end = min(till.records.count, start + min(bounds.recordCountMax, 7))
        let frame = BatchFrame(
            batch: RecordID.version7(at: time, random: (numbers.next(), numbers.next())),
            chain: till.chain, after: till.heads[start],
            entries: till.records[start..<end].map { BatchEntry(record: $0) },
            tillHead: till.heads[till.records.count], status: Samples.status)
        tills[index].batch = (flight, frame)
        plan(.batchTimesOut(till: index, flight: flight), after: Self.answerTimeMax)
        send(.batchArrives(till: index, flight: flight, body: frame.encoded()))
    }

    private mutating func applyVerdicts(_ index: Int, _ reply: BatchReply) {
        if now < healsAt, numbers.happens(percent: 10) {
            return tell(index, .verdictsNotApplied)
        }
        for verdict in reply.verdicts {
            let known = tills[index].verdicts.updateValue(verdict, forKey: verdict.sequence)
            if let known, known != verdict { faults.append("\(now): a verdict changed") }
            tills[index].acknowledged = max(tills[index].acknowledged, verdict.sequence)
        }
        tell(index, .verdictsApplied)
    }
}
