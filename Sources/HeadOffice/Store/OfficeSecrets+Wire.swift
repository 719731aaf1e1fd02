import Crypto
import Journal

// The keys in the forms of the protocol's types. Their sizes were checked when they were read.
extension OfficeSecrets {
    var namedSigningKey: NamedSigningKey {
        guard let key = SigningKey(rawRepresentation: Array(signingKey.rawRepresentation)) else {
            preconditionFailure("a signing key of another size than 32 bytes")
        }
        return NamedSigningKey(id: signingKeyID, key: key)
    }

    /// Opens what tills seal now.
    var openingKey: OpeningKey { Self.openingKey(sealingKey) }

    /// The same, and those that tills may still hold records under (R-W5).
    var openingKeys: [OpeningKey] { ([sealingKey] + earlierSealingKeys).map(Self.openingKey) }

    private static func openingKey(_ key: Curve25519.KeyAgreement.PrivateKey) -> OpeningKey {
        let id = keyID(key.publicKey.rawRepresentation)
        guard let key = OpeningKey(id: id, rawRepresentation: Array(key.rawRepresentation)) else {
            preconditionFailure("a sealing key of another size than 32 bytes")
        }
        return key
    }

    var wireFingerprintKey: FingerprintKey {
        let bytes = fingerprintKey.withUnsafeBytes { Array($0) }
        guard let key = FingerprintKey(rawRepresentation: bytes) else {
            preconditionFailure("a fingerprint key of another size than 32 bytes")
        }
        return key
    }
}
