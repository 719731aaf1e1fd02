/// Why head office does not hold money for a payment: every one is a definite no (R-P9).
///
/// Refuses: cases stand in order of precedence.
/// Source: PROTOCOL §6.
public enum AuthorisationRefusal: String, Error, Sendable, Hashable, CaseIterable {
    /// The id is captured, cancelled or lapsed.
    case paymentFinal = "payment_final"
    /// The id was first used for another amount or card.
    case paymentDiffers = "payment_differs"
    /// The store is suspended: nothing is begun there, and no card is to blame.
    case storeSuspended = "store_suspended"
    /// The sealed credential does not open, or is another card's or another payment's.
    case credentialUnreadable = "credential_unreadable"
    /// There is no such card.
    case unknownCard = "unknown_card"
    /// The store may not take the card's programme.
    case programmeNotAccepted = "programme_not_accepted"
    /// The card is closed.
    case cardClosed = "card_closed"
    /// The card is reported lost.
    case cardLost = "card_lost"
    /// The card is frozen.
    case cardFrozen = "card_frozen"
    /// Too many wrong passwords.
    case passwordLocked = "password_locked"
    /// The password is wrong; the try is counted.
    case wrongPassword = "wrong_password"
    /// A test card over one of its limits.
    case testCardLimit = "test_card_limit"
    /// Less on the card than the amount, holds and unsent sales counted.
    case insufficientBalance = "insufficient_balance"

    /// The stable code for wire and screens.
    public var code: String { rawValue }

    /// Whether another attempt under the same payment id may be approved.
    public var isTransient: Bool {
        switch self {
        case .credentialUnreadable, .wrongPassword: true
        default: false
        }
    }
}
