// Judges the records of a batch in the order of the journal, on balances kept in memory: what one
// record takes from a card, the next one no longer finds. It holds no SQL and changes nothing.

import Domain
import Journal

/// Turns records into an outcome.
struct IngestJudge {
    let till: KnownTill
    let cards: CardSecrets
    let signingKeys: [NamedVerifyingKey]
    let received: Instant
    var row: IngestTill
    var world: IngestWorld
    var outcome = IngestOutcome()

    private var ledger: IngestLedger {
        IngestLedger(storeID: till.storeID, storeCode: till.storeCode)
    }

    /// What a record's id says about it (R-M3).
    enum Identity: Sendable, Equatable {
        /// The first of its id.
        case new
        /// Stored elsewhere with the same content, at that business time; nil when that is earlier in
        /// the same batch.
        case duplicate(ofTime: Instant?)
        /// Stored elsewhere with other content, which stands.
        case otherContent
    }

    /// Judges one record.
    mutating func judge(_ incoming: IncomingRecord, identity: Identity) {
        let at = incoming.record?.at ?? received
        let time = BusinessTime(
            at: at, offset: incoming.record?.offset,
            previousAt: incoming.record == nil ? nil : row.lastRecord,
            lastBeacon: row.lastBeacon, received: received)
        if incoming.record != nil { row.lastRecord = at }
        let exception: RecordException?
        switch identity {
        case .duplicate(let first):
            // The time of the first receipt stands (R-T2).
            let original =
                first ?? outcome.stored.first { $0.incoming.id == incoming.id }?.time.instant
            let stands = original.map { BusinessTime(instant: $0, flags: time.flags) } ?? time
            store(incoming, stands, .duplicate, nil)
            return
        case .otherContent:
            exception = .sameIDDifferentContent
            note(.sameIDDifferentContent, incoming, amount: incoming.saleTotal)
        case .new:
            exception = row.isQuarantined ? quarantine(incoming, time) : act(on: incoming, time)
        }
        store(incoming, time, exception == nil ? .posted : .exception, exception)
    }

    mutating func act(
        on incoming: IncomingRecord, _ time: BusinessTime
    ) -> RecordException? {
        guard let record = incoming.record else {
            return note(.unreadableRecord, incoming)
        }
        switch record.body {
        case .tillStarted, .slipPrinted, .dayClosed:
            return nil
        case .beacon(let beacon):
            guard let read = Beacon(token: beacon.token, keys: signingKeys),
                read.till == till.code
            else { return note(.unreadableRecord, incoming) }
            row.lastBeacon = max(row.lastBeacon, read.issued)
            return nil
        case .saleCompleted(let sale):
            return judgeSale(record.id, sale, incoming, time)
        case .paymentCancelled(let cancelled):
            return judgeCancellation(cancelled.payment, incoming)
        case .refundRequested(let request):
            return judgeRefund(record.id, request, incoming, time)
        case .refundWithdrawn(let withdrawn):
            return judgeWithdrawal(withdrawn.request, incoming)
        case .unknown:
            return note(.unknownKind, incoming)
        }
    }

    // MARK: Sales and cancellations

    private mutating func judgeSale(
        _ id: RecordID, _ sale: SaleCompleted, _ incoming: IncomingRecord, _ time: BusinessTime
    ) -> RecordException? {
        let card = world.cards[sale.card.fingerprint]
        if let held = world.payments[id], held.tillID != till.tillID {
            // Another till's payment: a till can neither spend nor end it.
            storeSale(id, sale, time, card: card, isTest: sale.isTest, paid: .zero, .holdDiffers)
            return note(.holdDiffers, incoming, amount: sale.total)
        }
        let payment = world.payments[id]?.payment ?? .unseen
        let facts = self.facts(of: sale, card: card, at: time.instant)
        let verdict = decide(facts, card: card, payment: payment, incoming: incoming)
        take(verdict, id: id, card: card, at: time.instant)
        world.payments[id] = PaymentRow(
            id: id, tillID: till.tillID,
            cardID: world.payments[id]?.cardID ?? card?.cardID, payment: verdict.payment)
        outcome.payments[id] = world.payments[id]
        guard case .exception(let exception) = verdict.state else {
            storeSale(
                id, sale, time, card: card, isTest: verdict.book == .test,
                paid: verdict.paidByCard, nil)
            return nil
        }
        storeSale(
            id, sale, time, card: card, isTest: verdict.book == .test, paid: verdict.paidByCard,
            exception)
        let amount = exception.touchesCard ? verdict.shortfall : sale.total
        return note(exception, incoming, amount: amount, bearer: verdict.bearer.rawValue)
    }

    /// The sale as the rules see it.
    func facts(of sale: SaleCompleted, card: CardRow?, at time: Instant) -> SalePosting.Sale {
        SalePosting.Sale(
            terms: Payment.Terms(amount: sale.total, card: sale.card.fingerprint),
            store: till.storeCode, businessTime: time, linesAddUp: sale.addsUp,
            isTest: sale.isTest,
            knewUntil: time.adding(milliseconds: -1_000 * clamped(sale)),
            keptLimits: card.map { sale.total <= $0.perSaleLimit } ?? true)
    }

