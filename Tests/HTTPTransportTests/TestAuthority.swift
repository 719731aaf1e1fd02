import Crypto
import Foundation
import SwiftASN1
import X509

/// A private certificate authority, made for one test.
struct TestAuthority {
    /// A server's certificate and key, as PEM text.
    struct ServerIdentity: Sendable {
        var certificate: String
        var key: String
    }

    private let key = P256.Signing.PrivateKey()
    private let name: DistinguishedName
    /// The authority's own certificate, as PEM text.
    let certificate: String

    init() throws {
        let key = Certificate.PrivateKey(self.key)
        name = try DistinguishedName { CommonName("Test Authority \(UUID())") }
        certificate = try Certificate(
            version: .v3, serialNumber: .init(), publicKey: key.publicKey,
            notValidBefore: Date.now - 3_600, notValidAfter: Date.now + 3_600,
            issuer: name, subject: name, signatureAlgorithm: .ecdsaWithSHA256,
            extensions: try Certificate.Extensions {
                Critical(BasicConstraints.isCertificateAuthority(maxPathLength: 0))
                Critical(KeyUsage(keyCertSign: true))
            },
            issuerPrivateKey: key
        ).serializeAsPEM().pemString
    }

    /// A certificate for one host name, ending so many seconds from now.
    func issue(host: String = "localhost", endsInSeconds: Double = 3_600) throws -> ServerIdentity {
        let serverKey = P256.Signing.PrivateKey()
        let certificate = try Certificate(
            version: .v3, serialNumber: .init(),
            publicKey: Certificate.PublicKey(serverKey.publicKey),
            notValidBefore: Date.now - 7_200, notValidAfter: Date.now + endsInSeconds,
            issuer: name, subject: try DistinguishedName { CommonName(host) },
            signatureAlgorithm: .ecdsaWithSHA256,
            extensions: try Certificate.Extensions {
                Critical(BasicConstraints.notCertificateAuthority)
                Critical(KeyUsage(digitalSignature: true))
                try ExtendedKeyUsage([.serverAuth])
                SubjectAlternativeNames([.dnsName(host)])
            },
            issuerPrivateKey: Certificate.PrivateKey(key))
        return ServerIdentity(
            certificate: try certificate.serializeAsPEM().pemString,
            key: serverKey.pemRepresentation)
    }

    /// Runs the body with the authority's certificate in a file.
    func withFile<Value>(_ body: (String) async throws -> Value) async throws -> Value {
        try await withTemporaryFile(certificate, body)
    }
}

/// Runs the body with a file that holds the text, then removes it.
func withTemporaryFile<Value>(
    _ text: String, _ body: (String) async throws -> Value
) async throws -> Value {
    let file = FileManager.default.temporaryDirectory.appending(path: "\(UUID()).pem")
    try text.write(to: file, atomically: true, encoding: .utf8)
    defer { try? FileManager.default.removeItem(at: file) }
    return try await body(file.path)
}
