/// The kinds of account; each kind is someone's money or someone's debt.
///
/// Shape: stored as the raw text.
/// Source: R-L1, R-L6.
public enum AccountKind: String, Sendable, Hashable, CaseIterable {
    /// The money on one card.
    case card
    /// What a programme has paid in for its cards.
    case programmeFunding = "programme_funding"
    /// What is owed to a store.
    case storePayable = "store_payable"
    /// What the network has earned.
    case fees
    /// What sales lack because a card could not pay, not decided yet.
    case exceptionsReceivable = "exceptions_receivable"
    /// The other side of it: what a store gets only once the exception is decided.
    case storeInDispute = "store_in_dispute"
    /// What nobody will pay.
    case writeOffs = "write_offs"
    /// The network's bank account.
    case bank
    /// Refunds whose card is closed.
    case refundSuspense = "refund_suspense"
}

/// The two separate sets of accounts; each sums to zero by itself.
///
/// Shape: stored as the raw text.
/// Source: R-P7, R-L6.
public enum LedgerBook: String, Sendable, Hashable, CaseIterable {
    /// Real money.
    case real
    /// Test cards, left out of every figure.
    case test
}

/// One account within a book.
///
/// Shape: `owner` is a card's fingerprint, a store's or a programme's code, or empty where there
/// is only one account of the kind.
public struct Account: Sendable, Hashable, CustomStringConvertible {
    /// What the account is.
    public let kind: AccountKind
    /// Whose it is.
    public let owner: String

    init(kind: AccountKind, owner: String) {
        self.kind = kind
        self.owner = owner
    }

    /// The money on the card.
    public static func card(_ card: CardFingerprint) -> Account {
        Account(kind: .card, owner: card.text)
    }

    /// What the programme has paid in.
    public static func programmeFunding(_ programme: String) -> Account {
        Account(kind: .programmeFunding, owner: programme)
    }

    /// What is owed to the store.
    public static func storePayable(_ store: String) -> Account {
        Account(kind: .storePayable, owner: store)
    }

    /// What the store's sales lack.
    public static func exceptionsReceivable(_ store: String) -> Account {
        Account(kind: .exceptionsReceivable, owner: store)
    }

    /// What the store gets once its exceptions are decided.
    public static func storeInDispute(_ store: String) -> Account {
        Account(kind: .storeInDispute, owner: store)
    }

    /// Refunds that wait for a live card of the programme.
    public static func refundSuspense(_ programme: String) -> Account {
        Account(kind: .refundSuspense, owner: programme)
    }

    /// What the network has earned.
    public static let fees = Account(kind: .fees, owner: "")
    /// What nobody will pay.
    public static let writeOffs = Account(kind: .writeOffs, owner: "")
    /// The network's bank account.
    public static let bank = Account(kind: .bank, owner: "")

    /// Kind and owner, for logs.
    public var description: String { owner.isEmpty ? kind.rawValue : "\(kind.rawValue):\(owner)" }
}
