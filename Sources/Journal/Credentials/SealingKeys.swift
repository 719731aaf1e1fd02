internal import Crypto
internal import FoundationEssentials

/// Head office's X25519 key that card numbers and passwords are sealed to, under its id.
public struct SealingKey: WireValue, Hashable {
    /// The id that sealed bytes carry, at most 32 bytes.
    public let id: String
    /// The 32 bytes.
    public let rawRepresentation: [UInt8]

    /// A public key under an id; nil unless it has 32 bytes and the id 1 to 32.
    public init?(id: String, rawRepresentation: [UInt8]) {
        guard rawRepresentation.count == 32, (1...32).contains(id.utf8.count) else { return nil }
        self.id = id
        self.rawRepresentation = rawRepresentation
    }

    /// Reads `{"id":…,"publicKey":…}`.
    public init(wire: JSONValue, at field: String) throws(WireFault) {
        let object = try WireObject(wire, at: field)
        guard
            let key = SealingKey(
                id: try object.value("id"), rawRepresentation: try object.base64("publicKey"))
        else { throw object.outOfRange("publicKey") }
        self = key
    }

    /// `{"id":…,"publicKey":…}`.
    public var wire: JSONValue {
        .object([
            "id": id.wire, "publicKey": .text(Base64.standard.text(rawRepresentation)),
        ])
    }
}

/// The private half of a ``SealingKey``; only head office has it.
///
/// - Shape: 32 bytes; any 32 random bytes are a key.
public struct OpeningKey: Sendable {
    /// The id that sealed bytes carry.
    public let id: String
    let key: Curve25519.KeyAgreement.PrivateKey

    /// A private key under an id; nil unless it has 32 bytes and the id 1 to 32.
    public init?(id: String, rawRepresentation: [UInt8]) {
        guard (1...32).contains(id.utf8.count),
            let key = try? Curve25519.KeyAgreement.PrivateKey(rawRepresentation: rawRepresentation)
        else { return nil }
        self.id = id
        self.key = key
    }

    /// The secret 32 bytes, to be kept in a file of mode 0600.
    public var rawRepresentation: [UInt8] { Array(key.rawRepresentation) }

    /// What tills get.
    public var sealingKey: SealingKey {
        guard
            let key = SealingKey(id: id, rawRepresentation: Array(key.publicKey.rawRepresentation))
        else { preconditionFailure("an X25519 public key has 32 bytes") }
        return key
    }
}
