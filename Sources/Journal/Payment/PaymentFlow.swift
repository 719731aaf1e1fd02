public import Domain

// One payment at the till, from its stored id to its one ending record (R-P8, R-P10). The flow never
// needs to know whether an unanswered request arrived: a hold without a sale's record is released by
// the cancellation's record, and a stand-in sale is captured from the hold if there was one. So
// retrying, cancelling and taking it offline are each safe whatever head office did (R-P2).

/// Decides what happens to one payment.
///
/// - Shape: states run begun → authorising → refused | unanswered → … → committing → committed, or
///   → cancelling → cancelled. The last two are final.
/// - Repetition: an event that does not fit the state changes nothing.
/// - Source: R-P1, R-P2, R-P8, R-P9, R-P10.
public struct PaymentFlow: Sendable, Hashable {
    /// How long the cashier waits for an answer, in milliseconds (R-P1).
    public static let answerBudget: Int64 = 3_000
    /// After how long an open payment is cancelled by the till itself, in milliseconds (R-P10).
    public static let openTimeMax: Int64 = 600_000

    /// On whose word the card is taken.
    public enum Acceptance: Sendable, Hashable {
        /// Head office's.
        case authorised(AuthorisationReply)
        /// The till's, within its limits; the sealed bytes travel with the record.
        case standIn(attempt: Int, credential: SealedCredential)
    }

    /// Where the payment is.
    public enum State: Sendable, Hashable {
        /// The id is stored, no request was sent.
        case begun
        /// A request is on its way.
        case authorising(attempt: Int)
        /// Nothing came back in time, or the till restarted in between.
        case unanswered(attempt: Int)
        /// A definite no.
        case refused(attempt: Int, code: String)
        /// The sale may be committed, and is not: the disk said no.
        case accepted(Acceptance)
        /// The sale's transaction is running, or its outcome is being looked up.
        case committing(Acceptance)
        /// The sale is in the journal.
        case committed(Acceptance)
        /// The cancellation's transaction is running, or its outcome is being looked up.
        case cancelling(PaymentCancelled.Reason)
        /// The cancellation is in the journal.
        case cancelled(PaymentCancelled.Reason)
    }

    /// What happened.
    public enum Event: Sendable {
        /// Number and password were entered and sealed for this payment and amount.
        case credentialEntered(SealedCredential)
        /// A verified answer, however late.
        case authorisationAnswered(AuthorisationReply)
        /// The budget of an attempt passed without a verified answer.
        case unanswered(attempt: Int)
        /// Cashier: ask again.
        case cashierRetried
        /// Cashier: take it offline; only after the limits allowed it (R-P3).
        case cashierTookOffline
        /// Cashier: store the accepted sale again.
        case cashierCommittedAgain
        /// Cashier: give up.
        case cashierCancelled
        /// Basket or amount changed (R-P9).
        case basketChanged
        /// Open for ten minutes.
        case expired
        /// The transaction is durable.
        case saleCommitted
        /// The transaction was rolled back for certain.
        case saleNotCommitted
        /// The cancellation is durable.
        case cancellationCommitted
        /// The cancellation was rolled back for certain.
        case cancellationNotCommitted
        /// COMMIT failed in a way that leaves its outcome unknown.
        case commitUnknown
    }

    /// What to do.
    public enum Action: Sendable, Hashable {
        /// Store the attempt's number, then send it, and say within the budget when none came.
        case sendAuthorisation(attempt: Int, credential: SealedCredential)
        /// Commit the sale's record; safe to repeat, the id is the key.
        case commitSale(Acceptance)
        /// Commit the cancellation's record; safe to repeat.
        case commitCancellation(PaymentCancelled.Reason)
        /// Stop selling, reopen the file, look the payment up by its id, and say which it was.
        case resolveCommit
        /// Durably refuse this card stand-in until an online approval (R-P9).
        case blockCardStandIn(CardFingerprint)
        /// The card was approved online: stand-in may take it again.
        case allowCardStandIn(CardFingerprint)
        /// Note on the committed sale that head office had said no.
        case recordLateRefusal(code: String)
        /// Offer these to the cashier.
        case showChoices(Set<Choice>)
    }

    /// What a cashier may do next.
    public enum Choice: String, Sendable, CaseIterable {
        /// Ask again, same attempt.
        case retry
        /// Let the customer type the password again: a new attempt.
        case retype
        /// Take it offline, if the limits allow.
        case takeOffline = "take_offline"
        /// Store the accepted sale again.
        case commitAgain = "commit_again"
        /// Give up.
        case cancel
    }

