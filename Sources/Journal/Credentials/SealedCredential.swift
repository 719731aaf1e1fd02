internal import Crypto
public import Domain
internal import FoundationEssentials

/// A card number and password that only head office can read, bound to one payment and amount.
///
/// The till seals at entry and keeps nothing else (R-W2). Bound to payment and amount, sealed bytes
/// taken from one sale open for no other.
///
/// - Shape: `u8 len+sealing key id ‖ u16 len+encapsulated key ‖ ciphertext`.
/// - Source: RFC 9180 base mode, X25519-HKDF-SHA256, HKDF-SHA256, ChaCha20-Poly1305;
///   Docs/PROTOCOL.md §3.
public struct SealedCredential: Sendable, Hashable {
    /// No sealed bytes are longer than this.
    public static let byteCountMax = 512

    /// What was sealed.
    public struct Content: Sendable, Hashable {
        /// The card's number, 16 to 19 digits.
        public let number: CardNumber
        /// The password, 6 digits.
        public let password: CardPassword

        /// A number and a password.
        public init(number: CardNumber, password: CardPassword) {
            self.number = number
            self.password = password
        }
    }

    /// Why sealed bytes do not open: all of them are `credential_unreadable` in a verdict.
    public enum Refusal: Error, Sendable {
        /// Sealed to another key than the one given.
        case otherKey
        /// Changed, or of another payment or amount.
        case notAuthentic
        /// Opened, but no number and password of ours.
        case unreadable
    }

    /// The wire form.
    public let bytes: [UInt8]
    /// The id of the key it was sealed to.
    public let keyID: String
    private let encapsulatedKey: [UInt8]
    private let ciphertext: [UInt8]

    /// SHA-256 of the wire form, as the sale's record states it.
    public var hash: RecordHash { RecordHash(of: bytes) }

    /// Reads the wire form; nil when it is not laid out as it should be.
    public init?(bytes: [UInt8]) {
        guard bytes.count <= Self.byteCountMax else { return nil }
        var reader = ByteReader(bytes)
        guard let idCount = reader.number(UInt8.self), (1...32).contains(idCount),
            let idBytes = reader.take(Int(idCount)),
            let keyID = String(validating: idBytes, as: UTF8.self),
            let keyCount = reader.number(UInt16.self), let key = reader.take(Int(keyCount)),
            !reader.isAtEnd
        else { return nil }
        self.bytes = bytes
        self.keyID = keyID
        encapsulatedKey = key
        ciphertext = Array(reader.rest)
    }

    /// Seals a number and password for one payment and amount.
    ///
    /// - Repetition: HPKE draws its own ephemeral key, so sealing twice gives different bytes that
    ///   open to the same content.
    /// - Refuses: nothing a caller can cause; nil only if the public key is not a point of X25519.
    public static func seal(
        _ content: Content, payment: RecordID, amount: Money, to key: SealingKey
    ) -> SealedCredential? {
        let plaintext = JSONValue.object([
            "number": .text(content.number.text), "password": .text(content.password.digits),
        ]).canonicalBytes
        guard
            let publicKey = try? Curve25519.KeyAgreement.PublicKey(
                rawRepresentation: key.rawRepresentation),
            var sender = try? HPKE.Sender(
                recipientKey: publicKey, ciphersuite: .Curve25519_SHA256_ChachaPoly,
                info: info(keyID: key.id)),
            let ciphertext = try? sender.seal(
                plaintext, authenticating: additionalData(payment: payment, amount: amount))
        else { return nil }
        var bytes: [UInt8] = []
        bytes.appendShort(Array(key.id.utf8))
        bytes.appendBigEndian(UInt16(sender.encapsulatedKey.count))
        bytes.append(contentsOf: sender.encapsulatedKey)
        bytes.append(contentsOf: ciphertext)
        return SealedCredential(bytes: bytes)
    }

    /// Opens sealed bytes for the payment and amount they were sealed for.
    ///
    /// - Refuses, first match wins: `.otherKey`, `.notAuthentic`, `.unreadable`.
    public func open(
        payment: RecordID, amount: Money, with key: OpeningKey
    ) throws(Refusal) -> Content {
        guard key.id == keyID else { throw .otherKey }
        guard
            var recipient = try? HPKE.Recipient(
                privateKey: key.key, ciphersuite: .Curve25519_SHA256_ChachaPoly,
                info: Self.info(keyID: keyID), encapsulatedKey: Data(encapsulatedKey)),
            let plaintext = try? recipient.open(
                ciphertext,
                authenticating: Self.additionalData(payment: payment, amount: amount))
        else { throw .notAuthentic }
        guard let value = try? JSONValue(parsing: Array(plaintext)),
            let object = try? WireObject(value, at: "credential"),
            let number: CardNumber = try? object.value("number"),
            let password: CardPassword = try? object.value("password")
        else { throw .unreadable }
        return Content(number: number, password: password)
    }

    /// Opens sealed bytes with the one of several keys that they name.
    ///
    /// - Refuses: as with one key; `.otherKey` when none has the id.
    public func open(
        payment: RecordID, amount: Money, with keys: [OpeningKey]
    ) throws(Refusal) -> Content {
        guard let key = keys.first(where: { $0.id == keyID }) else { throw .otherKey }
        return try open(payment: payment, amount: amount, with: key)
    }

    private static func info(keyID: String) -> Data {
        Data("huiyika/credential/1".utf8) + Data(keyID.utf8)
    }

    private static func additionalData(payment: RecordID, amount: Money) -> [UInt8] {
        var data = payment.bytes
        data.appendBigEndian(UInt64(bitPattern: amount.fen))
        return data
    }
}
