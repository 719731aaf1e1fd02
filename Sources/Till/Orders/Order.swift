import Domain

/// What head office has said of a sale's record, as the screens tell it (S-3).
enum OrderState: String, Sendable, CaseIterable, Encodable {
    /// Not yet on head office's disk.
    case unsent
    /// On its disk, waiting for something before it counts.
    case received
    /// In the ledger.
    case posted
    /// Stored, and a person looks into it.
    case inQuestion = "in_question"

    init(verdict: String?) {
        switch verdict {
        case nil: self = .unsent
        case "held": self = .received
        case "exception": self = .inQuestion
        default: self = .posted
        }
    }

    var level: String {
        switch self {
        case .unsent: "warn"
        case .received: "plain"
        case .posted: "good"
        case .inQuestion: "bad"
        }
    }
}

/// What became of the refunds asked for an order: the one that still needs somebody comes first.
enum OrderRefundState: String, Sendable, CaseIterable, Encodable {
    case pending
    case refunded
    case partlyRefunded = "partly_refunded"
    case refused
    case expired

    var level: String {
        switch self {
        case .pending: "warn"
        case .refunded, .partlyRefunded: "good"
        case .refused, .expired: "bad"
        }
    }
}

/// An order as a list shows it.
struct OrderSummary: Sendable, Equatable, Encodable {
    let id: String
    let receipt: String
    let businessTime: Int64
    let cashier: String
    let total: Int64
    let mask: String
    let programme: String
    let mode: String
    let test: Bool
    let state: OrderState
    let code: String?
    let refundState: OrderRefundState?
    /// The till that sold it, when it is not this one.
    var till: String?
}

/// A line as it was sold.
struct OrderLine: Sendable, Equatable, Encodable {
    let line: Int
    let sku: String
    let name: String
    let spec: String
    let list: Int64
    let price: Int64
    let quantity: Int64
    let amount: Int64
    let repricedBy: String?
    let repriceReason: String?
}

/// Something that happened to an order, oldest first.
struct OrderEvent: Sendable, Equatable, Encodable {
    /// The key of its word.
    let kind: String
    let at: Int64
    let by: String
    let detail: String
}

/// What a manager allowed, against which limit (whole fen).
struct OrderOverride: Sendable, Equatable, Encodable {
    let by: String
    let reason: String
    let limit: Int64
}

/// An order with everything this till knows of it.
struct Order: Sendable, Equatable, Encodable {
    let summary: OrderSummary
    let lines: [OrderLine]
    let holder: String?
    let remaining: Int64?
    let lateRefusal: String?
    /// A manager's word for a sale above the per-sale limit.
    let override: OrderOverride?
    let refunds: [RefundSummary]
    let history: [OrderEvent]
}

/// What an order search asks for; every part given must fit.
struct OrderQuery: Sendable {
    static let resultCountMax = 100

    /// Part of an order number, as typed.
    var number: String?
    var fingerprint: CardFingerprint?
    var from: BusinessDate?
    /// The last day, inclusive.
    var through: BusinessDate?
    /// Only orders after this one in the list, for the next page.
    var before: Position?

    /// Where a page ends. Time alone would skip orders of the same millisecond.
    struct Position: Sendable, Equatable, Codable {
        let businessTime: Int64
        let id: String
    }
}