    /// The payment's and the sale's id.
    public let payment: RecordID
    /// The card, once entered; one payment keeps its first card.
    public let card: CardFingerprint
    /// Where the payment is.
    public private(set) var state: State
    /// The highest attempt made.
    public private(set) var attempt: Int
    /// Whether a definite no has ended stand-in for this payment.
    public private(set) var isStandInEnded: Bool

    private var credential: SealedCredential?
    private var lateRefusal: String?
    /// The last attempt somebody decided against, though its cancellation is not stored yet.
    private var givenUpAttempt = 0

    /// A payment whose id is stored and for which nothing was sent.
    public init(payment: RecordID, card: CardFingerprint) {
        self.payment = payment
        self.card = card
        state = .begun
        attempt = 0
        isStandInEnded = false
    }

    /// A payment found open after a restart; its sealed bytes are gone, so it can be finished only by
    /// typing the password again.
    ///
    /// - Parameters:
    ///   - attempt: the highest attempt stored; 0 when none was sent.
    ///   - isStandInEnded: whether the card is refused stand-in.
    public init(
        recovering payment: RecordID, card: CardFingerprint, attempt: Int, isStandInEnded: Bool
    ) {
        self.payment = payment
        self.card = card
        self.attempt = attempt
        self.isStandInEnded = isStandInEnded
        state = attempt == 0 ? .begun : .unanswered(attempt: attempt)
    }

    /// Whether the payment has its one ending record.
    public var isFinal: Bool {
        switch state {
        case .committed, .cancelled: true
        default: false
        }
    }

    /// What a cashier may do now.
    public var choices: Set<Choice> {
        switch state {
        case .begun: [.retype, .cancel]
        case .authorising, .committing, .committed, .cancelling, .cancelled: []
        case .unanswered:
            credential == nil
                ? [.retype, .cancel]
                : isStandInEnded
                    ? [.retry, .retype, .cancel] : [.retry, .retype, .takeOffline, .cancel]
        case .refused(_, let code): Self.mayRetype(after: code) ? [.retype, .cancel] : [.cancel]
        case .accepted: [.commitAgain, .cancel]
        }
    }

    /// Takes an event and says what to do, in order.
    public mutating func handle(_ event: Event) -> [Action] {
        switch event {
        case .credentialEntered(let credential): credentialEntered(credential)
        case .authorisationAnswered(let reply): answered(reply)
        case .unanswered(let attempt): unanswered(attempt)
        case .cashierRetried: retried()
        case .cashierTookOffline: tookOffline()
        case .cashierCommittedAgain: committedAgain()
        case .cashierCancelled: cancel(isRefused ? .refused : .cashier)
        case .basketChanged: cancel(.basketChanged)
        case .expired: cancel(.abandoned)
        case .saleCommitted: saleCommitted()
        case .saleNotCommitted: saleNotCommitted()
        case .cancellationCommitted: cancellationCommitted()
        case .cancellationNotCommitted: cancellationNotCommitted()
        case .commitUnknown: commitUnknown()
        }
    }

    // MARK: Asking

    private mutating func credentialEntered(_ credential: SealedCredential) -> [Action] {
        guard choices.contains(.retype) else { return [] }
        attempt += 1
        self.credential = credential
        state = .authorising(attempt: attempt)
        return [.sendAuthorisation(attempt: attempt, credential: credential)]
    }

    private mutating func retried() -> [Action] {
        guard case .unanswered(let attempt) = state, let credential else { return [] }
        state = .authorising(attempt: attempt)
        return [.sendAuthorisation(attempt: attempt, credential: credential)]
    }

    private mutating func unanswered(_ attempt: Int) -> [Action] {
        guard case .authorising(attempt) = state else { return [] }
        state = .unanswered(attempt: attempt)
        return [.showChoices(choices)]
    }

    private mutating func answered(_ reply: AuthorisationReply) -> [Action] {
        guard reply.payment == payment, reply.attempt <= attempt else { return [] }
        switch reply.result {
        case .approved: return approved(reply)
        case .refused: return refused(reply)
        }
    }

    /// An approval of any attempt is the payment's: the hold is one.
    private mutating func approved(_ reply: AuthorisationReply) -> [Action] {
        switch state {
        case .unanswered where reply.attempt <= givenUpAttempt:
            // The hold waits for the cancellation or a fresh attempt; its approval is no sale.
            return []
        case .authorising, .unanswered, .refused:
            let acceptance = Acceptance.authorised(reply)
            state = .committing(acceptance)
            return [.allowCardStandIn(card), .commitSale(acceptance)]
        case .accepted(.standIn):
            let acceptance = Acceptance.authorised(reply)
            state = .accepted(acceptance)
            return [.allowCardStandIn(card), .showChoices(choices)]
        case .begun, .accepted, .committing, .committed, .cancelling, .cancelled:
            // Once the sale or the cancellation is on its way, its record says what the hold is for.
            return []
        }
    }

