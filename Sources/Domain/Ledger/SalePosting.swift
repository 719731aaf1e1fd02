/// What head office books for a sale that a till has made.
///
/// A sale is never turned away: it is posted, or what the card cannot or may not pay is booked as
/// in dispute. Only a short balance touches the card.
/// Source: R-P5, R-P8, R-P10, R-L2, R-L6; PROTOCOL §5.
public enum SalePosting {
    /// The sale as received.
    public struct Sale: Sendable, Hashable {
        /// The amount and card as the record states them.
        public let terms: Payment.Terms
        /// The store's code.
        public let store: String
        /// When it happened, as fixed by R-T2.
        public let businessTime: Instant
        /// Whether its figures agree, by `SaleRules.linesAddUp`.
        public let linesAddUp: Bool
        /// The till took it for a test sale; counts only when the card is unknown.
        public let isTest: Bool
        /// How far the till's knowledge of blocked cards went (R-P14's T), nil when unknown.
        public let knewUntil: Instant?
        /// The till kept every limit that it had acknowledged.
        public let keptLimits: Bool
        /// Paid on the holder's phone: only head office's own hold pays for it (R-P12).
        public let isByPhone: Bool
        /// The till went by limits or blocked cards older than those it had acknowledged: what the
        /// programme bears for want of newer knowledge is the store's (R-P14).
        public let isPolicyRollback: Bool

        /// A sale of those facts.
        public init(
            terms: Payment.Terms, store: String, businessTime: Instant, linesAddUp: Bool,
            isTest: Bool, knewUntil: Instant?, keptLimits: Bool,
            isByPhone: Bool = false, isPolicyRollback: Bool = false
        ) {
            self.terms = terms
            self.store = store
            self.businessTime = businessTime
            self.linesAddUp = linesAddUp
            self.isTest = isTest
            self.knewUntil = knewUntil
            self.keptLimits = keptLimits
            self.isByPhone = isByPhone
            self.isPolicyRollback = isPolicyRollback
        }
    }

    /// The card as its locked row says.
    public struct Card: Sendable, Hashable {
        /// Whether the card may be spent.
        public let state: CardState
        /// Since when it is in that state.
        public let stateSince: Instant
        /// The money on the card.
        public let balance: Money
        /// What is held on it, all payments together.
        public let held: Money
        /// Flagged as a test card.
        public let isTest: Bool
        /// The store may take the card's programme.
        public let programmeAccepted: Bool

        /// A card of those facts.
        public init(
            state: CardState, stateSince: Instant, balance: Money, held: Money, isTest: Bool,
            programmeAccepted: Bool
        ) {
            self.state = state
            self.stateSince = stateSince
            self.balance = balance
            self.held = held
            self.isTest = isTest
            self.programmeAccepted = programmeAccepted
        }

        /// What others have not reserved, never below zero.
        public var available: Money {
            max((try? balance.subtracting(held)) ?? .zero, .zero)
        }
    }

    /// The record's sealed credential, judged once per sale id (R-W4).
    public enum Credential: String, Sendable, Hashable, CaseIterable {
        /// The record says it was authorised and carries none.
        case notNeeded = "not_needed"
        /// The password was right.
        case right
        /// The password was wrong.
        case wrong
        /// The card's lock was closed.
        case notChecked = "not_checked"
        /// It does not open, or is not this sale's.
        case unreadable
        /// The record says that it was authorised, and it was not.
        case missing
        /// The record names one that did not come with it, and no verdict on it is known (R-W5).
        case gone
    }

