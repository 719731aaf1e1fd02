public import Domain

// A till's half of sync, without its network and its database. Two lanes run side by side: push, one
// batch in flight, and pull. A backlog never blocks the pull (S-4); where both are due, push is first.
// Whatever is lost, repeated or late on the way, a record is acknowledged only by a verified answer
// that was applied, and until then it is sent again.

/// Decides what a till sends and when.
///
/// Feed it every event with the time and 64 random bits; carry out the actions in order.
///
/// - Units: `now` is a clock that does not step back (milliseconds from any start).
/// - Source: Docs/PROTOCOL.md §5, §7; S-1 to S-5.
public struct SyncSender: Sendable, Hashable {
    /// What happened.
    public enum Event: Sendable {
        /// Time passed, or the node started.
        case woken
        /// A person pressed "sync now".
        case nudged
        /// Records were committed to the journal; its newest.
        case recordAppended(JournalHead)
        /// Head office answered something else after a silence: the line is up.
        case lineReturned
        /// A verified answer to the batch in flight; `ownHash` is this till's chain hash at the
        /// durable position, nil when its journal does not reach that far.
        case batchAnswered(BatchReply, frame: BatchFrame, ownHash: RecordHash?)
        /// A verified refusal of the batch in flight.
        case batchRefused(BatchRefusal, recordCount: Int)
        /// No verified answer, whatever came instead.
        case batchUnanswered
        /// The verdicts are durable.
        case verdictsApplied
        /// The verdicts could not be stored; the batch will be sent again.
        case verdictsNotApplied
        /// A verified answer to the pull in flight.
        case changesAnswered(ChangesReply)
        /// A verified refusal of the pull in flight.
        case changesRefused(BatchRefusal)
        /// No verified answer, whatever came instead.
        case changesUnanswered
        /// The changes and the cursor are durable.
        case changesApplied
        /// The changes could not be stored; they will be pulled again.
        case changesNotApplied
    }

    /// What to do.
    public enum Action: Sendable, Hashable {
        /// Read records from `first` on within the bounds (one at least), frame, sign and send.
        case sendBatch(first: Int64, bounds: BatchBounds)
        /// Store the verdicts in one transaction, then say so.
        case applyVerdicts(BatchReply)
        /// Pull.
        case pull(after: Cursor, waitSeconds: Int)
        /// Store items and cursor in one transaction, then say so.
        case applyChanges(ChangesReply)
        /// Set the clock's offset by this beacon before the next request is signed.
        case correctClock(beacon: String)
        /// Sell no more; keep everything. A revoked till goes on delivering its journal (S-7).
        case stopSelling(StopReason)
        /// Show a person what only a person can cure.
        case report(Trouble)
        /// Send `.woken` at this time, if nothing happened before.
        case wake(at: Instant)
    }

    /// Why a till may not sell any more.
    public enum StopReason: String, Sendable, CaseIterable {
        /// Head office's journal of this till is not this till's: restored or cloned (S-5).
        case fork
        /// The key is revoked.
        case tillRevoked = "till_revoked"
    }

    /// What sync cannot cure by itself, though it keeps trying.
    public enum Trouble: Sendable, Hashable {
        /// Head office does not know this program's layout.
        case updateNeeded
        /// One record alone is refused as too large or unreadable.
        case recordStuck(Int64)
        /// Head office does not know this till's key, or signatures do not match.
        case signatureRefused(SignatureRefusal)
    }

    enum Lane: Sendable, Hashable {
        case idle, inFlight, applying
    }

    /// The till's newest record.
    public private(set) var head: JournalHead
    /// All records up to here have a durable verdict at the till.
    public private(set) var acknowledged: Int64
    /// Where the pull stands.
    public private(set) var cursor: Cursor
    /// Why the till sells no more. Nothing is pulled any more, and after a fork nothing is sent either.
    public private(set) var stopped: StopReason?
    /// Whether records are not taken any more.
    private var isPushStopped = false

    private var nextToSend: Int64
    private var pushLane = Lane.idle
    private var pushNotBefore: Instant?
    private var pushBackoff = Backoff()
    private var recordCountCap = BatchBounds.draining.recordCountMax
    private var appliedThrough: Int64 = 0
    private var isClockTried = false
    private var isPushWaitingForLine = false

    private var pullLane = Lane.idle
    private var pullNotBefore: Instant?
    private var pullBackoff = Backoff()
    private var pullStarted: Instant?
    private var appliedCursor = Cursor.start
    private var isPullClockTried = false
    /// Whether the last answer said that the till knows everything. After a start or a failure a till asks without
    /// waiting: how old its knowledge is decides what it may sell (R-P3), and a quiet long poll would leave that open.
    private var isUpToDate = false
    private var isAnsweredComplete = false
    private var isPullWaitingForLine = false
    /// Until when head office asked to be left alone; nothing shortens it.
    private var quietUntil: Instant?

