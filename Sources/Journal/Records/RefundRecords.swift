public import Domain

/// Money asked back for a sale; the record's id is the request's id.
///
/// - Shape: at least one line; `reason` has 1 to 200 characters.
/// - Source: Docs/PROTOCOL.md §2; R-R2, R-R3.
public struct RefundRequested: WireValue, Hashable {
    /// The kind's word.
    public static let kind = "refund.requested"

    /// Part of a line brought back.
    public struct Line: WireValue, Hashable {
        /// Index into the sale's lines, from 0.
        public var line: Int
        /// How many; at least 1.
        public var quantity: Int64

        /// Makes it from its parts.
        public init(line: Int, quantity: Int64) {
            self.line = line
            self.quantity = quantity
        }

        /// Reads the object.
        public init(wire: JSONValue, at field: String) throws(WireFault) {
            let object = try WireObject(wire, at: field)
            line = try object.count("line", in: 0...1_000_000_000)
            quantity = try object.integer("quantity", in: 1...1_000_000)
        }

        /// The object.
        public var wire: JSONValue {
            .object([
                "line": line.wire,
                "quantity": quantity.wire,
            ])
        }
    }

    /// The sale.
    public var sale: RecordID
    /// What is brought back.
    public var lines: [Line]
    /// What is asked back.
    public var amount: Money
    /// The fingerprint of the number entered.
    public var card: CardFingerprint
    /// Why.
    public var reason: String
    /// The login.
    public var by: String

    /// Makes it from its parts.
    public init(
        sale: RecordID, lines: [Line], amount: Money, card: CardFingerprint, reason: String,
        by: String
    ) {
        self.sale = sale
        self.lines = lines
        self.amount = amount
        self.card = card
        self.reason = reason
        self.by = by
    }

    /// Reads the object.
    public init(wire: JSONValue, at field: String) throws(WireFault) {
        let object = try WireObject(wire, at: field)
        sale = try object.value("sale")
        lines = try object.value("lines")
        guard !lines.isEmpty else { throw object.outOfRange("lines") }
        amount = try object.value("amount")
        card = try object.value("card")
        reason = try object.value("reason")
        guard (1...200).contains(reason.unicodeScalars.count) else {
            throw object.outOfRange("reason")
        }
        by = try object.value("by")
    }

    /// The object.
    public var wire: JSONValue {
        .object([
            "sale": sale.wire,
            "lines": lines.wire,
            "amount": amount.wire,
            "card": card.wire,
            "reason": reason.wire,
            "by": by.wire,
        ])
    }
}

/// A request is taken back.
///
/// - Source: Docs/PROTOCOL.md §2.
public struct RefundWithdrawn: WireValue, Hashable {
    /// The kind's word.
    public static let kind = "refund.withdrawn"

    /// The request.
    public var request: RecordID
    /// The login.
    public var by: String

    /// Makes it from its parts.
    public init(request: RecordID, by: String) {
        self.request = request
        self.by = by
    }

    /// Reads the object.
    public init(wire: JSONValue, at field: String) throws(WireFault) {
        let object = try WireObject(wire, at: field)
        request = try object.value("request")
        by = try object.value("by")
    }

    /// The object.
    public var wire: JSONValue {
        .object([
            "request": request.wire,
            "by": by.wire,
        ])
    }
}
