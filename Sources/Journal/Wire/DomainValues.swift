public import Domain

// How the domain's values look on the wire.

extension Money: WireValue {
    /// Reads fen.
    public init(wire: JSONValue, at field: String) throws(WireFault) {
        self.init(fen: try Int64(wire: wire, at: field))
    }
    /// Fen.
    public var wire: JSONValue { .integer(fen) }
}

extension Instant: WireValue {
    /// The times that can be told apart from nonsense: 1970 to 9999.
    public static let wireRange: ClosedRange<Int64> = 0...253_402_300_799_999

    /// Reads milliseconds since 1970.
    public init(wire: JSONValue, at field: String) throws(WireFault) {
        let milliseconds = try Int64(wire: wire, at: field)
        guard Self.wireRange.contains(milliseconds) else { throw WireFault(.outOfRange, field) }
        self.init(milliseconds: milliseconds)
    }
    /// Milliseconds since 1970.
    public var wire: JSONValue { .integer(milliseconds) }
}

extension RecordID: WireValue {
    /// Reads lower-case UUID text.
    public init(wire: JSONValue, at field: String) throws(WireFault) {
        let text = try String(wire: wire, at: field)
        guard let id = RecordID(text), id.description == text else {
            throw WireFault(.outOfRange, field)
        }
        self = id
    }
    /// Lower-case UUID text.
    public var wire: JSONValue { .text(description) }
}

extension CardFingerprint: WireValue {
    /// Reads 32 lower-case hex characters.
    public init(wire: JSONValue, at field: String) throws(WireFault) {
        let text = try String(wire: wire, at: field)
        guard let fingerprint = try? CardFingerprint(text), fingerprint.text == text else {
            throw WireFault(.outOfRange, field)
        }
        self = fingerprint
    }
    /// 32 lower-case hex characters.
    public var wire: JSONValue { .text(text) }
}

extension CardNumber: WireValue {
    /// Reads 16 to 19 digits, already cleaned up.
    public init(wire: JSONValue, at field: String) throws(WireFault) {
        let text = try String(wire: wire, at: field)
        guard let number = try? CardNumber(text), number.text == text else {
            throw WireFault(.outOfRange, field)
        }
        self = number
    }
    /// The digits.
    public var wire: JSONValue { .text(text) }
}

extension CardPassword: WireValue {
    /// Reads 6 digits.
    public init(wire: JSONValue, at field: String) throws(WireFault) {
        let text = try String(wire: wire, at: field)
        guard let password = try? CardPassword(text), password.digits == text else {
            throw WireFault(.outOfRange, field)
        }
        self = password
    }
    /// The digits.
    public var wire: JSONValue { .text(digits) }
}

extension NumberScheme: WireValue {}

extension PaymentState: WireValue {}