    /// A sender that starts where the till's file says.
    public init(head: JournalHead, acknowledged: Int64, cursor: Cursor) {
        precondition(
            (0...head.sequence).contains(acknowledged),
            "acknowledged \(acknowledged) of \(head.sequence)")
        self.head = head
        self.acknowledged = acknowledged
        self.cursor = cursor
        nextToSend = acknowledged + 1
    }

    /// Records that have no verdict yet.
    public var unsentCount: Int64 { head.sequence - acknowledged }

    /// Takes an event and says what to do, in order.
    ///
    /// - Repetition: an event that does not fit the state (an answer nobody waits for) changes
    ///   nothing.
    public mutating func handle(_ event: Event, now: Instant, random: UInt64) -> [Action] {
        guard !isPushStopped else { return [] }
        var actions: [Action] = []
        switch event {
        case .woken: break
        case .nudged:
            pushNotBefore = nil
            pullNotBefore = nil
        case .lineReturned: contact()
        case .recordAppended(let head):
            if head.sequence > self.head.sequence { self.head = head }
        case .batchAnswered(let reply, let frame, let ownHash):
            actions = batchAnswered(reply, frame, ownHash, now: now, random: random)
        case .batchRefused(let refusal, let recordCount):
            actions = batchRefused(refusal, recordCount, now: now, random: random)
        case .batchUnanswered: pushFailed(now: now, random: random, endsWithLine: true)
        case .verdictsNotApplied: pushFailed(now: now, random: random)
        case .verdictsApplied: verdictsApplied()
        case .changesAnswered(let reply): actions = changesAnswered(reply, now: now)
        case .changesRefused(let refusal):
            actions = changesRefused(refusal, now: now, random: random)
        case .changesUnanswered: pullFailed(now: now, random: random, endsWithLine: true)
        case .changesNotApplied: pullFailed(now: now, random: random)
        case .changesApplied: changesApplied()
        }
        guard !isPushStopped else { return actions }
        return actions + startLanes(now: now)
    }

    // MARK: Push

    private mutating func batchAnswered(
        _ reply: BatchReply, _ frame: BatchFrame, _ ownHash: RecordHash?, now: Instant,
        random: UInt64
    ) -> [Action] {
        guard pushLane == .inFlight else { return [] }
        guard reply.answers(frame) else {
            pushFailed(now: now, random: random)
            return []
        }
        // Head office has a record that this journal has not, or another in its place.
        guard reply.durable.sequence <= head.sequence, reply.durable.hash == ownHash else {
            return stop(.fork)
        }
        contact()
        pushLane = .applying
        appliedThrough = frame.last
        return [.applyVerdicts(reply)]
    }

    private mutating func verdictsApplied() {
        guard pushLane == .applying else { return }
        pushLane = .idle
        pushBackoff.succeeded()
        isClockTried = false
        recordCountCap = min(recordCountCap * 2, BatchBounds.draining.recordCountMax)
        acknowledged = max(acknowledged, appliedThrough)
        nextToSend = appliedThrough + 1
    }

    private mutating func batchRefused(
        _ refusal: BatchRefusal, _ recordCount: Int, now: Instant, random: UInt64
    ) -> [Action] {
        guard pushLane == .inFlight else { return [] }
        switch refusal {
        case .fork: return stop(.fork)
        case .signature(.tillRevoked, _):
            isPushStopped = true
            return stop(.tillRevoked)
        case .signature(.clock, let beacon?):
            // At once the first time; after that the offset is not what is wrong.
            if isClockTried { pushFailed(now: now, random: random) }
            isClockTried = true
            pushLane = .idle
            return [.correctClock(beacon: beacon)]
        case .gap(let wanted):
            guard wanted <= head.sequence + 1 else { return stop(.fork) }
            guard wanted >= 1, wanted < nextToSend else { break }
            nextToSend = wanted
            pushLane = .idle
            return []
        case .tooLarge:
            let first = nextToSend
            recordCountCap = max(1, recordCount / 2)
            guard recordCount <= 1 else {
                pushLane = .idle
                return []
            }
            pushFailed(now: now, random: random)
            return [.report(.recordStuck(first))]
        case .unreadableFrame, .unreadableRequest:
            recordCountCap = max(1, recordCount / 2)
            pushFailed(now: now, random: random)
            return recordCount <= 1 ? [.report(.recordStuck(nextToSend))] : []
        case .version:
            pushFailed(now: now, random: random)
            return [.report(.updateNeeded)]
        case .signature(let refusal, _) where !refusal.isTransient:
            pushFailed(now: now, random: random)
            return [.report(.signatureRefused(refusal))]
        case .tooManyRequests(let seconds), .unavailable(let seconds):
            keepQuiet(seconds, now: now)
        case .signature: break
        }
        pushFailed(now: now, random: random)
        return []
    }

