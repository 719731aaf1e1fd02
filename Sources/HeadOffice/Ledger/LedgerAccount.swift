public import Domain

/// An account by what it is, not by its row.
public struct LedgerAccount: Hashable, Sendable {
    /// The set it belongs to.
    public let book: LedgerBook
    /// What it is for.
    public let kind: AccountKind
    /// Card, programme or store; 0 for head office's own.
    public let ownerID: Int64

    /// An account's name.
    public init(_ kind: AccountKind, of ownerID: Int64, in book: LedgerBook) {
        self.kind = kind
        self.ownerID = ownerID
        self.book = book
    }
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

/// The set of accounts, by its short name.
public typealias Book = LedgerBook
