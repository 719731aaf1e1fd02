public import Domain

/// Head office's answer to an authorisation.
///
/// - Shape: `code` is nil exactly when approved; a till takes a code it does not know as a no.
/// - Source: Docs/PROTOCOL.md §6.
public struct AuthorisationReply: WireValue, Hashable {
    /// Yes or no.
    public enum Result: String, WireValue, CaseIterable {
        /// The money is held.
        case approved
        /// A definite no (R-P9).
        case refused
    }

    /// The attempt it answers.
    public var attempt: Int
    /// Head office's time.
    public var beacon: String
    /// Why not: an ``AuthorisationRefusal``, or a later version's.
    public var code: String?
    /// The masked holder's name.
    public var holder: String?
    /// The masked number.
    public var mask: String?
    /// The payment.
    public var payment: RecordID
    /// The programme's code.
    public var programme: String?
    /// What the card can still spend after this hold.
    public var remaining: Money?
    /// Yes or no.
    public var result: Result
    /// What the payment is now.
    public var state: PaymentState
    /// Passwords left before the lock.
    public var triesLeft: Int?

    /// Makes it from its parts.
    public init(
        attempt: Int, beacon: String, code: String?, holder: String?, mask: String?,
        payment: RecordID, programme: String?, remaining: Money?, result: Result,
        state: PaymentState, triesLeft: Int?
    ) {
        self.attempt = attempt
        self.beacon = beacon
        self.code = code
        self.holder = holder
        self.mask = mask
        self.payment = payment
        self.programme = programme
        self.remaining = remaining
        self.result = result
        self.state = state
        self.triesLeft = triesLeft
    }

    /// Reads the object.
    public init(wire: JSONValue, at field: String) throws(WireFault) {
        let object = try WireObject(wire, at: field)
        attempt = try object.count("attempt", in: 1...1_000_000_000)
        beacon = try object.value("beacon")
        code = try object.nullable("code")
        holder = try object.nullable("holder")
        mask = try object.nullable("mask")
        payment = try object.value("payment")
        programme = try object.nullable("programme")
        remaining = try object.nullable("remaining")
        result = try object.value("result")
        guard (code == nil) == (result == .approved) else { throw object.outOfRange("code") }
        state = try object.value("state")
        triesLeft = try object.nullable("triesLeft")
    }

    /// The object.
    public var wire: JSONValue {
        .object([
            "attempt": attempt.wire,
            "beacon": beacon.wire,
            "code": code.wire,
            "holder": holder.wire,
            "mask": mask.wire,
            "payment": payment.wire,
            "programme": programme.wire,
            "remaining": remaining.wire,
            "result": result.wire,
            "state": state.wire,
            "triesLeft": triesLeft.wire,
        ])
    }
}

/// What a payment is at head office (R-P8).
public enum PaymentState: String, WireValue, CaseIterable {
    /// No hold.
    case none
    /// The money is held.
    case held
    /// Paid by a sale; final.
    case captured
    /// Cancelled; final.
    case cancelled
    /// The hold ran out; final for authorisation.
    case lapsed
}

/// Why an authorisation is refused, in the order of the checks.
public enum AuthorisationRefusal: String, Error, Sendable, CaseIterable {
    /// Captured, cancelled or lapsed; the state says which.
    case paymentFinal = "payment_final"
    /// The payment is known with another amount or card.
    case paymentDiffers = "payment_differs"
    /// The sealed bytes do not open.
    case credentialUnreadable = "credential_unreadable"
    /// No such card.
    case unknownCard = "unknown_card"
    /// The programme is not taken in this province.
    case programmeNotAccepted = "programme_not_accepted"
    /// The card is closed.
    case cardClosed = "card_closed"
    /// The card was reported lost.
    case cardLost = "card_lost"
    /// The card is frozen.
    case cardFrozen = "card_frozen"
    /// Too many wrong passwords.
    case passwordLocked = "password_locked"
    /// The password is wrong.
    case wrongPassword = "wrong_password"
    /// A test card at ¥1.00 or more.
    case testCardLimit = "test_card_limit"
    /// The card has not that much.
    case insufficientBalance = "insufficient_balance"
}
