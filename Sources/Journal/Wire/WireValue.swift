/// Why bytes are not the message they should be.
///
/// - Shape: `field` names the place (`lines[2].price`) and never holds a value of the message.
public struct WireFault: Error, Sendable, Hashable, CustomStringConvertible {
    /// What is wrong, in the order in which it is looked for.
    public enum Reason: String, Sendable {
        /// Bytes that are not UTF-8.
        case notUTF8
        /// Not JSON, or bytes after it, or a text with U+0000.
        case notJSON
        /// A number that is not a whole number of 64 bits.
        case notInteger
        /// One key twice in an object.
        case duplicateKey
        /// Nested deeper than ``JSONValue/depthMax``.
        case tooDeep
        /// A field of the protocol's list is not there.
        case missing
        /// A text where a number is due, and the like.
        case wrongType
        /// The right type, but no value of the field.
        case outOfRange
    }

    /// What is wrong.
    public let reason: Reason
    /// Where it is wrong.
    public let field: String

    /// A fault at a place.
    public init(_ reason: Reason, _ field: String) {
        self.reason = reason
        self.field = field
    }

    /// Reason and place.
    public var description: String { "\(reason.rawValue) at \(field)" }
}

/// What has exactly one canonical JSON form.
///
/// - Shape: a reader ignores fields it does not know; a missing field is a fault.
/// - Source: Docs/PROTOCOL.md, conventions.
public protocol WireValue: Sendable {
    /// Reads the value; `field` names its place for the fault.
    init(wire: JSONValue, at field: String) throws(WireFault)
    /// The value's JSON form.
    var wire: JSONValue { get }
}

extension WireValue {
    /// Reads a message from the bytes of a body.
    public init(bytes: [UInt8]) throws(WireFault) {
        try self.init(wire: JSONValue(parsing: bytes), at: "")
    }

    /// The message as canonical bytes: what is sent, hashed and signed.
    public var bytes: [UInt8] { wire.canonicalBytes }
}

extension Int64: WireValue {
    /// Reads a whole number.
    public init(wire: JSONValue, at field: String) throws(WireFault) {
        guard case .integer(let number) = wire else { throw WireFault(.wrongType, field) }
        self = number
    }
    /// A number.
    public var wire: JSONValue { .integer(self) }
}

extension Int: WireValue {
    /// Reads a whole number.
    public init(wire: JSONValue, at field: String) throws(WireFault) {
        self = Int(try Int64(wire: wire, at: field))
    }
    /// A number.
    public var wire: JSONValue { .integer(Int64(self)) }
}

extension Bool: WireValue {
    /// Reads `true` or `false`.
    public init(wire: JSONValue, at field: String) throws(WireFault) {
        guard case .bool(let flag) = wire else { throw WireFault(.wrongType, field) }
        self = flag
    }
    /// `true` or `false`.
    public var wire: JSONValue { .bool(self) }
}

extension String: WireValue {
    /// Reads a text.
    public init(wire: JSONValue, at field: String) throws(WireFault) {
        guard case .text(let text) = wire else { throw WireFault(.wrongType, field) }
        self = text
    }
    /// A text.
    public var wire: JSONValue { .text(self) }
}

extension Array: WireValue where Element: WireValue {
    /// Reads a list.
    public init(wire: JSONValue, at field: String) throws(WireFault) {
        guard case .array(let elements) = wire else { throw WireFault(.wrongType, field) }
        self = []
        reserveCapacity(elements.count)
        for (index, element) in elements.enumerated() {
            append(try Element(wire: element, at: "\(field)[\(index)]"))
        }
    }
    /// A list.
    public var wire: JSONValue { .array(map(\.wire)) }
}

extension WireValue where Self: RawRepresentable, RawValue == String {
    /// Reads one of the closed list of words.
    public init(wire: JSONValue, at field: String) throws(WireFault) {
        guard let value = Self(rawValue: try String(wire: wire, at: field)) else {
            throw WireFault(.outOfRange, field)
        }
        self = value
    }
    /// The word.
    public var wire: JSONValue { .text(rawValue) }
}

extension Optional where Wrapped: WireValue {
    /// The value, or `null`.
    var wire: JSONValue { self?.wire ?? .null }
}

/// An object being read: knows the place of each field.
struct WireObject {
    let members: [String: JSONValue]
    let place: String

    init(_ wire: JSONValue, at place: String) throws(WireFault) {
        guard case .object(let members) = wire else { throw WireFault(.wrongType, place) }
        self.members = members
        self.place = place
    }

    func field(_ key: String) -> String { place.isEmpty ? key : "\(place).\(key)" }

    /// A field that must be there.
    func value<Value: WireValue>(
        _ key: String, as type: Value.Type = Value.self
    ) throws(WireFault) -> Value {
        guard let member = members[key] else { throw WireFault(.missing, field(key)) }
        return try Value(wire: member, at: field(key))
    }

    /// A field that must be there and may be `null`.
    func nullable<Value: WireValue>(
        _ key: String, as type: Value.Type = Value.self
    ) throws(WireFault) -> Value? {
        guard let member = members[key] else { throw WireFault(.missing, field(key)) }
        if case .null = member { return nil }
        return try Value(wire: member, at: field(key))
    }

    /// A field that may be left out.
    func optional<Value: WireValue>(
        _ key: String, as type: Value.Type = Value.self
    ) throws(WireFault) -> Value? {
        guard members[key] != nil else { return nil }
        return try nullable(key)
    }

    /// A number within bounds.
    func integer(
        _ key: String, in range: ClosedRange<Int64> = 0...Int64.max
    ) throws(WireFault) -> Int64 {
        let number: Int64 = try value(key)
        guard range.contains(number) else { throw WireFault(.outOfRange, field(key)) }
        return number
    }

    /// A small number within bounds.
    func count(_ key: String, in range: ClosedRange<Int64> = 0...1_000_000_000) throws(WireFault)
        -> Int
    {
        Int(try integer(key, in: range))
    }

    /// Bytes in standard base64, of one size when `count` is given.
    func base64(_ key: String, count: Int? = nil) throws(WireFault) -> [UInt8] {
        let text: String = try value(key)
        guard let bytes = Base64.standard.bytes(text), count == nil || count == bytes.count else {
            throw WireFault(.outOfRange, field(key))
        }
        return bytes
    }

    /// Fails as a field that has the right type but no value of the protocol.
    func outOfRange(_ key: String) -> WireFault { WireFault(.outOfRange, field(key)) }
}
