import Domain
import Journal
import Logging

/// The till's contact with head office: every exchange goes through here, so that time, beacon and
/// "online since" have one keeper.
actor OfficeContact {
    /// What the screens show of the line.
    struct LineStatus: Sendable, Equatable {
        let isOnline: Bool
        /// Since when it is so; nil before the first exchange ended.
        let since: Instant?
        let trouble: SyncSender.Trouble?
    }

    private let line: OfficeLine
    private let store: TillStore
    private let identity: TillIdentity
    private let world: TillWorld
    private let logger: Logger
    private var isOnline = false
    private var since: Instant?
    private var trouble: SyncSender.Trouble?
    private var clockOffset: Int64?
    /// Verified replies so far, whatever they answered.
    private var answerCount = 0
    /// The line was down, and no beacon says yet in the journal since when it is back.
    private var owesBeacon = true
    /// Told each time the line is back.
    nonisolated let returned: AsyncStream<Void>
    private let returnedContinuation: AsyncStream<Void>.Continuation

    init(
        line: OfficeLine, store: TillStore, identity: TillIdentity, world: TillWorld,
        logger: Logger
    ) {
        self.line = line
        self.store = store
        self.identity = identity
        self.world = world
        self.logger = logger
        (returned, returnedContinuation) = AsyncStream.makeStream(
            bufferingPolicy: .bufferingNewest(1))
    }

    var status: LineStatus { LineStatus(isOnline: isOnline, since: since, trouble: trouble) }

    /// Takes the stored offset; called once at the start.
    func start() async {
        clockOffset = try? await store.read { try SyncState.load(in: $0).clockOffset }
    }

    func report(_ trouble: SyncSender.Trouble?) {
        self.trouble = trouble
        if let trouble {
            logger.error("sync needs a person", metadata: ["trouble": "\(trouble)"])
        }
    }

    /// Sends a request; a verified answer with a beacon is noted before it is returned.
    func exchange(
        _ method: String, _ pathAndQuery: String, body: [UInt8] = [], contentType: String? = nil,
        timeout: Duration, isLongPoll: Bool = false,
        beacon: @Sendable ([UInt8]) -> String?
    ) async -> OfficeLine.Answer? {
        let answerCountBefore = answerCount
        let answer = await line.exchange(
            method, pathAndQuery, body: body, contentType: contentType, clockOffset: clockOffset,
            timeout: timeout, isLongPoll: isLongPoll)
        guard let answer else {
            // A request that waited on a dead connection says nothing against a later answer.
            if answerCount == answerCountBefore { turn(online: false) }
            return nil
        }
        answerCount += 1
        turn(online: true)
        if answer.status == 200, let token = beacon(answer.body) {
            await note(token, of: answer)
        }
        return answer
    }

    /// Sets the clock by the beacon of a refusal for the clock.
    func correctClock(_ token: String) async {
        guard let beacon = Beacon(token: token, keys: [identity.officeKey]),
            beacon.till == identity.till
        else { return }
        let now = world.now()
        let offset = beacon.issued.milliseconds(since: now)
        clockOffset = offset
        try? await store.correctClock(offset: offset, at: now)
    }

    private func note(_ token: String, of answer: OfficeLine.Answer) async {
        guard let beacon = Beacon(token: token, keys: [identity.officeKey]),
            beacon.till == identity.till, beacon.nonce == answer.nonce
        else {
            logger.warning("a beacon that is not this request's is left aside")
            return
        }
        let offset = beacon.offset(sent: answer.sent, received: answer.received)
        if let offset { clockOffset = offset }
        do {
            try await store.noteContact(
                beacon, offset: offset, wasOffline: owesBeacon, id: world.makeID(),
                at: answer.received, book: JournalBook(identity))
            owesBeacon = false
        } catch {
            logger.error("contact could not be noted", metadata: ["error": "\(error)"])
        }
    }

    private func turn(online: Bool) {
        guard online != isOnline || since == nil else { return }
        isOnline = online
        if online { returnedContinuation.yield() } else { owesBeacon = true }
        since = world.now()
        logger.info(online ? "head office answers" : "head office does not answer")
    }
}
