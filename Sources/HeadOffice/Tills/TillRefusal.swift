/// Why an act on a till is refused.
public enum TillRefusal: String, OfficeRefusal, CaseIterable {
    case unknownStore = "unknown_store"
    case storeSuspended = "store_suspended"
    case unknownTill = "unknown_till"
    case unknownEnrolment = "unknown_enrolment"
    case alreadyDecided = "already_decided"
    /// A store has at most 99 tills.
    case tillNumbersUsedUp = "till_numbers_used_up"
    case alreadyRevoked = "already_revoked"
    case reasonMissing = "quarantine_reason_missing"
    case unknownRecord = "unknown_record"
    /// Who revoked the till does not decide what it brought.
    case revokedByYou = "revoked_by_you"
    /// A refund of the sale waits or was made: it is decided as a refund first.
    case saleRefunded = "sale_refunded"
}
