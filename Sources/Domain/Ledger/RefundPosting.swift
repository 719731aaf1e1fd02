/// Who carries what a card never paid for a sale, at the moment of a refund.
///
/// Source: R-L6, R-R7.
public enum ShortfallCarrier: Sendable, Hashable {
    /// Undecided: still in dispute.
    case inDispute
    /// The store bears it: the store never got the money.
    case store
    /// The programme of that code bears it and has paid the store.
    case programme(String)
    /// It was written off, and the store was paid.
    case writtenOff
}

/// What head office books for an approved refund.
///
/// Source: R-R5, R-R7: new transfers, first undoing what the card has not paid.
public enum RefundPosting {
    /// The sale's money at the moment of approval.
    public struct Sale: Sendable, Hashable {
        /// The store's code.
        public let store: String
        /// The set of accounts.
        public let book: LedgerBook
        /// What the card paid, collections included.
        public let paidByCard: Money
        /// What earlier refunds gave back to the card.
        public let returnedToCard: Money
        /// What the card did not pay, whoever carries it.
        public let notPaidByCard: Money
        /// What earlier refunds have undone of that.
        public let undone: Money
        /// Who carries it.
        public let carrier: ShortfallCarrier

        /// A sale of those facts.
        public init(
            store: String, book: LedgerBook, paidByCard: Money, returnedToCard: Money,
            notPaidByCard: Money, undone: Money, carrier: ShortfallCarrier
        ) {
            self.store = store
            self.book = book
            self.paidByCard = paidByCard
            self.returnedToCard = returnedToCard
            self.notPaidByCard = notPaidByCard
            self.undone = undone
            self.carrier = carrier
        }
    }

    /// What an approved refund comes to.
    public struct Plan: Sendable, Hashable {
        /// What to book, in order; empty when the store bore all of it.
        public let transfers: [TransferPlan]
        /// The part that the card never paid.
        public let undone: Money
        /// The part that goes back to the card.
        public let toCard: Money
    }

    /// Splits an amount that `RefundRules.check` has agreed to.
    ///
    /// Shape: `destination` is the live end of the card's replacement chain, or refund suspense.
    /// Refuses: `amountExceedsPaid` when more than the card paid less what it got back would go to
    /// it, or the amount is not above zero.
    public static func plan(
        _ amount: Money, sale: Sale, to destination: Account
    ) throws(RefundRefusal) -> Plan {
        let undoable: Money
        let returnable: Money
        do {
            undoable = max(try sale.notPaidByCard.subtracting(sale.undone), .zero)
            returnable = max(try sale.paidByCard.subtracting(sale.returnedToCard), .zero)
        } catch {
            throw .amountExceedsPaid(left: .zero)
        }
        let undone = min(amount, undoable)
        let toCard = Money(fen: amount.fen - undone.fen)
        if amount <= .zero || toCard > returnable { throw .amountExceedsPaid(left: returnable) }
        let transfers = [
            undoing(undone, sale: sale),
            TransferPlan.unlessZero(
                .refund, sale.book, from: .storePayable(sale.store), to: destination,
                amount: toCard),
        ]
        return Plan(transfers: transfers.compactMap { $0 }, undone: undone, toCard: toCard)
    }

    private static func undoing(_ amount: Money, sale: Sale) -> TransferPlan? {
        let from: Account
        let to: Account
        switch sale.carrier {
        case .store:
            return nil
        case .inDispute:
            from = .storeInDispute(sale.store)
            to = .exceptionsReceivable(sale.store)
        case .programme(let programme):
            from = .storePayable(sale.store)
            to = .programmeFunding(programme)
        case .writtenOff:
            from = .storePayable(sale.store)
            to = .writeOffs
        }
        return TransferPlan.unlessZero(
            .shortfallUndone, sale.book, from: from, to: to, amount: amount)
    }
}
