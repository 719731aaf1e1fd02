public import Domain

/// A payment ended without a sale; its hold, if any, is released.
///
/// - Repetition: cancelling an id twice changes nothing.
/// - Source: Docs/PROTOCOL.md §2; R-P8, R-P10.
public struct PaymentCancelled: WireValue, Hashable {
    /// The kind's word.
    public static let kind = "payment.cancelled"

    /// Why a payment ended.
    public enum Reason: String, WireValue, CaseIterable {
        /// The cashier gave up.
        case cashier
        /// Open for 10 minutes.
        case abandoned
        /// Basket or amount changed; a new payment follows.
        case basketChanged = "basket_changed"
        /// Head office said no.
        case refused
    }

    /// The payment.
    public var payment: RecordID
    /// Why.
    public var reason: Reason
    /// The login; `system` for the till itself.
    public var by: String

    /// Makes it from its parts.
    public init(payment: RecordID, reason: Reason, by: String) {
        self.payment = payment
        self.reason = reason
        self.by = by
    }

    /// Reads the object.
    public init(wire: JSONValue, at field: String) throws(WireFault) {
        let object = try WireObject(wire, at: field)
        payment = try object.value("payment")
        reason = try object.value("reason")
        by = try object.value("by")
    }

    /// The object.
    public var wire: JSONValue {
        .object([
            "payment": payment.wire,
            "reason": reason.wire,
            "by": by.wire,
        ])
    }
}
