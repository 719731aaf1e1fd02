// Password mailers leave head office only sealed to whoever prints them: HPKE (RFC 9180) base mode, X25519-HKDF-SHA256,
// ChaCha20-Poly1305. Head office keeps no key that opens them.

public import Crypto
import Foundation

/// Initial passwords, sealed for the printer of the mailers.
///
/// - Shape: on the wire and on disk JSON, `{"encapsulated","format":"huiyika/mailers/1","recipient","sealed"}`, base64; the
///   opened text is CSV: serial, masked number, holder, password.
public struct SealedMailers: Codable, Sendable, Equatable {
    /// Always `huiyika/mailers/1`.
    public let format: String
    /// First 8 bytes of the SHA-256 of the recipient's public key, in hex.
    public let recipient: String
    let encapsulated: Data
    let sealed: Data

    private static let formatName = "huiyika/mailers/1"
    private static let suite = HPKE.Ciphersuite(
        kem: .Curve25519_HKDF_SHA256, kdf: .HKDF_SHA256, aead: .chaChaPoly)

    /// Seals a text to a key.
    ///
    /// - Refuses: what the cryptography throws for a key that is a point of small order.
    public init(_ text: String, to key: Curve25519.KeyAgreement.PublicKey) throws {
        let name = Self.keyID(key)
        var sender = try HPKE.Sender(
            recipientKey: key, ciphersuite: Self.suite, info: Data(Self.formatName.utf8))
        sealed = try sender.seal(Data(text.utf8), authenticating: Data(name.utf8))
        encapsulated = sender.encapsulatedKey
        format = Self.formatName
        recipient = name
    }

    /// Opens it with the recipient's key.
    ///
    /// - Refuses: `CryptoKitError` for another key or changed bytes.
    public func open(with key: Curve25519.KeyAgreement.PrivateKey) throws -> String {
        var receiver = try HPKE.Recipient(
            privateKey: key, ciphersuite: Self.suite, info: Data(format.utf8),
            encapsulatedKey: encapsulated)
        let text = try receiver.open(sealed, authenticating: Data(recipient.utf8))
        return String(decoding: text, as: UTF8.self)
    }

    /// Reads a file.
    public init(bytes: [UInt8]) throws {
        self = try JSONDecoder().decode(Self.self, from: Data(bytes))
    }

    /// The file.
    public var bytes: [UInt8] {
        get throws {
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
            return Array(try encoder.encode(self))
        }
    }

    /// The short name of a key, for people to compare.
    public static func keyID(_ key: Curve25519.KeyAgreement.PublicKey) -> String {
        SHA256.hash(data: key.rawRepresentation).prefix(8).map { byte in
            let text = String(byte, radix: 16)
            return byte < 16 ? "0" + text : text
        }.joined()
    }
}
