/// The life of one payment id at head office, as a pure state machine.
///
/// An event goes in; the payment after it and what to do come out. Captured and cancelled are
/// final, whatever order messages arrive in.
/// Source: R-P8, R-P10, R-P11.
public struct Payment: Sendable, Hashable {
    /// How long a hold lasts when no record ends it: 72 h (R-P10).
    public static let holdLife: Int64 = 72 * 3_600_000
    /// When a phone hold without either record becomes a matter for two people: 7 days (R-P11).
    public static let phoneHoldOverdueAfter: Int64 = 7 * 86_400_000

    /// Where the payment stands.
    public let state: PaymentState
    /// The first amount and card asked for under the id, nil while none has been.
    public let terms: Terms?
    /// When the hold was made, nil while none has been.
    public let heldAt: Instant?
    /// Confirmed on the holder's phone: the hold does not lapse.
    public let isByPhone: Bool

    /// The amount and card that an id is bound to.
    public struct Terms: Sendable, Hashable {
        /// The amount to pay.
        public let amount: Money
        /// The card that pays.
        public let card: CardFingerprint

        /// That amount from that card.
        public init(amount: Money, card: CardFingerprint) {
            self.amount = amount
            self.card = card
        }
    }

    /// What head office does about an event, in the transaction that stores the payment.
    public enum Action: Sendable, Hashable {
        /// Nothing.
        case nothing
        /// Reserve the amount on the card.
        case makeHold(Terms)
        /// Post the sale in full out of the hold.
        case captureHold(Terms)
        /// Give the reserved amount back to the card.
        case releaseHold(Terms)
        /// Store the cancellation of an id never seen, so that a later authorisation is refused.
        case leaveTombstone
        /// Post as far as the balance allows; the programme bears the rest.
        case postAfterLapse
        /// Judge the sale as one taken offline.
        case postStandIn
        /// Record the exception and move nothing.
        case exception(RecordException)
        /// Record the exception of the sale and give the hold's amount back to its card.
        case exceptionAndRelease(RecordException, Terms)
    }

    /// A payment as stored.
    public init(state: PaymentState, terms: Terms?, heldAt: Instant?, isByPhone: Bool = false) {
        precondition(
            state != .held || (terms != nil && heldAt != nil), "a hold has terms and a time")
        self.state = state
        self.terms = terms
        self.heldAt = heldAt
        self.isByPhone = isByPhone
    }

    /// An id that head office has never seen.
    public static let unseen = Payment(state: .none, terms: nil, heldAt: nil)

    /// The payment bound to its first terms, nothing held.
    public func bound(to first: Terms) -> Payment {
        guard state == .none, terms == nil else { return self }
        return Payment(state: .none, terms: first, heldAt: nil, isByPhone: isByPhone)
    }

    /// An authorisation was agreed to; a final or lapsed id, or one already held, gets no hold.
    public func holding(
        _ asked: Terms, at now: Instant, byPhone: Bool = false
    ) -> (payment: Payment, action: Action) {
        guard state == .none, terms == nil || terms == asked else { return (self, .nothing) }
        let held = Payment(state: .held, terms: asked, heldAt: now, isByPhone: byPhone)
        return (held, .makeHold(asked))
    }

    /// The sale's record arrived.
    ///
    /// A record ends its payment even when it differs from the hold: the goods are gone, and the
    /// hold must not wait for a second record that never comes.
    public func capturing(_ stated: Terms) -> (payment: Payment, action: Action) {
        switch state {
        case .none:
            return (ended(.captured), .postStandIn)
        case .held:
            guard let terms else { return (ended(.captured), .postStandIn) }
            if terms == stated { return (ended(.captured), .captureHold(terms)) }
            return (ended(.captured), .exceptionAndRelease(.holdDiffers, terms))
        case .lapsed:
            // Approved once, but only on these terms; other terms were never approved.
            if terms == stated { return (ended(.captured), .postAfterLapse) }
            return (ended(.captured), .exception(.holdDiffers))
        case .cancelled:
            return (self, .exception(.paymentCancelled))
        case .captured:
            return (self, .exception(.sameIDDifferentContent))
        }
    }

    /// The cancellation's record arrived.
    public func cancelling() -> (payment: Payment, action: Action) {
        switch state {
        case .none:
            return (ended(.cancelled), .leaveTombstone)
        case .held:
            guard let terms else { return (ended(.cancelled), .leaveTombstone) }
            return (ended(.cancelled), .releaseHold(terms))
        case .lapsed:
            return (ended(.cancelled), .nothing)
        case .cancelled:
            return (self, .nothing)
        case .captured:
            return (self, .exception(.paymentCaptured))
        }
    }

    /// Time passed: a hold older than `life` ends, a phone hold does not.
    public func lapsing(
        at now: Instant, life: Int64 = Payment.holdLife
    ) -> (payment: Payment, action: Action) {
        guard state == .held, !isByPhone, let heldAt, let terms,
            now.milliseconds(since: heldAt) >= life
        else { return (self, .nothing) }
        return (ended(.lapsed), .releaseHold(terms))
    }

    /// Whether a phone hold has waited so long that two people must end it.
    public func isOverduePhoneHold(at now: Instant) -> Bool {
        guard state == .held, isByPhone, let heldAt else { return false }
        return now.milliseconds(since: heldAt) >= Self.phoneHoldOverdueAfter
    }

    private func ended(_ state: PaymentState) -> Payment {
        Payment(state: state, terms: terms, heldAt: heldAt, isByPhone: isByPhone)
    }
}
