import Domain
import Journal
import Logging
import Receipts
import ServiceLifecycle
import Synchronization
import WebSupport

/// Works the print queue: one slip at a time for each device, no device waiting for another, and no
/// sale for any of them (O-22).
actor Printing {
    /// How a device was found last.
    struct Sight: Sendable, Equatable {
        let condition: PrinterCondition
        let at: Instant
    }

    let store: TillStore
    let identity: TillIdentity
    let world: TillWorld
    private let languages: Languages
    private let limits: PrinterLimits
    private let system: PrintSystem
    private let glyphs: (any GlyphDrawing)?
    private let logger: Logger
    /// By ``PrinterDevice/lane``.
    private let sights = Mutex<[String: Sight]>([:])
    private let isStopped = Mutex(false)
    private let wakes: AsyncStream<Void>
    private let waker: AsyncStream<Void>.Continuation
    private var busy: Set<String> = []
    private var failures: [String: Int] = [:]
    private var notBefore: [String: ContinuousClock.Instant] = [:]
    private var lookedAt: [String: ContinuousClock.Instant] = [:]

    /// - Parameter glyphs: draws the characters that a printer lacks; nil where no font is installed.
    init(
        store: TillStore, identity: TillIdentity, world: TillWorld, logger: Logger,
        languages: Languages, glyphs: (any GlyphDrawing)?, limits: PrinterLimits = .standard,
        system: PrintSystem = PrintSystem()
    ) {
        self.store = store
        self.identity = identity
        self.world = world
        self.languages = languages
        self.limits = limits
        self.system = system
        self.glyphs = glyphs
        self.logger = logger
        (wakes, waker) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
    }

    /// Whether a character that a printer lacks can be drawn.
    nonisolated var draws: Bool { glyphs != nil }

    /// Looks at the queue now, instead of within a second.
    nonisolated func wake() { waker.yield() }

    /// Tries a device again now: a person has said that it is ready.
    func tryNow(_ device: PrinterDevice) {
        notBefore[device.lane] = nil
        lookedAt[device.lane] = nil
        wake()
    }

    /// How the device was found last; nil when it was not looked at yet.
    nonisolated func sight(of device: PrinterDevice) -> Sight? {
        sights.withLock { $0[device.lane] }
    }

    /// Works until the task is cancelled; what is being sent then is in question.
    func work() async {
        isStopped.withLock { $0 = false }
        await attempt("print jobs could not be recovered") { try await store.recoverPrintJobs() }
        await withDiscardingTaskGroup { group in
            group.addTask { [waker] in
                while !Task.isCancelled {
                    waker.yield()
                    try? await Task.sleep(for: .seconds(1))
                }
                waker.finish()
            }
            for await _ in wakes {
                if Task.isCancelled { break }
                await attempt("the print queue could not be read") { try await look(&group) }
            }
            isStopped.withLock { $0 = true }
            group.cancelAll()
        }
    }

    private func look(_ group: inout DiscardingTaskGroup) async throws {
        let source = SlipSource(identity: identity, languages: languages)
        for slip in SlipKind.allCases {
            while try await store.printNext(
                slip, ids: [world.makeID(), world.makeID()], at: world.now(), source: source)
            {}
        }
        let (printers, jobs) = try await store.read {
            (try Printers.list(in: $0), try PrintJobs.next(in: $0))
        }
        let now = ContinuousClock.now
        for job in jobs {
            guard let printer = printers.first(where: { $0.id == job.printer }) else { continue }
            let lane = printer.device.lane
            if let time = notBefore[lane], now < time { continue }
            guard busy.insert(lane).inserted else { continue }
            group.addTask { await self.print(job, on: printer) }
        }
        for printer in printers where printer.device.kind != .cups {
            let lane = printer.device.lane
            if let time = lookedAt[lane], now < time + limits.look { continue }
            guard busy.insert(lane).inserted else { continue }
            group.addTask { await self.lookAt(printer) }
        }
    }

    /// One attempt at the first waiting job of a device.
    private func print(_ job: PrintJob, on printer: Printer) async {
        let lane = printer.device.lane
        let dialogue = PrinterDialogue(limits: limits, isStopped: stopped)
        let (link, condition) = await begin(printer, dialogue)
        await saw(condition, printer)
        if condition.prints {
            await attempt("a print job could not be stored") {
                try await send(job, on: printer, link, dialogue, condition)
            }
        } else {
            retryLater(lane)
            if job.trouble != condition {
                await attempt("a print job could not be stored") {
                    try await store.notePrintTrouble(condition, job: job.id)
                }
            }
        }
        busy.remove(lane)
        wake()
    }

    private func send(
        _ job: PrintJob, on printer: Printer, _ link: PrinterLink?, _ dialogue: PrinterDialogue,
        _ condition: PrinterCondition
    ) async throws {
        let document: SlipDocument
        do {
            guard let claimed = try await store.beginPrintJob(job.id, on: printer.id) else {
                link?.close()
                return
            }
            document = claimed
        } catch {
            link?.close()
            retryLater(printer.device.lane)
            throw error
        }
        let slip = SlipPrintout(
            paper: printer.paper, encoding: printer.encoding,
            glyphs: printer.pictures ? glyphs : nil
        ).render(document)
        let outcome = await PrinterThread.run { [system, limits] in
            guard let link else {
                return system.send(slip, to: printer.device.address, limit: limits.queue)
            }
            let outcome = dialogue.send(slip, to: link, answers: condition != .mute) {
                self.note($0, printer.device)
            }
            // A slow printer goes on with what it has; one that is done sees the end in order.
            link.finish(limit: outcome.result == .printed ? .milliseconds(200) : .seconds(1))
            return outcome
        }
        note(outcome.condition, printer.device)
        if outcome.result == .notBegun || outcome.result == .unknown {
            retryLater(printer.device.lane)
            logger.warning(
                "a slip did not print",
                metadata: [
                    "print.job": "\(job.id)", "print.condition": "\(outcome.condition.rawValue)",
                ])
        } else {
            failures[printer.device.lane] = nil
        }
        let state: PrintJob.State =
            switch outcome.result {
            case .printed: .printed
            case .sent: .sent
            case .notBegun: .waiting
            case .unknown: .unknown
            }
        try await store.endPrintJob(
            job.id, state, trouble: state.isOpen ? outcome.condition : nil, at: world.now())
    }

    private func lookAt(_ printer: Printer) async {
        let dialogue = PrinterDialogue(limits: limits, isStopped: stopped)
        let (link, condition) = await begin(printer, dialogue)
        link?.close()
        await saw(condition, printer)
        busy.remove(printer.device.lane)
    }

    private func begin(
        _ printer: Printer, _ dialogue: PrinterDialogue
    ) async -> (link: PrinterLink?, condition: PrinterCondition) {
        await PrinterThread.run { [system] in
            printer.device.kind == .cups
                ? (nil, system.begin())
                : dialogue.begin(printer.device, expectsAnswer: printer.answers)
        }
    }

    private func saw(_ condition: PrinterCondition, _ printer: Printer) async {
        note(condition, printer.device)
        lookedAt[printer.device.lane] = .now
        let isAnswer = PrinterStatus.State(rawValue: condition.rawValue) != nil
        if isAnswer, !printer.answers {
            await attempt("a printer could not be stored") {
                try await store.notePrinterAnswers(printer.id)
            }
        }
    }

    private nonisolated func note(_ condition: PrinterCondition, _ device: PrinterDevice) {
        sights.withLock { $0[device.lane] = Sight(condition: condition, at: world.now()) }
    }

    private nonisolated var stopped: @Sendable () -> Bool {
        { [weak self] in self?.isStopped.withLock { $0 } ?? true }
    }

    private func retryLater(_ lane: String) {
        let count = failures[lane, default: 0]
        failures[lane] = count + 1
        let delay = limits.retries[min(count, limits.retries.count - 1)]
        notBefore[lane] = .now + delay
    }

    private func attempt(_ trouble: String, _ work: () async throws -> Void) async {
        do { try await work() } catch {
            logger.error("\(trouble)", metadata: ["error": "\(error)"])
        }
    }
}

/// Printing as a part of the node.
struct PrintingService: Service {
    let printing: Printing

    func run() async throws {
        await cancelWhenGracefulShutdown { await printing.work() }
    }
}