    /// Decides what a sale's first record comes to.
    ///
    /// Shape: `payment` and `card` as locked; `card` nil when no card has the fingerprint.
    /// Repetition: for the first record of an id only; a repeat gets the stored verdict.
    /// Refuses: nothing; exceptions in this order: `payment_cancelled` (moves nothing),
    /// `lines_do_not_add_up`, `hold_differs`; then, unless money was once held for it,
    /// `code_without_payment` of one paid by phone, `unknown_card`, `card_closed`, `card_frozen`,
    /// `card_lost`, `programme_not_accepted`, `test_card_limit`, `credential_missing`,
    /// `credential_gone`, `credential_unreadable`, `wrong_password`, `password_not_checked`; last
    /// `insufficient_balance`.
    public static func decide(
        _ sale: Sale, card: Card?, payment: Payment, credential: Credential
    ) -> SaleVerdict {
        let book: LedgerBook = (card?.isTest ?? sale.isTest) ? .test : .real
        let (after, action) = payment.capturing(sale.terms)
        let draft = Draft(sale: sale, book: book, payment: after)
        if after == payment, case .exception(let exception) = action {
            return draft.movingNothing(exception)
        }
        if !sale.linesAddUp {
            return draft.untouched(.linesDoNotAddUp, hold: released(action))
        }
        switch action {
        case .exceptionAndRelease(let exception, let terms):
            return draft.untouched(exception, hold: .released(terms))
        case .exception(let exception):
            return draft.untouched(exception)
        case .captureHold(let terms):
            return draft.paid(terms.amount, hold: .captured(terms))
        case .postAfterLapse:
            guard let card else { return draft.untouched(.unknownCard, bearer: .programme) }
            return draft.paid(min(card.available, sale.terms.amount), bearer: .programme)
        case .nothing, .makeHold, .releaseHold, .leaveTombstone, .postStandIn:
            return standIn(sale, card: card, credential: credential, draft: draft)
        }
    }

    /// What a sale that came under a revoked key comes to until a person decides: the card and its hold are not touched.
    ///
    /// Source: S-7.
    public static func quarantine(_ sale: Sale, card: Card?, payment: Payment) -> SaleVerdict {
        let book: LedgerBook = (card?.isTest ?? sale.isTest) ? .test : .real
        return Draft(sale: sale, book: book, payment: payment).untouched(.quarantined)
    }

    private static func standIn(
        _ sale: Sale, card: Card?, credential: Credential, draft: Draft
    ) -> SaleVerdict {
        if sale.isByPhone { return draft.untouched(.codeWithoutPayment) }
        guard let card else { return draft.untouched(.unknownCard) }
        if let exception = blocked(card, sale: sale) {
            let wasUnknowable = sale.knewUntil.map { card.stateSince > $0 } ?? false
            let keptPolicy = sale.keptLimits && !sale.isPolicyRollback
            let bearer: ShortfallBearer = wasUnknowable && keptPolicy ? .programme : .store
            return draft.untouched(exception, bearer: bearer)
        }
        if !card.programmeAccepted { return draft.untouched(.programmeNotAccepted) }
        if card.isTest, sale.terms.amount >= TestCardLimits.chargeBelow {
            return draft.untouched(.testCardLimit)
        }
        switch credential {
        case .missing, .notNeeded: return draft.untouched(.credentialMissing)
        case .gone: return draft.untouched(.credentialGone)
        case .unreadable: return draft.untouched(.credentialUnreadable)
        case .wrong: return draft.untouched(.wrongPassword)
        case .notChecked: return draft.untouched(.passwordNotChecked)
        case .right: return draft.paid(min(card.available, sale.terms.amount))
        }
    }

    private static func blocked(_ card: Card, sale: Sale) -> RecordException? {
        blocked(card, at: sale.businessTime)
    }

    /// Why the card may not pay for a sale of that time; a card blocked after it still pays.
    static func blocked(_ card: Card, at businessTime: Instant) -> RecordException? {
        guard card.stateSince < businessTime else { return nil }
        switch card.state {
        case .active: return nil
        case .closed: return .cardClosed
        case .frozen: return .cardFrozen
        case .lost: return .cardLost
        }
    }

    private static func released(_ action: Payment.Action) -> SaleVerdict.Hold {
        switch action {
        case .captureHold(let terms), .exceptionAndRelease(_, let terms): .released(terms)
        default: .none
        }
    }
}
