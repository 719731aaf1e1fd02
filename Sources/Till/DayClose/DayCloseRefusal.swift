/// Why a day is not closed.
enum DayCloseRefusal: Error, Equatable {
    /// Only a store manager closes the day.
    case managerNeeded
    /// Another closing came first; the page shows what is left.
    case alreadyClosed
    /// These payments must be finished or cancelled first.
    case paymentsOpen([OpenPayment])

    /// A payment that stands in the way.
    struct OpenPayment: Sendable, Equatable {
        let id: String
        let login: String
        let amount: Int64
    }

    /// The stable word.
    var code: String {
        switch self {
        case .managerNeeded: "manager_needed"
        case .alreadyClosed: "day_already_closed"
        case .paymentsOpen: "payments_open"
        }
    }

    /// One of each, for the check of words.
    static let examples: [DayCloseRefusal] = [
        .managerNeeded, .alreadyClosed, .paymentsOpen([]),
    ]
}
