/// Where a refund request stands.
enum RefundState: String, Sendable, CaseIterable, Encodable {
    /// Asked for, and not yet on head office's disk.
    case unsent
    /// Head office has it and decides.
    case pending
    /// Head office could not act on the request itself.
    case inQuestion = "in_question"
    case approved
    case refused
    case expired
    case withdrawn

    var level: String {
        switch self {
        case .unsent, .pending: "warn"
        case .approved: "good"
        case .inQuestion, .refused, .expired: "bad"
        case .withdrawn: "plain"
        }
    }

    /// Whether a decision may still come.
    var isOpen: Bool { self == .unsent || self == .pending || self == .inQuestion }
}

/// A refund request with what came back.
struct RefundSummary: Sendable, Equatable, Encodable {
    let id: String
    let sale: String
    let saleReceipt: String
    /// The sale's business time: the deadline counts from it.
    let soldAt: Int64
    let amount: Int64
    let reason: String
    let requestedBy: String
    let requestedAt: Int64
    let state: RefundState
    let opinion: String
    let decidedBy: String
    let decidedAt: Int64?
    let code: String?
    let lines: [RefundLine]
}

/// A line and how many of it go back.
struct RefundLine: Sendable, Equatable, Codable {
    let line: Int
    let quantity: Int64
}
