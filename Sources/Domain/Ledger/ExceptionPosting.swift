/// What a person may do about an exception, and what head office books for it.
///
/// The card's shortfall was booked exceptions receivable → store in dispute when the sale came in.
/// Each move ends some of it: the store is paid out of dispute, or it never will be. Nobody edits
/// the record.
/// Source: R-P5, R-L6; PRODUCT §3.7.
public enum ExceptionPosting {
    /// What can be done about an exception.
    public enum Move: String, Sendable, Hashable, CaseIterable {
        /// Post again what has been corrected since; the card pays what it can.
        case repost
        /// The card's next loads pay it first.
        case collect
        /// The store bears it: it is not paid for the sale.
        case chargeStore = "charge_store"
        /// The programme bears it: the store is paid from its funding.
        case chargeProgramme = "charge_programme"
        /// Nobody pays it and the store is paid all the same; takes two people.
        case writeOff = "write_off"
        /// Nothing is in dispute: a person has seen it, and nothing moves.
        case close
    }

    /// Why a move is not made; cases stand in order of precedence.
    public enum Refusal: String, Error, Sendable, Hashable, CaseIterable {
        /// It has been decided.
        case alreadySettled = "exception_settled"
        /// The move is not for this kind of exception.
        case moveNotAllowed = "move_not_allowed"
        /// What the programme bears by rule the store is not charged for (R-P10, R-P14).
        case bearerIsProgramme = "bearer_is_programme"
        /// No card has the sale's fingerprint.
        case cardStillUnknown = "card_still_unknown"
        /// The card is still closed, frozen or lost.
        case cardStillBlocked = "card_still_blocked"
        /// The programme is still not accepted where the store is.
        case programmeStillNotAccepted = "programme_still_not_accepted"
        /// The password has not been judged right.
        case passwordNotRight = "password_not_right"
        /// The card has nothing to pay with.
        case cardHasNoMoney = "card_has_no_money"

        /// The stable code for wire and screens.
        public var code: String { rawValue }

        /// Whether the same move may be made later.
        public var isTransient: Bool {
            switch self {
            case .alreadySettled, .moveNotAllowed, .bearerIsProgramme: false
            case .cardStillUnknown, .cardStillBlocked, .programmeStillNotAccepted,
                .passwordNotRight, .cardHasNoMoney:
                true
            }
        }
    }

    /// An exception as its locked row says.
    public struct Facts: Sendable, Hashable {
        /// Why the record is in question; nil for a code this program does not know.
        public let exception: RecordException?
        /// What is still in dispute, zero when no money is.
        public let disputed: Money
        /// Whether it has been decided.
        public let isSettled: Bool
        /// Who bears it unless people decide otherwise.
        public let bearer: ShortfallBearer
        /// The store's code.
        public let store: String
        /// The set of accounts.
        public let book: LedgerBook
        /// The code of the card's programme, nil while no card has the fingerprint.
        public let programme: String?

        /// An exception of those facts.
        public init(
            exception: RecordException?, disputed: Money, isSettled: Bool,
            bearer: ShortfallBearer, store: String, book: LedgerBook, programme: String?
        ) {
            self.exception = exception
            self.disputed = disputed
            self.isSettled = isSettled
            self.bearer = bearer
            self.store = store
            self.book = book
            self.programme = programme
        }
    }

    /// The moves that fit the exception, in the order screens offer them; none once it is settled.
    public static func moves(for facts: Facts) -> [Move] {
        Move.allCases.filter { refusal(of: $0, for: facts) == nil }
    }

    /// Agrees that the move fits the exception, or refuses.
    ///
    /// Refuses: `alreadySettled`, `moveNotAllowed`, `bearerIsProgramme`.
    public static func check(_ move: Move, for facts: Facts) throws(Refusal) {
        if let refusal = refusal(of: move, for: facts) { throw refusal }
    }

