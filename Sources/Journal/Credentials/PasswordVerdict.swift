import Domain

/// Head office's word on a sale's sealed password, for the till to keep when the sealed bytes are gone.
///
/// Sent again with the record, where the sealed bytes would stand, it judges a record that head office no longer has.
///
/// - Shape: `u8 0 ‖ u8 len+signing key id ‖ u8 right (1) or wrong (0) ‖ signature (64)`; sealed bytes never begin with 0.
/// - Source: R-W5; Docs/PROTOCOL.md §3.
public struct PasswordVerdict: Sendable, Hashable {
    /// Whether the password was right.
    public let isRight: Bool
    /// The key that signed it.
    public let keyID: String
    /// The wire form.
    public let bytes: [UInt8]
    private let signature: [UInt8]

    /// Signs what the sealed password of a sale came to; `record` is the SHA-256 of the sale's record, which fixes the
    /// sale's id, card and total and the hash of the sealed bytes.
    public init(isRight: Bool, record: RecordHash, signedBy key: NamedSigningKey) {
        self.isRight = isRight
        keyID = key.id
        signature = key.key.signature(of: Self.signed(isRight: isRight, record: record))
        var bytes: [UInt8] = [0]
        bytes.appendShort(Array(key.id.utf8))
        bytes.append(isRight ? 1 : 0)
        bytes.append(contentsOf: signature)
        self.bytes = bytes
    }

    /// Reads the wire form; nil for any other layout.
    public init?(bytes: [UInt8]) {
        var reader = ByteReader(bytes)
        guard reader.number(UInt8.self) == 0, let count = reader.number(UInt8.self),
            (1...32).contains(count), let id = reader.take(Int(count)),
            let keyID = String(validating: id, as: UTF8.self),
            let result = reader.number(UInt8.self), result <= 1, let signature = reader.take(64),
            reader.isAtEnd
        else { return nil }
        isRight = result == 1
        self.keyID = keyID
        self.bytes = bytes
        self.signature = Array(signature)
    }

    /// Whether one of the keys signed it for the record of that SHA-256.
    public func isSigned(for record: RecordHash, by keys: [NamedVerifyingKey]) -> Bool {
        keys.contains { key in
            key.id == keyID
                && key.key.isValid(
                    signature: signature, of: Self.signed(isRight: isRight, record: record))
        }
    }

    private static func signed(isRight: Bool, record: RecordHash) -> [UInt8] {
        Array("huiyika/password-verdict/1".utf8) + record.bytes + [isRight ? 1 : 0]
    }
}

extension PasswordVerdict: WireValue {
    /// Reads base64.
    public init(wire: JSONValue, at field: String) throws(WireFault) {
        guard let bytes = Base64.standard.bytes(try String(wire: wire, at: field)),
            let verdict = PasswordVerdict(bytes: bytes)
        else { throw WireFault(.outOfRange, field) }
        self = verdict
    }

    /// Base64.
    public var wire: JSONValue { .text(Base64.standard.text(bytes)) }
}
