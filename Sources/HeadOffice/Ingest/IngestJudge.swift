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

    private func names(_ card: CardRow?) -> LedgerNames {
        LedgerNames(
            storeID: till.storeID, storeCode: till.storeCode, cardID: card?.cardID,
            card: card?.fingerprint, programmeID: card?.programmeID, programme: card?.programme)
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
        var stands = time
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
            // One sale has one time (R-T2): of one booked from its slip the booking's stands.
            if let booked = booking(of: incoming) {
                stands = BusinessTime(instant: booked, flags: time.flags)
            }
        }
        let isHeld = outcome.held.contains(incoming.sequence)
        store(
            incoming, stands, exception != nil ? .exception : isHeld ? .held : .posted, exception)
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
        if world.bookedFromSlip[id] != nil { return complete(id, sale, incoming, time) }
        let fingerprint = cardOf(sale, id: id)
        let card = world.cards[fingerprint]
        if let held = world.payments[id], held.tillID != till.tillID {
            // Another till's payment: a till can neither spend nor end it.
            storeSale(
                id, sale, incoming, time, card: card, isTest: sale.isTest, paid: .zero, .holdDiffers
            )
            return note(.holdDiffers, incoming, amount: sale.total, sale: id)
        }
        let payment = world.payments[id]?.payment ?? .unseen
        let facts = self.facts(of: sale, id: id, incoming: incoming, card: card, at: time.instant)
        let verdict = decide(facts, card: card, payment: payment, incoming: incoming)
        take(verdict, id: id, card: card, at: time.instant)
        world.payments[id] = PaymentRow(
            id: id, tillID: till.tillID,
            cardID: world.payments[id]?.cardID ?? card?.cardID, payment: verdict.payment)
        outcome.payments[id] = world.payments[id]
        guard case .exception(let exception) = verdict.state else {
            storeSale(
                id, sale, incoming, time, card: card, isTest: verdict.book == .test,
                paid: verdict.paidByCard, nil)
            return nil
        }
        storeSale(
            id, sale, incoming, time, card: card, isTest: verdict.book == .test,
            paid: verdict.paidByCard, exception)
        let amount = exception.touchesCard ? verdict.shortfall : sale.total
        let bearer = bearer(of: exception, verdict: verdict, sale: facts, card: card)
        return note(
            exception, incoming, amount: amount, bearer: bearer.rawValue, sale: id,
            disputed: verdict.shortfall)
    }

    /// The record of a sale that two people booked from its slip: it says more of the same sale, or it is
    /// another one.
    private mutating func complete(
        _ id: RecordID, _ sale: SaleCompleted, _ incoming: IncomingRecord, _ time: BusinessTime
    ) -> RecordException? {
        guard isBooked(sale, id: id) else {
            return note(.holdDiffers, incoming, amount: sale.total)
        }
        outcome.completed.append(
            IngestOutcome.Completed(
                id: id, body: sale, time: time,
                isPolicyRollback: isPolicyRollback(sale, at: incoming.sequence)))
        return nil
    }

    private func isBooked(_ sale: SaleCompleted, id: RecordID) -> Bool {
        guard let payment = world.payments[id] else { return false }
        return payment.tillID == till.tillID && sale.addsUp
            && payment.payment.terms?.amount == sale.total && sale.payment.mode == .phone
    }

    /// When the sale of a record was booked from its slip; nil when it was not, or is another one.
    private func booking(of incoming: IncomingRecord) -> Instant? {
        guard let record = incoming.record, case .saleCompleted(let sale) = record.body,
            let booked = world.bookedFromSlip[record.id], isBooked(sale, id: record.id)
        else { return nil }
        return booked
    }

    /// The sale as the rules see it.
    func facts(
        of sale: SaleCompleted, id: RecordID, incoming: IncomingRecord, card: CardRow?,
        at time: Instant
    ) -> SalePosting.Sale {
        SalePosting.Sale(
            terms: Payment.Terms(amount: sale.total, card: cardOf(sale, id: id)),
            store: till.storeCode, businessTime: time, linesAddUp: sale.addsUp,
            isTest: sale.isTest,
            knewUntil: time.adding(milliseconds: -1_000 * clamped(sale)),
            keptLimits: card.map { sale.total <= $0.perSaleLimit } ?? true,
            isByPhone: sale.payment.mode == .phone,
            isPolicyRollback: isPolicyRollback(sale, at: incoming.sequence))
    }

    /// Whether the sale states older versions than its till had acknowledged before it (R-P14).
    func isPolicyRollback(_ sale: SaleCompleted, at sequence: Int64) -> Bool {
        Acknowledgement.highest(of: world.acknowledged, before: sequence)
            .isAhead(of: sale.payment.knew)
    }

    /// The card of a sale. One paid by phone is the card of head office's own hold, whatever its till
    /// knew of it.
    func cardOf(_ sale: SaleCompleted, id: RecordID) -> CardFingerprint {
        if let card = sale.card { return card.fingerprint }
        let held = world.payments[id].flatMap { $0.tillID == till.tillID ? $0.payment.terms : nil }
        return held?.card ?? .noCard
    }

    /// What the rules give to the programme is its; the rest is as the programme set it (R-P5), but
    /// for a till that went by older rules than it knew: then it is the store's (R-P14).
    private func bearer(
        of exception: RecordException, verdict: SaleVerdict, sale: SalePosting.Sale, card: CardRow?
    ) -> ShortfallBearer {
        guard let card, verdict.bearer == .store, !sale.isPolicyRollback else {
            return verdict.bearer
        }
        return world.bearers[card.programmeID]?[exception.code] ?? card.bearer
    }

    /// Asks the rules; a password is judged only when it can ever matter, because every wrong one
    /// counts (R-W1).
    private mutating func decide(
        _ sale: SalePosting.Sale, card: CardRow?, payment: Payment, incoming: IncomingRecord
    ) -> SaleVerdict {
        let facts = card.map(self.facts)
        func verdict(_ credential: SalePosting.Credential) -> SaleVerdict {
            SalePosting.decide(sale, card: facts, payment: payment, credential: credential)
        }
        switch incoming.credential {
        case .notNeeded: return verdict(.notNeeded)
        case .missing: return verdict(storedCredential(incoming) ?? .gone)
        case .unreadable: return verdict(.unreadable)
        case .judged(let isRight):
            return verdict(accept(isRight ? .right : .wrong, of: incoming))
        case .opened(let content):
            let unchecked = verdict(.notChecked)
            guard needsPassword(unchecked) else { return unchecked }
            return verdict(judgePassword(content, of: sale, card: card, incoming: incoming))
        }
    }

    /// Takes head office's own signed word where its database has none; the try was counted when it was
    /// given (R-W5).
    private mutating func accept(
        _ signed: SalePosting.Credential, of incoming: IncomingRecord
    ) -> SalePosting.Credential {
        let known = storedCredential(incoming)
        if let known, known != .notChecked { return known }
        if let id = incoming.id { outcome.credentials[id] = signed }
        return signed
    }

    /// What was found out about the sale's password before, by its id.
    private func storedCredential(_ incoming: IncomingRecord) -> SalePosting.Credential? {
        incoming.id.flatMap { world.credentials[$0] }
    }

    /// Whether the password matters now, or would once a person has put something right: then it is
    /// judged with the record, because its sealed bytes are not kept (R-W4).
    private func needsPassword(_ verdict: SaleVerdict) -> Bool {
        guard case .exception(let exception) = verdict.state else { return false }
        return exception.canBeCorrected && !exception.touchesCard
    }

    /// Judges the password once, against the verifier in force when the sale was made; while the
    /// card's lock is closed, or no card is known, it waits.
    private mutating func judgePassword(
        _ content: SealedCredential.Content, of sale: SalePosting.Sale, card: CardRow?,
        incoming: IncomingRecord
    ) -> SalePosting.Credential {
        guard let id = incoming.id else { return .notChecked }
        if let known = storedCredential(incoming), known != .notChecked { return known }
        let today = BusinessDate(received)
        guard let card, !card.lock.isLocked(on: today) else {
            if let sealed = incoming.sealed { outcome.pending.append((id, sealed)) }
            outcome.credentials[id] = .notChecked
            return .notChecked
        }
        let verifier = card.verifier(
            at: sale.businessTime, earlier: world.verifiers[card.cardID] ?? [])
        let isRight = cards.isPassword(
            content.password.digits, salt: verifier.salt, verifier: verifier.bytes)
        let lock = card.lock.registering(right: isRight, on: today)
        if lock != card.lock {
            world.cards[card.fingerprint]?.lock = lock
            outcome.locks[card.cardID] = lock
        }
        let result: SalePosting.Credential = isRight ? .right : .wrong
        outcome.credentials[id] = result
        return result
    }

    func facts(of card: CardRow) -> SalePosting.Card {
        card.facts(world.accounts[card.account])
    }

    /// Keeps what a verdict moves, on the balances too.
    mutating func take(
        _ verdict: SaleVerdict, id: RecordID, card: CardRow?, at: Instant
    ) {
        for plan in verdict.transfers {
            let transfer = names(card).transfer(plan, source: id, at: at)
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
        _ id: RecordID, _ sale: SaleCompleted, _ incoming: IncomingRecord, _ time: BusinessTime,
        card: CardRow?, isTest: Bool, paid: Money, _ exception: RecordException?
    ) {
        let fingerprint = cardOf(sale, id: id)
        outcome.sales.append(
            IngestOutcome.Sale(
                id: id, body: sale, cardID: card?.cardID, fingerprint: fingerprint,
                mask: sale.card?.mask ?? card?.mask ?? "", isTest: isTest, paidByCard: paid,
                time: time, code: exception?.code,
                isPolicyRollback: isPolicyRollback(sale, at: incoming.sequence)))
        world.sales[id] = IngestWorld.Sale(
            cardFingerprint: fingerprint, receipt: sale.receipt,
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
            sequence: incoming.sequence, state: state, card: phoneCard(incoming))
        outcome.stored.append(
            IngestOutcome.Stored(incoming: incoming, time: time, verdict: verdict))
    }

    /// The card that paid a sale by phone, for the till to learn (R-P12).
    private func phoneCard(_ incoming: IncomingRecord) -> SaleCompleted.Card? {
        guard let id = incoming.id, let fingerprint = phonePayer(id),
            let card = world.cards[fingerprint]
        else { return nil }
        return .init(fingerprint: card.fingerprint, mask: card.mask, programme: card.programme)
    }

    private func phonePayer(_ id: RecordID) -> CardFingerprint? {
        if outcome.completed.last?.id == id { return world.payments[id]?.payment.terms?.card }
        guard let sale = outcome.sales.last, sale.id == id, sale.paidByCard > .zero,
            sale.body.payment.mode == .phone
        else { return nil }
        return sale.fingerprint
    }

    /// Keeps a record as one that needs a person.
    @discardableResult
    mutating func note(
        _ exception: RecordException, _ incoming: IncomingRecord, amount: Money = .zero,
        bearer: String = "none", sale: RecordID? = nil, disputed: Money = .zero
    ) -> RecordException {
        outcome.exceptions.append(
            IngestOutcome.Exception(
                sequence: incoming.sequence, id: incoming.id, code: exception,
                amount: max(amount, .zero), bearer: bearer, saleID: sale, disputed: disputed))
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
