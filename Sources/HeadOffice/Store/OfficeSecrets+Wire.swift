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

    var openingKey: OpeningKey {
        let bytes = Array(sealingKey.rawRepresentation)
        guard let key = OpeningKey(id: sealingKeyID, rawRepresentation: bytes) else {
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