    private static func refusal(of move: Move, for facts: Facts) -> Refusal? {
        if facts.isSettled { return .alreadySettled }
        let hasMoney = facts.disputed > .zero
        switch move {
        // What this program has no rule for stays open: a hold behind it must not be forgotten.
        case .close: return hasMoney || facts.exception == nil ? .moveNotAllowed : nil
        case .collect:
            return hasMoney && facts.exception?.touchesCard == true ? nil : .moveNotAllowed
        case .repost:
            return hasMoney && facts.exception?.canBeCorrected == true ? nil : .moveNotAllowed
        case .chargeStore:
            if !hasMoney { return .moveNotAllowed }
            return facts.bearer == .programme ? .bearerIsProgramme : nil
        case .chargeProgramme:
            let fits = hasMoney && facts.bearer == .programme && facts.programme != nil
            return fits ? nil : .moveNotAllowed
        case .writeOff: return hasMoney ? nil : .moveNotAllowed
        }
    }

    /// What the card pays when the sale is posted again, judged as the sale would be now.
    ///
    /// Shape: more than zero, at most what is in dispute.
    /// Refuses: those of `check`, then in this order `cardStillUnknown`, `cardStillBlocked`,
    /// `programmeStillNotAccepted`, `passwordNotRight`, `cardHasNoMoney`.
    public static func payable(
        _ facts: Facts, card: SalePosting.Card?, businessTime: Instant,
        credential: SalePosting.Credential
    ) throws(Refusal) -> Money {
        try check(.repost, for: facts)
        // A card of the other book is not the card that the sale was booked for.
        guard let card, card.isTest == (facts.book == .test) else { throw .cardStillUnknown }
        if facts.exception?.touchesCard != true {
            if SalePosting.blocked(card, at: businessTime) != nil { throw .cardStillBlocked }
            if !card.programmeAccepted { throw .programmeStillNotAccepted }
            if credential != .right { throw .passwordNotRight }
        }
        let amount = min(card.available, facts.disputed)
        guard amount > .zero else { throw .cardHasNoMoney }
        return amount
    }

    /// What to book when the card pays that much of what is in dispute.
    public static func paid(
        _ amount: Money, by card: CardFingerprint, _ facts: Facts
    ) -> [TransferPlan] {
        covered(amount, .collection, from: .card(card), facts)
    }

    /// What to book when somebody bears all that is in dispute.
    ///
    /// Shape: `move` is one that ends the exception; nothing moves at `close`.
    /// Refuses: those of `check`.
    public static func plan(_ move: Move, _ facts: Facts) throws(Refusal) -> [TransferPlan] {
        try check(move, for: facts)
        switch move {
        case .repost, .collect, .close: return []
        case .chargeStore:
            return [
                TransferPlan(
                    kind: .exceptionDecided, book: facts.book, from: .storeInDispute(facts.store),
                    to: .exceptionsReceivable(facts.store), amount: facts.disputed)
            ]
        case .chargeProgramme:
            guard let programme = facts.programme else { throw .moveNotAllowed }
            return covered(
                facts.disputed, .exceptionBorne, from: .programmeFunding(programme), facts)
        case .writeOff:
            return covered(facts.disputed, .writeOff, from: .writeOffs, facts)
        }
    }

    /// Somebody other than the store covers it: the receivable is met, and the store is paid.
    private static func covered(
        _ amount: Money, _ kind: TransferKind, from payer: Account, _ facts: Facts
    ) -> [TransferPlan] {
        [
            TransferPlan(
                kind: kind, book: facts.book, from: payer,
                to: .exceptionsReceivable(facts.store), amount: amount),
            TransferPlan(
                kind: .exceptionDecided, book: facts.book, from: .storeInDispute(facts.store),
                to: .storePayable(facts.store), amount: amount),
        ]
    }
}

extension RecordException {
    /// Whether something outside the record can be put right, so that the same record posts.
    public var canBeCorrected: Bool {
        switch self {
        case .unknownCard, .cardClosed, .cardFrozen, .cardLost, .programmeNotAccepted,
            .passwordNotChecked, .insufficientBalance:
            true
        case .unreadableRecord, .unknownKind, .sameIDDifferentContent, .linesDoNotAddUp,
            .testCardLimit, .credentialMissing, .credentialGone, .credentialUnreadable,
            .wrongPassword, .paymentCancelled, .paymentCaptured, .holdDiffers, .unknownSale,
            .codeWithoutPayment, .unknownRequest, .tooLate, .quarantined:
            false
        }
    }
}
