internal import Crypto

/// A SHA-256 value: of a chain position, a public key's genesis, a body or sealed bytes.
///
/// - Shape: exactly 32 bytes; 64 lower-case hex characters on the wire.
public struct RecordHash: Sendable, Hashable, CustomStringConvertible {
    /// The 32 bytes.
    public let bytes: [UInt8]

    /// A hash already computed; nil unless it has 32 bytes.
    public init?(bytes: [UInt8]) {
        guard bytes.count == 32 else { return nil }
        self.bytes = bytes
    }

    /// A hash from its 64 lower-case hex characters.
    public init?(hex: String) {
        guard let bytes = Hex.bytes(hex) else { return nil }
        self.init(bytes: bytes)
    }

    /// The SHA-256 of some bytes.
    public init(of bytes: [UInt8]) {
        self.bytes = Array(SHA256.hash(data: bytes))
    }

    /// 64 lower-case hex characters.
    public var hex: String { Hex.text(bytes) }
    /// The hex form.
    public var description: String { hex }
}

extension RecordHash: WireValue {
    /// Reads the hex form.
    public init(wire: JSONValue, at field: String) throws(WireFault) {
        guard let hash = RecordHash(hex: try String(wire: wire, at: field)) else {
            throw WireFault(.outOfRange, field)
        }
        self = hash
    }
    /// The hex form.
    public var wire: JSONValue { .text(hex) }
}
