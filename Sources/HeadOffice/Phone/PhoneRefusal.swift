/// Why a phone does not pay; nothing has been held then.
enum PhoneRefusal: String, OfficeRefusal, CaseIterable {
    /// The address is not one that a till makes.
    case requestUnreadable = "phone_request_unreadable"
    /// The till's key did not sign this.
    case requestForged = "phone_request_forged"
    /// The till is revoked or stopped.
    case tillClosed = "phone_till_closed"
    /// Head office suspended the store.
    case storeSuspended = "phone_store_suspended"
    /// The till no longer checks codes with the key that the request names.
    case keySuperseded = "phone_key_superseded"
    /// The request was valid for a few minutes only.
    case requestExpired = "phone_request_expired"
    /// Somebody else has paid.
    case alreadyPaid = "phone_already_paid"
    /// The till has ended the payment.
    case paymentEnded = "phone_payment_ended"
    /// No such receipt, or it is too old to show.
    case unknownReceipt = "phone_unknown_receipt"
    /// Too many tries from here or for this payment.
    case tooManyTries = "phone_too_many_tries"

    var isTransient: Bool { self == .tooManyTries }
}
