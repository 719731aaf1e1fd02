/// Who bears what a card could not pay, unless people decide otherwise.
///
/// Source: R-P5, R-P10, R-L6.
public enum ShortfallBearer: String, Sendable, Hashable, CaseIterable {
    /// The store that took the card.
    case store
    /// The card's programme.
    case programme
}

/// What a received sale comes to: everything that is booked and stored in one transaction.
public struct SaleVerdict: Sendable, Hashable {
    /// Posted, or in question.
    public enum State: Sendable, Hashable {
        /// The card paid in full.
        case posted
        /// A person has to look at it.
        case exception(RecordException)
    }

    /// What becomes of the payment's hold.
    public enum Hold: Sendable, Hashable {
        /// There is none.
        case none
        /// It ends, and its amount is the sale's transfer.
        case captured(Payment.Terms)
        /// It ends, and its amount is the card's again.
        case released(Payment.Terms)
    }

    /// Posted, or in question.
    public let state: State
    /// What to book, in order.
    public let transfers: [TransferPlan]
    /// What the card pays.
    public let paidByCard: Money
    /// What it does not, booked as in dispute.
    public let shortfall: Money
    /// Who bears the shortfall by default.
    public let bearer: ShortfallBearer
    /// What becomes of the hold.
    public let hold: Hold
    /// The payment to store.
    public let payment: Payment
    /// The set of accounts.
    public let book: LedgerBook

    /// The exception's code, nil when posted.
    public var code: String? {
        guard case .exception(let exception) = state else { return nil }
        return exception.code
    }
}
