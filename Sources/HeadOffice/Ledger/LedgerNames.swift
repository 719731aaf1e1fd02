import Domain

/// How the domain's accounts, named by fingerprints and codes, map to rows: one store, and at most
/// one card with its programme.
struct LedgerNames: Sendable {
    let storeID: Int64
    let storeCode: String
    var cardID: Int64?
    var card: CardFingerprint?
    var programmeID: Int64?
    var programme: String?

    func account(_ account: Account, book: LedgerBook) -> LedgerAccount {
        switch account.kind {
        case .card:
            guard let cardID, card?.text == account.owner else {
                preconditionFailure("a transfer of a card that was not locked")
            }
            return LedgerAccount(.card, of: cardID, in: book)
        case .storePayable, .storeInDispute, .exceptionsReceivable:
            precondition(account.owner == storeCode, "a sale's transfer of another store")
            return LedgerAccount(account.kind, of: storeID, in: book)
        case .programmeFunding, .refundSuspense:
            guard let programmeID, programme == account.owner else {
                preconditionFailure("a transfer of a programme that was not read")
            }
            return LedgerAccount(account.kind, of: programmeID, in: book)
        case .fees, .writeOffs, .bank:
            return LedgerAccount(account.kind, of: 0, in: book)
        }
    }

    func transfer(_ plan: TransferPlan, source: RecordID, at: Instant) -> NewTransfer {
        NewTransfer(
            plan.kind, from: account(plan.from, book: plan.book),
            to: account(plan.to, book: plan.book), amount: plan.amount, businessAt: at,
            sourceID: source, storeID: storeID, cardID: cardID)
    }
}