    private mutating func pushFailed(
        now: Instant, random: UInt64, endsWithLine: Bool = false
    ) {
        guard pushLane != .idle else { return }
        pushLane = .idle
        isPushWaitingForLine = endsWithLine
        pushNotBefore = now.adding(
            milliseconds: pushBackoff.failed(random: random, delayMax: delayMax(endsWithLine)))
    }

    // MARK: Pull

    private mutating func changesAnswered(_ reply: ChangesReply, now: Instant) -> [Action] {
        guard pullLane == .inFlight else { return [] }
        contact()
        pullLane = .applying
        appliedCursor = reply.next
        isAnsweredComplete = reply.complete != nil
        isPullClockTried = false
        // An empty answer that came at once must not make the till ask in a circle.
        if reply.items.isEmpty, let started = pullStarted {
            pullNotBefore = started.adding(milliseconds: Self.emptyPullInterval)
        }
        return [.applyChanges(reply)]
    }

    private mutating func changesApplied() {
        guard pullLane == .applying else { return }
        pullLane = .idle
        pullBackoff.succeeded()
        isUpToDate = isAnsweredComplete
        cursor = appliedCursor
    }

    private mutating func changesRefused(
        _ refusal: BatchRefusal, now: Instant, random: UInt64
    ) -> [Action] {
        guard pullLane == .inFlight else { return [] }
        switch refusal {
        case .signature(.tillRevoked, _):
            pullLane = .idle
            return stop(.tillRevoked)
        case .signature(.clock, let beacon?):
            if isPullClockTried { pullFailed(now: now, random: random) }
            isPullClockTried = true
            pullLane = .idle
            return [.correctClock(beacon: beacon)]
        case .tooManyRequests(let seconds), .unavailable(let seconds):
            keepQuiet(seconds, now: now)
        default: break
        }
        pullFailed(now: now, random: random)
        return []
    }

    private mutating func pullFailed(
        now: Instant, random: UInt64, endsWithLine: Bool = false
    ) {
        guard pullLane != .idle else { return }
        pullLane = .idle
        isUpToDate = false
        isPullWaitingForLine = endsWithLine
        pullNotBefore = now.adding(
            milliseconds: pullBackoff.failed(random: random, delayMax: delayMax(endsWithLine)))
    }

    // MARK: Both

    /// The least time between two pulls when the first brought nothing.
    private static let emptyPullInterval: Int64 = 2_000

    /// One lane's answer ends the other lane's waiting for the line, but not a waiting that head
    /// office caused by a refusal.
    private mutating func contact() {
        if isPushWaitingForLine { pushNotBefore = nil }
        if isPullWaitingForLine { pullNotBefore = nil }
        isPushWaitingForLine = false
        isPullWaitingForLine = false
    }

    /// A silent line is tried more often while records wait; a refusal by head office never is.
    private func delayMax(_ endsWithLine: Bool) -> Int64 {
        endsWithLine && unsentCount > 0 ? Backoff.delayMaxWithBacklog : Backoff.delayMax
    }

    private mutating func keepQuiet(_ seconds: Int, now: Instant) {
        let until = now.adding(milliseconds: Int64(min(max(seconds, 0), 86_400)) * 1_000)
        quietUntil = max(quietUntil ?? until, until)
    }

    private mutating func stop(_ reason: StopReason) -> [Action] {
        if reason == .fork { isPushStopped = true }
        guard stopped != reason else { return [] }
        stopped = reason
        return [.stopSelling(reason)]
    }

    private mutating func startLanes(now: Instant) -> [Action] {
        var actions: [Action] = []
        var wake: Instant?
        func due(_ notBefore: Instant?) -> Bool {
            guard let time = [notBefore, quietUntil].compactMap(\.self).max(), time > now else {
                return true
            }
            wake = min(wake ?? time, time)
            return false
        }
        if pushLane == .idle, nextToSend <= head.sequence, due(pushNotBefore) {
            pushLane = .inFlight
            actions.append(.sendBatch(first: nextToSend, bounds: bounds))
        }
        if stopped == nil, pullLane == .idle, due(pullNotBefore) {
            pullLane = .inFlight
            pullStarted = now
            let isBusy = nextToSend <= head.sequence && pushLane != .inFlight
            let mayWait = isUpToDate && !isBusy
            actions.append(
                .pull(after: cursor, waitSeconds: mayWait ? ChangesRequest.waitSecondsMax : 0))
        }
        if let wake { actions.append(.wake(at: wake)) }
        return actions
    }

    private var bounds: BatchBounds {
        let isBacklog = head.sequence - nextToSend + 1 > Int64(BatchBounds.usual.recordCountMax)
        var bounds = isBacklog ? BatchBounds.draining : .usual
        bounds.recordCountMax = min(bounds.recordCountMax, recordCountCap)
        return bounds
    }
}