    private mutating func refused(_ reply: AuthorisationReply) -> [Action] {
        let code = reply.code ?? ""
        switch state {
        case .authorising(reply.attempt), .unanswered(reply.attempt):
            isStandInEnded = true
            state = .refused(attempt: reply.attempt, code: code)
            return block(code) + [.showChoices(choices)]
        case .authorising, .unanswered:
            // An earlier attempt's no: it ends stand-in, a later attempt may still be approved.
            let isNews = !isStandInEnded
            isStandInEnded = true
            guard case .unanswered = state else { return block(code) }
            return block(code) + (isNews ? [.showChoices(choices)] : [])
        case .accepted(.standIn(let attempt, _)):
            isStandInEnded = true
            state =
                attempt == reply.attempt
                ? .refused(attempt: attempt, code: code) : .unanswered(attempt: attempt)
            return block(code) + [.showChoices(choices)]
        case .committing(.standIn):
            isStandInEnded = true
            lateRefusal = code
            return block(code)
        case .committed(.standIn):
            isStandInEnded = true
            return block(code) + [.recordLateRefusal(code: code)]
        case .cancelling, .cancelled: return block(code)
        case .refused:
            // An earlier attempt's no may be one to the card, where the shown one was not.
            return block(code)
        case .begun, .accepted, .committing, .committed: return []
        }
    }

    /// A no to the payment ends its stand-in; only a no to the card blocks the card.
    private func block(_ code: String) -> [Action] {
        switch AuthorisationRefusal(rawValue: code) {
        case .paymentFinal, .paymentDiffers, .storeSuspended, .credentialUnreadable: []
        default: [.blockCardStandIn(card)]
        }
    }

    private static func mayRetype(after code: String) -> Bool {
        switch AuthorisationRefusal(rawValue: code) {
        case .wrongPassword, .credentialUnreadable: true
        default: false
        }
    }

    // MARK: Ending

    private var isRefused: Bool {
        if case .refused = state { true } else { false }
    }

    private mutating func tookOffline() -> [Action] {
        guard case .unanswered(let attempt) = state, !isStandInEnded, let credential else {
            return []
        }
        let acceptance = Acceptance.standIn(attempt: attempt, credential: credential)
        state = .committing(acceptance)
        return [.commitSale(acceptance)]
    }

    private mutating func committedAgain() -> [Action] {
        guard case .accepted(let acceptance) = state else { return [] }
        state = .committing(acceptance)
        return [.commitSale(acceptance)]
    }

    private mutating func cancel(_ reason: PaymentCancelled.Reason) -> [Action] {
        switch state {
        case .begun, .authorising, .unanswered, .refused, .accepted:
            state = .cancelling(reason)
            return [.commitCancellation(reason)]
        case .committing, .committed, .cancelling, .cancelled: return []
        }
    }

    private mutating func saleCommitted() -> [Action] {
        guard case .committing(let acceptance) = state else { return [] }
        state = .committed(acceptance)
        credential = nil
        return lateRefusal.map { [.recordLateRefusal(code: $0)] } ?? []
    }

    private mutating func saleNotCommitted() -> [Action] {
        guard case .committing(let acceptance) = state else { return [] }
        if case .standIn(let attempt, _) = acceptance, let code = lateRefusal {
            // The no arrived while the disk failed: there is no sale, so it ends stand-in in full.
            state = .refused(attempt: attempt, code: code)
            lateRefusal = nil
        } else {
            state = .accepted(acceptance)
        }
        return [.showChoices(choices)]
    }

    private mutating func cancellationCommitted() -> [Action] {
        guard case .cancelling(let reason) = state else { return [] }
        state = .cancelled(reason)
        credential = nil
        return []
    }

    private mutating func cancellationNotCommitted() -> [Action] {
        guard case .cancelling = state else { return [] }
        // Whether it was approved before no longer matters: somebody decided against it, and the
        // next try to end it is either the same cancellation or a fresh, online approval.
        credential = nil
        givenUpAttempt = attempt
        state = attempt == 0 ? .begun : .unanswered(attempt: attempt)
        return [.showChoices(choices)]
    }

    private mutating func commitUnknown() -> [Action] {
        switch state {
        case .committing, .cancelling: [.resolveCommit]
        default: []
        }
    }
}
