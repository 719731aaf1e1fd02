import Domain

/// How the domain's accounts, named by fingerprints and codes, map to rows.
struct IngestLedger: Sendable {
    let storeID: Int64
    let storeCode: String

    func account(
        _ account: Account, book: LedgerBook, card: CardRow?
    ) -> LedgerAccount {
        switch account.kind {
        case .card:
            guard let card, card.fingerprint.text == account.owner else {
                preconditionFailure("a transfer of a card that was not locked")
            }
            return LedgerAccount(.card, of: card.cardID, in: book)
        case .storePayable, .storeInDispute, .exceptionsReceivable:
            precondition(account.owner == storeCode, "a sale's transfer of another store")
            return LedgerAccount(account.kind, of: storeID, in: book)
        case .programmeFunding, .refundSuspense:
            guard let card, card.programme == account.owner else {
                preconditionFailure("a transfer of a programme that was not locked")
            }
            return LedgerAccount(account.kind, of: card.programmeID, in: book)
        case .fees, .writeOffs, .bank:
            return LedgerAccount(account.kind, of: 0, in: book)
        }
    }

    func transfer(
        _ plan: TransferPlan, sale: RecordID, card: CardRow?, at: Instant
    ) -> NewTransfer {
        NewTransfer(
            plan.kind, from: account(plan.from, book: plan.book, card: card),
            to: account(plan.to, book: plan.book, card: card), amount: plan.amount,
            businessAt: at, sourceID: sale, storeID: storeID, cardID: card?.cardID)
    }
}
