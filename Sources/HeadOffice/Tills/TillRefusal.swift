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
}
