// Head office's keys. They live in files beside the database, never in it: a copy of the database
// alone opens no password, names no card number and signs nothing (R-W1, R-W2, R-W3).

public import Crypto
public import Foundation

/// The keys head office works with.
public struct OfficeSecrets: Sendable {
    /// Signs replies, beacons and grants. Its id goes on the wire beside each signature.
    public let signingKey: Curve25519.Signing.PrivateKey
    /// Opens sealed credentials.
    public let sealingKey: Curve25519.KeyAgreement.PrivateKey
    /// Earlier sealing keys that are still kept (R-W5).
    public let earlierSealingKeys: [Curve25519.KeyAgreement.PrivateKey]
    /// Makes a card number into its fingerprint (R-W3).
    public let fingerprintKey: SymmetricKey
    /// The pepper of card-password verifiers (R-W1).
    public let passwordPepper: SymmetricKey
    /// Seals card numbers and holders' names at rest (AES-GCM).
    public let cardNumberKey: SymmetricKey
    /// What the confirmation keys of tills are derived from (R-P12).
    public let confirmationMaster: SymmetricKey

    /// The id of the signing key, as on the wire.
    public var signingKeyID: String { Self.keyID(signingKey.publicKey.rawRepresentation) }
    /// The id of the sealing key, as on the wire.
    public var sealingKeyID: String { Self.keyID(sealingKey.publicKey.rawRepresentation) }

    /// New keys, kept nowhere.
    public init() {
        signingKey = Curve25519.Signing.PrivateKey()
        sealingKey = Curve25519.KeyAgreement.PrivateKey()
        earlierSealingKeys = []
        fingerprintKey = SymmetricKey(size: .bits256)
        passwordPepper = SymmetricKey(size: .bits256)
        cardNumberKey = SymmetricKey(size: .bits256)
        confirmationMaster = SymmetricKey(size: .bits256)
    }

    /// The keys of a folder; what is missing is made.
    ///
    /// - Repetition: the second call gives the same keys.
    /// - Refuses: `OfficeStartError.secretUnreadable` for a file that others may read or that does
    ///   not hold a key.
    public init(folder: URL) throws {
        try FileManager.default.createDirectory(
            at: folder, withIntermediateDirectories: true,
            attributes: [.posixPermissions: 0o700])
        func bytes(_ name: String, _ make: () -> Data) throws -> Data {
            let data = try SecretFile(path: folder.appending(path: name).path)
                .readOrMake(make)
            guard data.count == 32 else {
                throw OfficeStartError.secretUnreadable(
                    name: name, reason: "it holds \(data.count) bytes instead of 32")
            }
            return data
        }
        func symmetric(_ name: String) throws -> SymmetricKey {
            SymmetricKey(
                data: try bytes(name) {
                    SymmetricKey(size: .bits256).withUnsafeBytes { Data($0) }
                })
        }
        signingKey = try Curve25519.Signing.PrivateKey(
            rawRepresentation: bytes("signing.key") {
                Curve25519.Signing.PrivateKey().rawRepresentation
            })
        sealingKey = try Curve25519.KeyAgreement.PrivateKey(
            rawRepresentation: bytes("sealing.key") {
                Curve25519.KeyAgreement.PrivateKey().rawRepresentation
            })
        earlierSealingKeys = try Self.earlierSealingKeys(in: folder)
        fingerprintKey = try symmetric("fingerprint.key")
        passwordPepper = try symmetric("password-pepper.key")
        cardNumberKey = try symmetric("card-number.key")
        confirmationMaster = try symmetric("confirmation.key")
    }

    /// The first 8 bytes of the public key's SHA-256, in hex.
    static func keyID(_ publicKey: Data) -> String {
        SHA256.hash(data: publicKey).prefix(8).map { byte in
            let text = String(byte, radix: 16)
            return byte < 16 ? "0" + text : text
        }.joined()
    }
}
