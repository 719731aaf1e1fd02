/// Why a record that was received could not be acted on in full.
///
/// Shape: sent and stored as the raw text. The record is stored and acknowledged all the same.
/// Source: PROTOCOL §5, R-P5, S-7.
public enum RecordException: String, Error, Sendable, Hashable, CaseIterable {
    /// The record is not canonical or lacks a field.
    case unreadableRecord = "unreadable_record"
    /// Head office does not know the record's kind.
    case unknownKind = "unknown_kind"
    /// The id is already stored with other content, which stands.
    case sameIDDifferentContent = "same_id_different_content"
    /// The sale's figures do not agree with each other.
    case linesDoNotAddUp = "lines_do_not_add_up"
    /// No card has the fingerprint.
    case unknownCard = "unknown_card"
    /// The card was closed before the sale.
    case cardClosed = "card_closed"
    /// The card was frozen before the sale.
    case cardFrozen = "card_frozen"
    /// The card was reported lost before the sale.
    case cardLost = "card_lost"
    /// The store may not take the card's programme.
    case programmeNotAccepted = "programme_not_accepted"
    /// A test card was charged ¥1.00 or more.
    case testCardLimit = "test_card_limit"
    /// The sale says that it was authorised, and head office neither held money for it nor has a
    /// password.
    case credentialMissing = "credential_missing"
    /// The sale's sealed credential is gone, and no verdict on it is known (R-W5).
    case credentialGone = "credential_gone"
    /// The sealed credential does not open, or is another card's or another sale's.
    case credentialUnreadable = "credential_unreadable"
    /// The password was wrong.
    case wrongPassword = "wrong_password"
    /// The password could not be judged while the card's lock was closed.
    case passwordNotChecked = "password_not_checked"
    /// The card paid what it had, and that was not all.
    case insufficientBalance = "insufficient_balance"
    /// A sale of a payment that was cancelled.
    case paymentCancelled = "payment_cancelled"
    /// A cancellation of a payment whose sale has arrived.
    case paymentCaptured = "payment_captured"
    /// The sale's amount or card is not the hold's.
    case holdDiffers = "hold_differs"
    /// A sale by confirmation code for which head office holds nothing: it never issued that code.
    case codeWithoutPayment = "code_without_payment"
    /// The request names a sale that has not been received.
    case unknownSale = "unknown_sale"
    /// The withdrawal names a request that has not been received.
    case unknownRequest = "unknown_request"
    /// The withdrawal names a request that was approved before.
    case tooLate = "too_late"
    /// The record came under a revoked key and waits for a person (S-7).
    case quarantined

    /// The stable code for wire and screens.
    public var code: String { rawValue }

    /// Whether head office may act on the same record later without a person.
    public var isTransient: Bool {
        switch self {
        case .passwordNotChecked, .unknownSale, .unknownRequest: true
        default: false
        }
    }

    /// Whether it is about which sale it is, so that nothing is given back for it until a person has
    /// settled it (R-R7).
    public var isAboutIdentity: Bool {
        switch self {
        case .paymentCancelled, .linesDoNotAddUp, .holdDiffers: true
        default: false
        }
    }

    /// Whether the card pays what it can; under every other code it is not touched (R-P5), and what
    /// is owed may not be collected from it at its next load.
    public var touchesCard: Bool { self == .insufficientBalance }
}
