/// Why a refund request is not decided. The cases stand in the order they are checked.
public enum RefundsRefusal: String, OfficeRefusal, CaseIterable {
    case opinionEmpty = "opinion_empty"
    case opinionTooLong = "opinion_too_long"
    case unknownRequest = "unknown_request"
    /// Somebody decided, the store withdrew, or the month ended, before.
    case alreadyDecided = "already_decided"
    /// What would be decided is not what was shown (R-R4).
    case digestDiffers = "digest_differs"
    /// Finance grants 0 to 3 days.
    case graceInvalid = "grace_invalid"
}
