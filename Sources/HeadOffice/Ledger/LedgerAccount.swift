public import Domain
public import PostgresDriver

/// Which set of accounts: test cards have their own (R-P7).
public enum Book: String, Sendable, PostgresConvertible {
    /// text.
    public typealias PostgresForm = String

    case real
    case test
}

/// What an account is for (R-L1, R-L6).
public enum AccountKind: String, Sendable, CaseIterable, PostgresConvertible {
    /// text.
    public typealias PostgresForm = String

    case card
    case programmeFunding = "programme_funding"
    case storePayable = "store_payable"
    case storeInDispute = "store_in_dispute"
    case exceptionsReceivable = "exceptions_receivable"
    case fees
    case writeOffs = "write_offs"
    case bank
    case refundSuspense = "refund_suspense"
}

/// An account by what it is, not by its row.
public struct LedgerAccount: Hashable, Sendable {
    /// The set it belongs to.
    public let book: Book
    /// What it is for.
    public let kind: AccountKind
    /// Card, programme or store; 0 for head office's own.
    public let ownerID: Int64

    /// An account's name.
    public init(_ kind: AccountKind, of ownerID: Int64, in book: Book) {
        self.kind = kind
        self.ownerID = ownerID
        self.book = book
    }
}

/// Why money moved. The raw value is stored.
public enum TransferKind: String, Sendable, PostgresConvertible {
    /// text.
    public typealias PostgresForm = String

    case load
    case sale
    case shortfall
    case refund
    case adjustment
}

/// A movement not yet posted.
public struct NewTransfer: Sendable {
    /// Why.
    public let kind: TransferKind
    /// Whose balance falls.
    public let from: LedgerAccount
    /// Whose balance rises.
    public let to: LedgerAccount
    /// Above zero.
    public let amount: Money
    /// When it happened; its day in Asia/Shanghai is the business date.
    public let businessAt: Instant
    /// Sale, refund request or load: with `kind`, posted once only.
    public let sourceID: RecordID
    /// The store concerned, for its reports.
    public let storeID: Int64?
    /// The card concerned, for its history.
    public let cardID: Int64?

    /// A movement of `amount`.
    public init(
        _ kind: TransferKind, from: LedgerAccount, to: LedgerAccount, amount: Money,
        businessAt: Instant, sourceID: RecordID, storeID: Int64?, cardID: Int64?
    ) {
        precondition(amount > .zero, "a transfer of \(amount.fen) fen")
        precondition(from != to, "a transfer from \(from) to itself")
        precondition(from.book == to.book, "a transfer from \(from) to another book, \(to)")
        self.kind = kind
        self.from = from
        self.to = to
        self.amount = amount
        self.businessAt = businessAt
        self.sourceID = sourceID
        self.storeID = storeID
        self.cardID = cardID
    }
}
