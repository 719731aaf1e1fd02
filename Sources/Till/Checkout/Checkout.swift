import Domain
import Journal
import Logging

/// Runs the payments of this till: feeds ``PaymentFlow`` and carries out what it decides.
actor Checkout {
    private typealias Reply = AuthorisationReply

    let store: TillStore
    let identity: TillIdentity
    let world: TillWorld
    /// Payments by phone.
    nonisolated let phone: PhoneCheckout
    private let authoriser: Authoriser
    private let answerBudget: Duration
    private let logger: Logger
    private var flows: [RecordID: PaymentFlow] = [:]
    private var waiting: [RecordID: [CheckedContinuation<Void, Never>]] = [:]
    private var lastRefusal: [RecordID: Reply] = [:]
    private var cancelledBy: [RecordID: String] = [:]
    private var sendingCount: [RecordID: Int] = [:]
    /// Why the committing transaction refused a sale.
    private var commitRefusals: [RecordID: any Error] = [:]
    /// When this process first saw a payment open, by the clock that nobody can set.
    private var seenOpen: [RecordID: Int64] = [:]
    /// Payments whose next attempt is being stored: a second click or tab waits its turn.
    private var preparing: Set<RecordID> = []

    init(
        store: TillStore, identity: TillIdentity, world: TillWorld, authoriser: Authoriser,
        logger: Logger, answerBudget: Duration = .milliseconds(PaymentFlow.answerBudget),
        phoneLine: PhoneLine = .down, phoneSeconds: Int = TillConfiguration.defaultPhoneSeconds
    ) {
        phone = PhoneCheckout(
            store: store, identity: identity, world: world, line: phoneLine,
            lifetime: phoneSeconds, logger: logger)
        self.store = store
        self.identity = identity
        self.world = world
        self.authoriser = authoriser
        self.logger = logger
        self.answerBudget = answerBudget
    }

    /// Takes up the payments that a stop left open (R-P10).
    func recover() async throws {
        for row in try await store.openPayments() {
            guard let card = row.card, flows[row.id] == nil else { continue }
            let isBarred = try await store.read {
                try Cards.isRefusedOnline(card.fingerprint, in: $0)
            }
            flows[row.id] = PaymentFlow(
                recovering: row.id, card: card.fingerprint, attempt: row.attempt,
                isStandInEnded: isBarred)
        }
    }

    /// Settles the account's basket: begins its payment, or gives the one that is open for it.
    func begin(login: String) async throws -> RecordID {
        let begun = try await store.beginPayment(
            of: login, id: world.makeID(), cancellationID: world.makeID(), at: world.now(),
            book: JournalBook(identity))
        if let replaced = begun.replaced {
            // Its record is committed already; a late answer finds the flow ended.
            await process(replaced, .basketChanged)
        }
        return begun.payment
    }

    /// Seals what was entered and asks head office; returns when it answered, or after the budget.
    ///
    /// - Refuses, first match wins: `disk_nearly_full`, `CardRefusal`, what ``Cards/programme(of:in:)``
    ///   refuses, `PaymentRefusal` (`unknown`, `ended`, `otherCard`, `testCardLimit`, `notSealed`,
    ///   `busy`).
    func attempt(_ payment: RecordID, number: String, password: String) async throws {
        try store.requireRoom()
        let number = try CardNumber(number)
        let password = try CardPassword(password)
        let fingerprint = identity.fingerprintKey.fingerprint(of: number)
        let (row, card, sealingKey) = try await store.read { [world] database in
            try TillStore.requireSelling(in: database)
            let programme = try Cards.programme(of: number, in: database)
            guard let row = try PaymentRow.find(payment, in: database) else {
                throw PaymentRefusal.unknown
            }
            guard row.ending == nil else { throw PaymentRefusal.ended }
            guard try PhoneRow.find(payment, in: database) == nil else {
                throw PaymentRefusal.shownToPhone
            }
            let card = PaymentCard(
                fingerprint: fingerprint, mask: number.masked, programme: programme.code,
                isTest: try Cards.isTest(fingerprint, in: database))
            if let first = row.card, row.attempt > 0, first.fingerprint != fingerprint {
                throw PaymentRefusal.otherCard
            }
            if card.isTest {
                let time = try SyncState.load(in: database).corrected(world.now())
                let usage = try StandIn.usage(of: nil, at: time, in: database).test
                guard TestCardLimits.allow(row.amount, usage: usage) else {
                    throw PaymentRefusal.testCardLimit
                }
            }
            return (row, card, try TillIdentity.sealingKey(in: database))
        }
        guard
            let sealed = SealedCredential.seal(
                .init(number: number, password: password), payment: payment, amount: row.amount,
                to: sealingKey)
        else { throw PaymentRefusal.notSealed }
        guard preparing.insert(payment).inserted else { throw PaymentRefusal.busy }
        do {
            defer { preparing.remove(payment) }
            let flow = try openFlow(payment, card: fingerprint)
            // Before the event: once the flow sends, the attempt's number is on disk.
            flows[payment] = flow
            try await store.storeAttempt(flow.attempt + 1, card: card, payment: payment)
        }
        await process(payment, .credentialEntered(sealed))
        await settled(payment)
        if let refusal = commitRefusals.removeValue(forKey: payment) { throw refusal }
    }

    /// The flow that takes the next attempt. It is looked at after every wait of the caller: what the
    /// row said before may be another tab's past by now.
    private func openFlow(_ payment: RecordID, card: CardFingerprint) throws -> PaymentFlow {
        guard let flow = flows[payment] else { return PaymentFlow(payment: payment, card: card) }
        guard flow.choices.contains(.retype) else { throw PaymentRefusal.busy }
        if flow.card == card { return flow }
        guard flow.attempt == 0 else { throw PaymentRefusal.otherCard }
        return PaymentFlow(payment: payment, card: card)
    }

    /// Asks again with the same sealed bytes, or stores an accepted sale again.
    func retry(_ payment: RecordID) async throws {
        guard let flow = flows[payment] else { throw PaymentRefusal.notOffered }
        if flow.choices.contains(.retry) {
            await process(payment, .cashierRetried)
        } else if flow.choices.contains(.commitAgain) {
            try store.requireRoom()
            await process(payment, .cashierCommittedAgain)
        } else {
            throw PaymentRefusal.notOffered
        }
        await settled(payment)
    }

    /// Takes the card without head office, if every limit allows it.
    ///
    /// - Refuses, first match wins: `disk_nearly_full`, `PaymentRefusal.notOffered`,
    ///   `StandInRefusal`.
    func takeOffline(_ payment: RecordID) async throws {
        try store.requireRoom()
        guard flows[payment]?.choices.contains(.takeOffline) ?? false else {
            throw PaymentRefusal.notOffered
        }
        try await store.read { [world] database in
            try TillStore.requireSelling(in: database)
            guard let row = try PaymentRow.find(payment, in: database), let card = row.card else {
                throw PaymentRefusal.unknown
            }
            try StandIn.check(
                amount: row.amount, card: card, at: world.now(),
                managerOverride: row.override != nil, in: database)
        }
        await process(payment, .cashierTookOffline)
        await settled(payment)
        if let refusal = commitRefusals.removeValue(forKey: payment) { throw refusal }
    }

    /// Ends the payment without a sale.
    ///
    /// - Refuses: `PaymentRefusal.unknown`, `.ended` (it became a sale), `.busy`.
    func cancel(_ payment: RecordID, by login: String, reason: PaymentCancelled.Reason = .cashier)
        async throws
    {
        guard let flow = flows[payment] else {
            // No card was entered: there is nothing a flow would have to end.
            return try await commitCancellation(payment, reason: reason, by: login)
        }
        if case .cancelled = flow.state { return }
        if case .committed = flow.state { throw PaymentRefusal.ended }
        cancelledBy[payment] = login
        await process(payment, reason == .abandoned ? .expired : .cashierCancelled)
        await settled(payment)
        if case .committed = flows[payment]?.state { throw PaymentRefusal.ended }
    }

    /// Cancels what has been open for ten minutes (R-P10).
    ///
    /// No set-back of the machine's clock stretches them: while this process runs, the clock that nobody
    /// can set counts too; after a restart the highest time ever seen does.
    func cancelAbandoned() async throws {
        let now = world.now()
        let open = try await store.openPayments()
        let state = try await store.read { try SyncState.load(in: $0) }
        let highest = state.highestTime.map {
            $0.adding(milliseconds: -(state.clockOffset ?? 0))
        }
        let elapsed = world.elapsed()
        seenOpen = open.reduce(into: [:]) { $0[$1.id] = seenOpen[$1.id] ?? elapsed }
        for row in open {
            let byClock = max(now, highest ?? now).milliseconds(since: row.begunAt)
            let bySight = elapsed - (seenOpen[row.id] ?? elapsed)
            // Begun later than now: the clock was set back by more than the time allowed.
            let isFuture = row.begunAt.milliseconds(since: now) >= PaymentFlow.openTimeMax
            guard max(byClock, bySight) >= PaymentFlow.openTimeMax || isFuture else { continue }
            do {
                try await cancel(row.id, by: "system", reason: .abandoned)
            } catch let refusal as PaymentRefusal {
                logger.info("an old payment stays", metadata: ["reason": "\(refusal)"])
            }
        }
        forgetEnded(before: now.adding(milliseconds: -2 * PaymentFlow.openTimeMax))
    }

    /// A late answer finds an ended payment's flow for a while; then it is let go.
    private func forgetEnded(before time: Instant) {
        for (payment, flow) in flows where flow.isFinal && payment.time < time {
            flows[payment] = nil
            lastRefusal[payment] = nil
            cancelledBy[payment] = nil
            sendingCount[payment] = nil
        }
    }

    /// Passwords left after the last refusal, when head office said so.
    func triesLeft(_ payment: RecordID) -> Int? { lastRefusal[payment]?.triesLeft }

    /// Where the payment is; nil while no card was tried.
    func flow(_ payment: RecordID) -> PaymentFlow? { flows[payment] }

    // MARK: Carrying out

    private func process(_ payment: RecordID, _ event: PaymentFlow.Event) async {
        guard var flow = flows[payment] else { return }
        let actions = flow.handle(event)
        flows[payment] = flow
        for action in actions {
            await carryOut(action, payment)
        }
        wake(payment)
    }

    private func carryOut(_ action: PaymentFlow.Action, _ payment: RecordID) async {
        switch action {
        case .sendAuthorisation(let attempt, let credential):
            send(payment, attempt: attempt, credential: credential)
        case .commitSale(let acceptance): await commitSale(payment, acceptance)
        case .commitCancellation(let reason): await commitCancellation(payment, reason)
        case .resolveCommit: resolve(payment)
        case .blockCardStandIn(let card):
            let code = lastRefusal[payment]?.code ?? "refused"
            await attemptToStore {
                try await self.store.storeRefusal(
                    code, triesLeft: self.lastRefusal[payment]?.triesLeft, blocks: card,
                    payment: payment, at: self.world.now())
            }
        // An approval is noted with the sale it allows.
        case .allowCardStandIn(let card):
            await attemptToStore {
                try await self.store.storeApproval(card, at: self.world.now())
            }
        case .recordLateRefusal(let code):
            await attemptToStore {
                try await self.store.storeLateRefusal(code, payment: payment)
            }
        case .showChoices: break
        }
    }

    private func attemptToStore(_ work: () async throws -> Void) async {
        do { try await work() } catch {
            logger.error("a payment's note could not be stored", metadata: ["error": "\(error)"])
        }
    }

    /// Sends in the background; what comes first, answer or end of the budget, moves the flow.
    private func send(_ payment: RecordID, attempt: Int, credential: SealedCredential) {
        let sending = sendingCount[payment, default: 0] + 1
        sendingCount[payment] = sending
        Task {
            let request = await request(payment, attempt: attempt, credential)
            let reply = if let request { await authoriser.ask(request) } else { nil as Reply? }
            if let reply {
                if reply.result == .refused { lastRefusal[payment] = reply }
                await process(payment, .authorisationAnswered(reply))
            } else {
                await unanswered(payment, attempt: attempt, sending: sending)
            }
        }
        Task {
            try? await Task.sleep(for: answerBudget)
            await unanswered(payment, attempt: attempt, sending: sending)
        }
    }

    /// The silence of an earlier sending says nothing about a retry of the same attempt.
    private func unanswered(_ payment: RecordID, attempt: Int, sending: Int) async {
        guard sendingCount[payment] == sending else { return }
        await process(payment, .unanswered(attempt: attempt))
    }

    private func request(
        _ payment: RecordID, attempt: Int, _ credential: SealedCredential
    ) async -> AuthorisationRequest? {
        let now = world.now()
        return try? await store.read { database in
            guard let row = try PaymentRow.find(payment, in: database), let card = row.card else {
                return nil
            }
            return AuthorisationRequest(
                amount: row.amount, attempt: attempt, at: now, credential: credential.bytes,
                fingerprint: card.fingerprint,
                offset: try SyncState.load(in: database).clockOffset, payment: payment,
                tillHead: try JournalBook.head(in: database),
                unsentForCard: try StandIn.unsent(of: card.fingerprint, in: database), version: 1)
        }
    }

    private func commitSale(_ payment: RecordID, _ acceptance: PaymentFlow.Acceptance) async {
        do {
            _ = try await store.commitSale(
                payment, acceptance: acceptance, at: world.now(), identity: identity)
            await process(payment, .saleCommitted)
        } catch let error as TillStoreError where error.code == .outcomeUnknown {
            await process(payment, .commitUnknown)
        } catch {
            logger.error("a sale was not stored", metadata: ["error": "\(error)"])
            let refusal = error as? PaymentRefusal
            if error is StandInRefusal || refusal == .testCardLimit {
                commitRefusals[payment] = error
            }
            await process(payment, .saleNotCommitted)
            // The day's limit stays reached: the hold goes back at once.
            if refusal == .testCardLimit { await process(payment, .cashierCancelled) }
        }
    }

    private func commitCancellation(
        _ payment: RecordID, _ reason: PaymentCancelled.Reason
    ) async {
        do {
            try await commitCancellation(
                payment, reason: reason, by: cancelledBy[payment] ?? "system")
            await process(payment, .cancellationCommitted)
        } catch let error as TillStoreError where error.code == .outcomeUnknown {
            await process(payment, .commitUnknown)
        } catch {
            logger.error("a cancellation was not stored", metadata: ["error": "\(error)"])
            await process(payment, .cancellationNotCommitted)
        }
    }

    private func commitCancellation(
        _ payment: RecordID, reason: PaymentCancelled.Reason, by login: String
    ) async throws {
        try await store.cancelPayment(
            payment, reason: reason, by: login, id: world.makeID(), at: world.now(),
            book: JournalBook(identity))
    }

    /// Asks the file until it answers: only the file knows whether the COMMIT took place.
    private func resolve(_ payment: RecordID) {
        Task {
            while true {
                do {
                    try store.reopenIfClosed()
                    let ending = try await store.read {
                        try PaymentRow.find(payment, in: $0)?.ending
                    }
                    return await settle(payment, ending: ending)
                } catch {
                    logger.critical("the data file does not open", metadata: ["error": "\(error)"])
                    do { try await Task.sleep(for: .seconds(1)) } catch { return }
                }
            }
        }
    }

    private func settle(_ payment: RecordID, ending: String?) async {
        if case .committing = flows[payment]?.state {
            await process(payment, ending == "sale" ? .saleCommitted : .saleNotCommitted)
        } else {
            await process(
                payment, ending == nil ? .cancellationNotCommitted : .cancellationCommitted)
        }
    }

    // MARK: Waiting

    /// Returns when nothing is under way for the payment.
    private func settled(_ payment: RecordID) async {
        while isMoving(payment) {
            await withCheckedContinuation { waiting[payment, default: []].append($0) }
        }
    }

    private func isMoving(_ payment: RecordID) -> Bool {
        switch flows[payment]?.state {
        case .authorising, .committing, .cancelling: true
        default: false
        }
    }

    private func wake(_ payment: RecordID) {
        guard !isMoving(payment) else { return }
        waiting.removeValue(forKey: payment)?.forEach { $0.resume() }
    }
}
