internal import Crypto
public import Domain

/// The key that makes a card number into its fingerprint (R-W3).
///
/// - Shape: 32 bytes; base64 on the wire.
public struct FingerprintKey: Sendable, Hashable {
    /// The secret 32 bytes.
    public let rawRepresentation: [UInt8]

    /// A key from its 32 bytes; nil for another count.
    public init?(rawRepresentation: [UInt8]) {
        guard rawRepresentation.count == 32 else { return nil }
        self.rawRepresentation = rawRepresentation
    }

    /// The first 16 bytes of HMAC-SHA-256 over `"huiyika/card/1" ‖ number`.
    public func fingerprint(of number: CardNumber) -> CardFingerprint {
        let code = HMAC<SHA256>.authenticationCode(
            for: Array("huiyika/card/1".utf8) + Array(number.text.utf8),
            using: SymmetricKey(data: rawRepresentation))
        guard let fingerprint = try? CardFingerprint(Hex.text(code.prefix(16))) else {
            preconditionFailure("a fingerprint has 16 bytes")
        }
        return fingerprint
    }
}

extension FingerprintKey: WireValue {
    /// Reads base64.
    public init(wire: JSONValue, at field: String) throws(WireFault) {
        guard let bytes = Base64.standard.bytes(try String(wire: wire, at: field)),
            let key = FingerprintKey(rawRepresentation: bytes)
        else { throw WireFault(.outOfRange, field) }
        self = key
    }
    /// Base64.
    public var wire: JSONValue { .text(Base64.standard.text(rawRepresentation)) }
}
