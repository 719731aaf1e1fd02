import Domain
import Journal
import Logging
import ServiceLifecycle

/// Carries out what ``SyncSender`` decides: pushes the journal, pulls changes, until the node stops.
struct TillSync: Service {
    static let batchTimeout: Duration = .seconds(60)

    let store: TillStore
    let identity: TillIdentity
    let contact: OfficeContact
    let world: TillWorld
    let logger: Logger
    /// How the printers are, for head office; nil when nobody knows.
    let printers: @Sendable () async -> [TillStatus.Printer]?

    func run() async throws {
        let start = try await store.syncStart()
        let stop = try await store.read { try SyncState.load(in: $0).stop }
        await contact.start()
        if stop == .fork { return try await gracefulShutdown() }
        await cancelWhenGracefulShutdown { await loop(from: start) }
    }

    private func loop(
        from start: (head: JournalHead, acknowledged: Int64, cursor: Cursor)
    ) async {
        let (events, source) = AsyncStream.makeStream(of: SyncSender.Event.self)
        let clock = ContinuousClock()
        let began = clock.now
        var sender = SyncSender(
            head: start.head, acknowledged: start.acknowledged, cursor: start.cursor)
        source.yield(.woken)
        await withDiscardingTaskGroup { group in
            group.addTask { await watchJournal(source) }
            group.addTask {
                for await _ in contact.returned { source.yield(.lineReturned) }
            }
            var alarm: Instant?
            for await event in events {
                let elapsed = clock.now - began
                let now = Instant(milliseconds: elapsed.wholeMilliseconds)
                if let due = alarm, due <= now { alarm = nil }
                for action in sender.handle(event, now: now, random: world.random()) {
                    if case .wake(let at) = action {
                        // One alarm at a time: it asks again for what is due after it.
                        if let due = alarm, due <= at { continue }
                        alarm = at
                        let delay = max(0, at.milliseconds(since: now))
                        group.addTask {
                            try? await clock.sleep(for: .milliseconds(delay))
                            source.yield(.woken)
                        }
                    } else {
                        group.addTask { await carryOut(action, source) }
                    }
                }
            }
            group.cancelAll()
        }
    }

    private func watchJournal(_ source: AsyncStream<SyncSender.Event>.Continuation) async {
        for await _ in store.written {
            guard let head = try? await store.read({ try JournalBook.head(in: $0) }) else {
                continue
            }
            source.yield(.recordAppended(head))
        }
    }

    private func carryOut(
        _ action: SyncSender.Action, _ source: AsyncStream<SyncSender.Event>.Continuation
    ) async {
        switch action {
        case .sendBatch(let first, let bounds):
            source.yield(await sendBatch(first: first, bounds: bounds))
        case .applyVerdicts(let reply):
            do {
                try await store.applyVerdicts(reply.verdicts, at: world.now())
                await contact.report(nil)
                source.yield(.verdictsApplied)
            } catch {
                logger.error("verdicts could not be stored", metadata: ["error": "\(error)"])
                source.yield(.verdictsNotApplied)
            }
        case .pull(let after, let waitSeconds):
            source.yield(await pull(after: after, waitSeconds: waitSeconds))
        case .applyChanges(let reply):
            do {
                try await store.applyChanges(reply)
                source.yield(.changesApplied)
            } catch {
                logger.error("changes could not be stored", metadata: ["error": "\(error)"])
                source.yield(.changesNotApplied)
            }
        case .correctClock(let beacon):
            await contact.correctClock(beacon)
            source.yield(.woken)
        case .stopSelling(let reason):
            logger.critical("head office stopped this till", metadata: ["reason": "\(reason)"])
            await stopSelling(reason)
        case .report(let trouble):
            await contact.report(trouble)
        case .wake: break
        }
    }

    /// Head office does not say it again to a sender that stopped: it is tried until it is stored.
    private func stopSelling(_ reason: SyncSender.StopReason) async {
        while !Task.isCancelled {
            do {
                return try await store.stopSelling(reason)
            } catch {
                logger.critical("the stop could not be stored", metadata: ["error": "\(error)"])
                try? await Task.sleep(for: .seconds(1))
            }
        }
    }

    private func sendBatch(first: Int64, bounds: BatchBounds) async -> SyncSender.Event {
        let frame: BatchFrame?
        do {
            frame = try await store.makeBatch(
                from: first, bounds: bounds, batch: world.makeID(), identity: identity,
                printers: await printers())
        } catch {
            logger.error("records could not be read", metadata: ["error": "\(error)"])
            return .batchUnanswered
        }
        guard let frame else { return .batchUnanswered }
        let answer = await contact.exchange(
            "POST", "/sync/v1/batches", body: frame.encoded(),
            contentType: "application/octet-stream", timeout: Self.batchTimeout,
            beacon: { (try? BatchReply(bytes: $0))?.beacon })
        guard let answer else { return .batchUnanswered }
        if answer.status == 200, let reply = try? BatchReply(bytes: answer.body) {
            do {
                let own = try await store.ownHash(
                    at: reply.durable.sequence, identity: identity)
                return .batchAnswered(reply, frame: frame, ownHash: own)
            } catch {
                // Not to be able to read is not to have another journal: that would be a fork.
                logger.error("own records could not be read", metadata: ["error": "\(error)"])
                return .batchUnanswered
            }
        }
        guard let refusal = Self.refusal(answer) else { return .batchUnanswered }
        logger.warning("head office refused a batch", metadata: ["code": "\(refusal.code)"])
        return .batchRefused(refusal, recordCount: frame.entries.count)
    }

    private func pull(after: Cursor, waitSeconds: Int) async -> SyncSender.Event {
        let printers = await printers()
        let told = try? await store.read {
            (try JournalBook.head(in: $0), try TillStore.tillStatus(printers: printers, in: $0))
        }
        guard let (head, status) = told else { return .changesUnanswered }
        let request = ChangesRequest(
            after: after, waitSeconds: waitSeconds, head: head, status: status)
        let answer = await contact.exchange(
            "GET", request.pathAndQuery, timeout: .seconds(request.waitSeconds + 15),
            isLongPoll: true, beacon: { (try? ChangesReply(bytes: $0))?.beacon })
        guard let answer else { return .changesUnanswered }
        if answer.status == 200, let reply = try? ChangesReply(bytes: answer.body) {
            return .changesAnswered(reply)
        }
        guard let refusal = Self.refusal(answer) else { return .changesUnanswered }
        logger.warning("head office refused a pull", metadata: ["code": "\(refusal.code)"])
        return .changesRefused(refusal)
    }

    private static func refusal(_ answer: OfficeLine.Answer) -> BatchRefusal? {
        (try? WireError(bytes: answer.body))
            .flatMap { BatchRefusal(status: answer.status, body: $0) }
    }
}

extension Duration {
    /// Rounded down.
    var wholeMilliseconds: Int64 {
        components.seconds * 1_000 + components.attoseconds / 1_000_000_000_000_000
    }
}
