extension SalePosting {
    /// The three ways a verdict can come out, with the transfers that belong to each.
    struct Draft {
        let sale: Sale
        let book: LedgerBook
        let payment: Payment

        /// An exception about the id itself: no money moves (R-P8).
        func movingNothing(_ exception: RecordException) -> SaleVerdict {
            verdict(.exception(exception), paid: .zero, shortfall: .zero)
        }

        /// An exception that leaves the card alone: the whole amount is in dispute.
        ///
        /// An amount that no sale can have moves nothing, or one forged record could bring a
        /// balance past 64 bits and stop every later posting.
        func untouched(
            _ exception: RecordException, bearer: ShortfallBearer = .store,
            hold: SaleVerdict.Hold = .none
        ) -> SaleVerdict {
            let amount = sale.terms.amount
            let isPossible = amount > .zero && amount <= SaleRules.largestTotal
            return verdict(
                .exception(exception), paid: .zero, shortfall: isPossible ? amount : .zero,
                bearer: bearer, hold: hold)
        }

        /// The card pays that much, and the rest is in dispute.
        func paid(
            _ paid: Money, bearer: ShortfallBearer = .store, hold: SaleVerdict.Hold = .none
        ) -> SaleVerdict {
            let shortfall = Money(fen: sale.terms.amount.fen - paid.fen)
            let state: SaleVerdict.State =
                shortfall == .zero ? .posted : .exception(.insufficientBalance)
            return verdict(state, paid: paid, shortfall: shortfall, bearer: bearer, hold: hold)
        }

        private func verdict(
            _ state: SaleVerdict.State, paid: Money, shortfall: Money,
            bearer: ShortfallBearer = .store, hold: SaleVerdict.Hold = .none
        ) -> SaleVerdict {
            let transfers = [
                TransferPlan.unlessZero(
                    .sale, book, from: .card(sale.terms.card), to: .storePayable(sale.store),
                    amount: paid),
                TransferPlan.unlessZero(
                    .shortfall, book, from: .exceptionsReceivable(sale.store),
                    to: .storeInDispute(sale.store), amount: shortfall),
            ]
            return SaleVerdict(
                state: state, transfers: transfers.compactMap { $0 }, paidByCard: paid,
                shortfall: shortfall, bearer: bearer, hold: hold, payment: payment, book: book)
        }
    }
}
