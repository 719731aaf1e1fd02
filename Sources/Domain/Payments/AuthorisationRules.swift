/// Whether head office holds money for a payment.
public enum AuthorisationRules {
    /// The card as its locked row says.
    public struct Card: Sendable, Hashable {
        /// Whether the card may be spent.
        public let state: CardState
        /// The money on the card.
        public let balance: Money
        /// What is held on it, all payments together.
        public let held: Money
        /// Flagged as a test card.
        public let isTest: Bool
        /// The store may take the card's programme.
        public let programmeAccepted: Bool
        /// The count of wrong passwords.
        public let lock: PasswordLock

        /// A card of those facts.
        public init(
            state: CardState, balance: Money, held: Money, isTest: Bool, programmeAccepted: Bool,
            lock: PasswordLock
        ) {
            self.state = state
            self.balance = balance
            self.held = held
            self.isTest = isTest
            self.programmeAccepted = programmeAccepted
            self.lock = lock
        }
    }

    /// The sealed credential once head office has tried to open it.
    public enum Credential: Sendable, Hashable {
        /// It does not open, or is not this payment's.
        case unreadable
        /// It opened; whether the password fits the card's verifier.
        case opened(passwordIsRight: Bool)
    }

    /// The answer and what to store with it, in one transaction.
    public struct Verdict: Sendable, Hashable {
        /// Nil when approved.
        public let refusal: AuthorisationRefusal?
        /// The payment to store.
        public let payment: Payment
        /// `makeHold` or `nothing`.
        public let action: Payment.Action
        /// The card's lock to store before the answer leaves, nil when no password was judged.
        public let lock: PasswordLock?
        /// What the card can still spend, nil when refused.
        public let remaining: Money?
        /// Wrong tries left today, nil unless a password was judged or locked.
        public let triesLeft: Int?

        /// Whether money is held, now or already.
        public var isApproved: Bool { refusal == nil }
    }

    /// Decides one attempt.
    ///
    /// Shape: `payment` and `card` as locked; `card` nil when no card has the fingerprint;
    /// `unsentForCard` as the till stated it (R-P13), below zero taken as zero.
    /// Repetition: not for an attempt already answered: its stored answer is returned instead.
    /// Refuses: in the order of `AuthorisationRefusal`; a payment already held is approved behind
    /// `paymentDiffers`, its password not judged again.
    /// Source: PROTOCOL §6.
    public static func decide(
        _ asked: Payment.Terms, payment: Payment, credential: Credential, card: Card?,
        unsentForCard: Money, testUsage: TestCardLimits.Usage = .none, now: Instant,
        byPhone: Bool = false, storeIsSuspended: Bool = false
    ) -> Verdict {
        if payment.state.refusesAuthorisation { return refused(.paymentFinal, payment) }
        if let terms = payment.terms, terms != asked { return refused(.paymentDiffers, payment) }
        let unsent = max(unsentForCard, .zero)
        if payment.state == .held {
            let left = card.map { available($0, less: unsent) }
            return Verdict(
                refusal: nil, payment: payment, action: .nothing, lock: nil, remaining: left,
                triesLeft: nil)
        }
        if storeIsSuspended { return refused(.storeSuspended, payment) }
        let bound = payment.bound(to: asked)
        guard case .opened(let passwordIsRight) = credential else {
            return refused(.credentialUnreadable, bound)
        }
        guard let card else { return refused(.unknownCard, bound) }
        if let refusal = cardRefusal(card) { return refused(refusal, bound) }
        let today = BusinessDate(now)
        if card.lock.isLocked(on: today) {
            return refused(.passwordLocked, bound, triesLeft: 0)
        }
        let lock = card.lock.registering(right: passwordIsRight, on: today)
        let triesLeft = lock.triesLeft(on: today)
        if !passwordIsRight {
            return refused(.wrongPassword, bound, lock: lock, triesLeft: triesLeft)
        }
        if card.isTest, !TestCardLimits.allow(asked.amount, usage: testUsage) {
            return refused(.testCardLimit, bound, lock: lock, triesLeft: triesLeft)
        }
        let left = (try? available(card, less: unsent).subtracting(asked.amount)) ?? .zero
        guard asked.amount > .zero, asked.amount <= available(card, less: unsent) else {
            return refused(.insufficientBalance, bound, lock: lock, triesLeft: triesLeft)
        }
        let (held, action) = bound.holding(asked, at: now, byPhone: byPhone)
        return Verdict(
            refusal: nil, payment: held, action: action, lock: lock, remaining: left,
            triesLeft: triesLeft)
    }

    private static func cardRefusal(_ card: Card) -> AuthorisationRefusal? {
        if !card.programmeAccepted { return .programmeNotAccepted }
        switch card.state {
        case .closed: return .cardClosed
        case .lost: return .cardLost
        case .frozen: return .cardFrozen
        case .active: return nil
        }
    }

    /// What the card can spend: never below zero, whatever the till states as unsent.
    private static func available(_ card: Card, less unsent: Money) -> Money {
        let free = try? card.balance.subtracting(card.held).subtracting(unsent)
        return max(free ?? .zero, .zero)
    }

    private static func refused(
        _ refusal: AuthorisationRefusal, _ payment: Payment, lock: PasswordLock? = nil,
        triesLeft: Int? = nil
    ) -> Verdict {
        Verdict(
            refusal: refusal, payment: payment, action: .nothing, lock: lock, remaining: nil,
            triesLeft: triesLeft)
    }
}
