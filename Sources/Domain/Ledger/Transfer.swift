/// Why money moved.
///
/// Shape: stored as the raw text.
public enum TransferKind: String, Sendable, Hashable, CaseIterable {
    /// Programme funding → card.
    case load
    /// Card → store payable.
    case sale
    /// Exceptions receivable → store in dispute: what a card could not pay.
    case shortfall
    /// Store payable (or whoever gets it) → card or refund suspense.
    case refund
    /// A refund's part that the card never paid, back to whoever carries it.
    case shortfallUndone = "shortfall_undone"
    /// Store payable → fees.
    case fee
    /// Fees → store payable, after a refund.
    case feeReturned = "fee_returned"
    /// An exception decided: dispute → payable, or dispute → receivable.
    case exceptionDecided = "exception_decided"
    /// A card pays later what its sale lacked: card → exceptions receivable.
    case collection
    /// Programme funding → exceptions receivable: the programme bears what a card did not pay.
    case exceptionBorne = "exception_borne"
    /// Write-offs → exceptions receivable.
    case writeOff = "write_off"
    /// Store payable → bank.
    case settlement
    /// Bank → programme funding.
    case funding
    /// A lost card's balance to its replacement.
    case replacement
    /// Card → programme funding, when a card ends.
    case closing
    /// A test card's unrefunded charges at month end.
    case testReversal = "test_reversal"
}

/// One movement of money to be booked.
///
/// Units and signs: always above zero, from one account to another of the same book.
/// Source: R-L1.
public struct TransferPlan: Sendable, Hashable {
    /// Why.
    public let kind: TransferKind
    /// The set of accounts.
    public let book: LedgerBook
    /// Whose balance falls.
    public let from: Account
    /// Whose balance rises.
    public let to: Account
    /// How much.
    public let amount: Money

    /// Such a movement; an amount of zero or less, or one account twice, is a programming fault.
    public init(kind: TransferKind, book: LedgerBook, from: Account, to: Account, amount: Money) {
        precondition(amount > .zero, "a transfer moves more than nothing, not \(amount.fen) fen")
        precondition(from != to, "a transfer moves between two accounts, not within \(from)")
        self.kind = kind
        self.book = book
        self.from = from
        self.to = to
        self.amount = amount
    }

    /// Such a movement, nil for an amount of zero.
    static func unlessZero(
        _ kind: TransferKind, _ book: LedgerBook, from: Account, to: Account, amount: Money
    ) -> TransferPlan? {
        guard amount != .zero else { return nil }
        return TransferPlan(kind: kind, book: book, from: from, to: to, amount: amount)
    }
}
