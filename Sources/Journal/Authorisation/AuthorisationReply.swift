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
    /// Why not: the domain's `AuthorisationRefusal`, or a later version's.
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