    /// Asks the rules; a password is judged only when everything before it is right, because every
    /// wrong one counts (R-W1).
    private mutating func decide(
        _ sale: SalePosting.Sale, card: CardRow?, payment: Payment, incoming: IncomingRecord
    ) -> SaleVerdict {
        let facts = card.map(self.facts)
        let content: SealedCredential.Content
        switch incoming.credential {
        case .notNeeded:
            return SalePosting.decide(
                sale, card: facts, payment: payment, credential: .notNeeded)
        case .missing:
            return SalePosting.decide(sale, card: facts, payment: payment, credential: .missing)
        case .unreadable:
            return SalePosting.decide(
                sale, card: facts, payment: payment, credential: .unreadable)
        case .opened(let opened):
            content = opened
        }
        let unchecked = SalePosting.decide(
            sale, card: facts, payment: payment, credential: .notChecked)
        guard let card, unchecked.state == .exception(.passwordNotChecked) else {
            return unchecked
        }
        let today = BusinessDate(received)
        guard !card.lock.isLocked(on: today) else {
            if let sealed = incoming.sealed, let id = incoming.id {
                outcome.pending.append((id, sealed))
            }
            return unchecked
        }
        let isRight = cards.isPassword(
            content.password.digits, salt: card.salt, verifier: card.verifier)
        let lock = card.lock.registering(right: isRight, on: today)
        if lock != card.lock {
            world.cards[card.fingerprint]?.lock = lock
            outcome.locks[card.cardID] = lock
        }
        return SalePosting.decide(
            sale, card: facts, payment: payment, credential: isRight ? .right : .wrong)
    }

    func facts(of card: CardRow) -> SalePosting.Card {
        let account = world.accounts[card.account]
        return SalePosting.Card(
            state: card.state, stateSince: card.stateSince, balance: account?.balance ?? .zero,
            held: account?.held ?? .zero, isTest: card.isTest, programmeAccepted: card.isAccepted)
    }

    /// Keeps what a verdict moves, on the balances too.
    mutating func take(
        _ verdict: SaleVerdict, id: RecordID, card: CardRow?, at: Instant
    ) {
        for plan in verdict.transfers {
            let transfer = ledger.transfer(plan, sale: id, card: card, at: at)
            outcome.transfers.append(transfer)
            if let account = world.accounts[transfer.from] {
                world.accounts[transfer.from]?.balance =
                    Money(fen: account.balance.fen - transfer.amount.fen)
            }
        }
        switch verdict.hold {
        case .none: break
        case .captured(let terms), .released(let terms): release(terms)
        }
    }

    private mutating func release(_ terms: Payment.Terms) {
        guard let card = world.cards[terms.card] else {
            preconditionFailure("a hold of a card that was not locked")
        }
        let before = outcome.released[card.account] ?? .zero
        outcome.released[card.account] = Money(fen: before.fen + terms.amount.fen)
        if let account = world.accounts[card.account] {
            world.accounts[card.account]?.held =
                Money(fen: account.held.fen - terms.amount.fen)
        }
    }

    private mutating func judgeCancellation(
        _ id: RecordID, _ incoming: IncomingRecord
    ) -> RecordException? {
        let known = world.payments[id]
        if let known, known.tillID != till.tillID {
            return note(.holdDiffers, incoming, amount: known.payment.terms?.amount ?? .zero)
        }
        let (payment, action) = (known?.payment ?? .unseen).cancelling()
        if case .exception(let exception) = action {
            return note(exception, incoming, amount: payment.terms?.amount ?? .zero)
        }
        if case .releaseHold(let terms) = action { release(terms) }
        world.payments[id] = PaymentRow(
            id: id, tillID: till.tillID, cardID: known?.cardID, payment: payment)
        outcome.payments[id] = world.payments[id]
        return nil
    }

    // MARK: Rows

    mutating func storeSale(
        _ id: RecordID, _ sale: SaleCompleted, _ time: BusinessTime, card: CardRow?,
        isTest: Bool, paid: Money, _ exception: RecordException?
    ) {
        outcome.sales.append(
            IngestOutcome.Sale(
                id: id, body: sale, cardID: card?.cardID, isTest: isTest, paidByCard: paid,
                time: time, code: exception?.code))
        world.sales[id] = IngestWorld.Sale(
            cardFingerprint: sale.card.fingerprint, receipt: sale.receipt,
            facts: IngestWorld.facts(
                sale.lines, at: time.instant, total: sale.total, paid: paid,
                code: exception?.code),
            reserved: .none, isStored: false)
    }

    private mutating func store(
        _ incoming: IncomingRecord, _ time: BusinessTime, _ state: RecordVerdict.State,
        _ exception: RecordException?
    ) {
        let verdict = RecordVerdict(
            businessTime: time.instant, code: exception?.code, id: incoming.id,
            sequence: incoming.sequence, state: state)
        outcome.stored.append(
            IngestOutcome.Stored(incoming: incoming, time: time, verdict: verdict))
    }

    /// Keeps a record as one that needs a person.
    @discardableResult
    mutating func note(
        _ exception: RecordException, _ incoming: IncomingRecord, amount: Money = .zero,
        bearer: String = "none"
    ) -> RecordException {
        outcome.exceptions.append(
            IngestOutcome.Exception(
                sequence: incoming.sequence, id: incoming.id, code: exception,
                amount: max(amount, .zero), bearer: bearer))
        return exception
    }

    /// Seconds since the till's last contact, as the record states them, kept within a year.
    private func clamped(_ sale: SaleCompleted) -> Int64 {
        min(max(sale.payment.knew.contactAge, 0), 366 * 86_400)
    }
}

extension IncomingRecord {
    fileprivate var saleTotal: Money {
        guard case .saleCompleted(let sale) = record?.body else { return .zero }
        return sale.total
    }
}
