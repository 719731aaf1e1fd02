internal import Crypto
internal import FoundationEssentials

/// An Ed25519 private key: of a till, or of head office.
///
/// - Shape: 32 bytes; any 32 random bytes are a key. It has no description, so that a log line
///   cannot spell it out.
/// - Source: RFC 8032. Signing is deterministic: same key and bytes, same signature.
public struct SigningKey: Sendable {
    private let key: Curve25519.Signing.PrivateKey

    /// A key from its 32 bytes; nil for another count.
    public init?(rawRepresentation: [UInt8]) {
        guard let key = try? Curve25519.Signing.PrivateKey(rawRepresentation: rawRepresentation)
        else { return nil }
        self.key = key
    }

    /// The secret 32 bytes, to be kept in a file of mode 0600.
    public var rawRepresentation: [UInt8] { Array(key.rawRepresentation) }

    /// The key others check with.
    public var verifyingKey: VerifyingKey { VerifyingKey(key: key.publicKey) }

    /// The signature of some bytes, 64 bytes.
    public func signature(of bytes: [UInt8]) -> [UInt8] {
        guard let signature = try? key.signature(for: bytes) else {
            preconditionFailure("Ed25519 could not sign \(bytes.count) bytes")
        }
        return Array(signature)
    }
}

/// An Ed25519 public key.
///
/// - Shape: 32 bytes; base64 on the wire.
public struct VerifyingKey: Sendable, Hashable {
    /// The 32 bytes.
    public let rawRepresentation: [UInt8]

    /// A key from its 32 bytes; nil for another count.
    public init?(rawRepresentation: [UInt8]) {
        guard rawRepresentation.count == 32 else { return nil }
        self.rawRepresentation = rawRepresentation
    }

    fileprivate init(key: Curve25519.Signing.PublicKey) {
        rawRepresentation = Array(key.rawRepresentation)
    }

    /// Whether a signature is this key's over the bytes.
    public func isValid(signature: [UInt8], of bytes: [UInt8]) -> Bool {
        guard signature.count == 64,
            let key = try? Curve25519.Signing.PublicKey(rawRepresentation: rawRepresentation)
        else { return false }
        return key.isValidSignature(signature, for: bytes)
    }
}

extension VerifyingKey: WireValue {
    /// Reads base64.
    public init(wire: JSONValue, at field: String) throws(WireFault) {
        guard let bytes = Base64.standard.bytes(try String(wire: wire, at: field)),
            let key = VerifyingKey(rawRepresentation: bytes)
        else { throw WireFault(.outOfRange, field) }
        self = key
    }
    /// Base64.
    public var wire: JSONValue { .text(Base64.standard.text(rawRepresentation)) }
}

/// A private key of head office under its id.
public struct NamedSigningKey: Sendable {
    /// The id that replies carry; letters, digits, `-`, `_` and `.`, at most 32.
    public let id: String
    /// The key.
    public let key: SigningKey

    /// A key under an id.
    public init(id: String, key: SigningKey) {
        self.id = id
        self.key = key
    }

    /// What tills get.
    public var verifying: NamedVerifyingKey { NamedVerifyingKey(id: id, key: key.verifyingKey) }
}

/// A public key of head office under its id.
public struct NamedVerifyingKey: WireValue, Hashable {
    /// The id that replies carry.
    public let id: String
    /// The key.
    public let key: VerifyingKey

    /// A key under an id.
    public init(id: String, key: VerifyingKey) {
        self.id = id
        self.key = key
    }

    /// Reads `{"id":…,"publicKey":…}`.
    public init(wire: JSONValue, at field: String) throws(WireFault) {
        let object = try WireObject(wire, at: field)
        id = try object.value("id")
        key = try object.value("publicKey")
    }

    /// `{"id":…,"publicKey":…}`.
    public var wire: JSONValue { .object(["id": id.wire, "publicKey": key.wire]) }
}

/// Which key signed a request.
///
/// - Shape: `GD0001-01/1` on the wire, or `enrolment`.
public enum KeyID: Sendable, Hashable, CustomStringConvertible {
    /// A till's key of an epoch.
    case till(String, epoch: Int)
    /// A key that has no till yet.
    case enrolment

    /// Reads the text; nil for anything the protocol does not write.
    public init?(_ text: String) {
        if text == "enrolment" {
            self = .enrolment
            return
        }
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 2, KeyID.isTillCode(parts[0]), let epoch = Int(parts[1]),
            epoch >= 1, epoch <= 1_000_000_000, String(epoch) == parts[1]
        else { return nil }
        self = .till(String(parts[0]), epoch: epoch)
    }

    /// The wire's text.
    public var description: String {
        switch self {
        case .till(let till, let epoch): "\(till)/\(epoch)"
        case .enrolment: "enrolment"
        }
    }

    /// Letters, digits and `-`, 1 to 32 of them: nothing that a header would have to escape.
    private static func isTillCode(_ text: Substring) -> Bool {
        (1...32).contains(text.utf8.count)
            && text.utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"),
                    UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"):
                    true
                default: false
                }
            }
    }
}

/// 16 bytes that make a request one of its kind.
///
/// - Shape: 22 characters of base64url, not padded.
public struct RequestNonce: Sendable, Hashable, CustomStringConvertible {
    /// The 16 bytes.
    public let bytes: [UInt8]

    /// A nonce from 16 random bytes; nil for another count.
    public init?(bytes: [UInt8]) {
        guard bytes.count == 16 else { return nil }
        self.bytes = bytes
    }

    /// A nonce from its text.
    public init?(_ text: String) {
        guard let bytes = Base64.url.bytes(text) else { return nil }
        self.init(bytes: bytes)
    }

    /// 22 characters.
    public var description: String { Base64.url.text(bytes) }
}
