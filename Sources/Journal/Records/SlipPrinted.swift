public import Domain

/// A slip went to the printer.
///
/// - Shape: copies 1 and 2 are the original pair, above that a reprint.
/// - Source: Docs/PROTOCOL.md §2.
public struct SlipPrinted: WireValue, Hashable {
    /// The kind's word.
    public static let kind = "slip.printed"

    /// What the slip is of: on the wire `slip` with `sale` or `request`.
    public enum Slip: Sendable, Hashable {
        /// A sale slip.
        case sale(RecordID)
        /// A refund slip of a request.
        case refund(request: RecordID)
    }

    /// What the slip is of.
    public var slip: Slip
    /// Which copy, from 1.
    public var copy: Int
    /// The login.
    public var by: String

    /// Makes it from its parts.
    public init(slip: Slip, copy: Int, by: String) {
        self.slip = slip
        self.copy = copy
        self.by = by
    }

    /// Reads the object.
    public init(wire: JSONValue, at field: String) throws(WireFault) {
        let object = try WireObject(wire, at: field)
        switch try object.value("slip", as: String.self) {
        case "sale": slip = .sale(try object.value("sale"))
        case "refund": slip = .refund(request: try object.value("request"))
        default: throw object.outOfRange("slip")
        }
        copy = try object.count("copy", in: 1...1_000_000)
        by = try object.value("by")
    }

    /// The object.
    public var wire: JSONValue {
        switch slip {
        case .sale(let sale):
            .object([
                "by": by.wire, "copy": copy.wire, "sale": sale.wire, "slip": .text("sale"),
            ])
        case .refund(let request):
            .object([
                "by": by.wire, "copy": copy.wire, "request": request.wire,
                "slip": .text("refund"),
            ])
        }
    }
}
