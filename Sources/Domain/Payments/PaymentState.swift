/// Where a payment id stands at head office.
///
/// Shape: stored and sent as the raw text. none → held → captured | cancelled, or lapsed.
/// Source: R-P8.
public enum PaymentState: String, Sendable, Hashable, CaseIterable {
    /// Nothing is held and no record has arrived.
    case none
    /// Money is reserved on the card.
    case held
    /// The sale's record has arrived.
    case captured
    /// The cancellation has arrived, perhaps before anything else.
    case cancelled
    /// The hold ended by time; the sale's record may still come.
    case lapsed

    /// Whether no further authorisation can be made under the id.
    public var refusesAuthorisation: Bool {
        switch self {
        case .none, .held: false
        case .captured, .cancelled, .lapsed: true
        }
    }
}
