// Head office's own certificate authority: tills pin it, so that no public authority and no
// captive portal can stand in for head office.

import Crypto
public import Foundation
import SwiftASN1
import X509

/// The TLS identity of the sync port, issued by head office's own authority.
public struct OfficeCertificates: Sendable {
    /// The authority's certificate, which tills pin.
    public let authorityPEM: String
    /// The server's certificate.
    public let serverPEM: String
    /// The server's private key.
    public let serverKeyPEM: String

    /// How long before its end a server certificate is replaced.
    private static let renewal: TimeInterval = 30 * 86_400

    /// The certificates of a folder; what is missing, near its end or for other names is made.
    ///
    /// - Shape: `names` are DNS names and IPv4 addresses; at least one. The authority is kept in
    ///   `secrets`, its certificate also in `published`, for copying to tills.
    /// - Refuses: `OfficeStartError.setting` for a name that cannot stand in a certificate.
    public init(secrets folder: URL, published: URL, names: [String], now: Date) throws {
        guard !names.isEmpty else {
            throw OfficeStartError.setting(key: "sync.names", reason: "there is no name")
        }
        try FileManager.default.createDirectory(
            at: folder, withIntermediateDirectories: true,
            attributes: [.posixPermissions: 0o700])
        let authority = try Self.authority(in: folder, now: now)
        authorityPEM = try authority.certificate.serializeAsPEM().pemString
        let publishedFile = SecretFile(path: published.path)
        if FileManager.default.contents(atPath: published.path) != Data(authorityPEM.utf8) {
            try publishedFile.write(Data(authorityPEM.utf8), mode: 0o644)
        }
        if let kept = try Self.keptServer(in: folder, names: names, now: now) {
            (serverPEM, serverKeyPEM) = kept
            return
        }
        (serverPEM, serverKeyPEM) = try Self.issueServer(authority, names: names, now: now)
        try SecretFile(path: folder.appending(path: "server.key.pem").path)
            .write(Data(serverKeyPEM.utf8))
        try SecretFile(path: folder.appending(path: "server.pem").path)
            .write(Data(serverPEM.utf8))
    }

    private struct Authority {
        let certificate: Certificate
        let key: Certificate.PrivateKey
    }

    private static func authority(in folder: URL, now: Date) throws -> Authority {
        let keyText = try SecretFile(path: folder.appending(path: "ca.key.pem").path)
            .readOrMake { Data(P256.Signing.PrivateKey().pemRepresentation.utf8) }
        let key = Certificate.PrivateKey(
            try P256.Signing.PrivateKey(pemRepresentation: String(decoding: keyText, as: UTF8.self))
        )
        let text = try SecretFile(path: folder.appending(path: "ca.pem").path).readOrMake {
            let name = try DistinguishedName { CommonName("Huiyika head office") }
            let certificate = try Certificate(
                version: .v3, serialNumber: Certificate.SerialNumber(), publicKey: key.publicKey,
                notValidBefore: now.addingTimeInterval(-86_400),
                notValidAfter: now.addingTimeInterval(20 * 365 * 86_400), issuer: name,
                subject: name, signatureAlgorithm: .ecdsaWithSHA256,
                extensions: Certificate.Extensions {
                    Critical(BasicConstraints.isCertificateAuthority(maxPathLength: 0))
                    Critical(KeyUsage(keyCertSign: true))
                },
                issuerPrivateKey: key)
            return Data(try certificate.serializeAsPEM().pemString.utf8)
        }
        return Authority(
            certificate: try Certificate(pemEncoded: String(decoding: text, as: UTF8.self)),
            key: key)
    }

    private static func keptServer(
        in folder: URL, names: [String], now: Date
    ) throws -> (String, String)? {
        let file = SecretFile(path: folder.appending(path: "server.pem").path)
        let keyFile = SecretFile(path: folder.appending(path: "server.key.pem").path)
        guard let text = try file.read(), let keyText = try keyFile.read(),
            let certificate = try? Certificate(pemEncoded: String(decoding: text, as: UTF8.self)),
            certificate.notValidAfter.timeIntervalSince(now) > renewal,
            let found = try? certificate.extensions.subjectAlternativeNames,
            try Set(found) == Set(generalNames(names)),
            let key = try? Certificate.PrivateKey(
                pemEncoded: String(decoding: keyText, as: UTF8.self)),
            key.publicKey == certificate.publicKey
        else { return nil }
        return (String(decoding: text, as: UTF8.self), String(decoding: keyText, as: UTF8.self))
    }

    private static func issueServer(
        _ authority: Authority, names: [String], now: Date
    ) throws -> (String, String) {
        let serverKey = P256.Signing.PrivateKey()
        let key = Certificate.PrivateKey(serverKey)
        let alternatives = SubjectAlternativeNames(try generalNames(names))
        let certificate = try Certificate(
            version: .v3, serialNumber: Certificate.SerialNumber(), publicKey: key.publicKey,
            notValidBefore: now.addingTimeInterval(-86_400),
            notValidAfter: now.addingTimeInterval(397 * 86_400),
            issuer: authority.certificate.subject,
            subject: try DistinguishedName { CommonName(names[0]) },
            signatureAlgorithm: .ecdsaWithSHA256,
            extensions: Certificate.Extensions {
                Critical(BasicConstraints.notCertificateAuthority)
                Critical(KeyUsage(digitalSignature: true))
                try ExtendedKeyUsage([.serverAuth])
                alternatives
            },
            issuerPrivateKey: authority.key)
        return (try certificate.serializeAsPEM().pemString, serverKey.pemRepresentation)
    }

    private static func generalNames(_ names: [String]) throws -> [GeneralName] {
        try names.map { name in
            let parts = name.split(separator: ".", omittingEmptySubsequences: false)
            let numbers = parts.compactMap { UInt8($0) }
            if numbers.count == 4, parts.count == 4 {
                return .ipAddress(ASN1OctetString(contentBytes: numbers[...]))
            }
            let allowed = name.utf8.allSatisfy { byte in
                (0x61...0x7A).contains(byte) || (0x30...0x39).contains(byte)
                    || byte == 0x2D || byte == 0x2E
            }
            guard allowed, !name.isEmpty, name.utf8.count <= 253 else {
                throw OfficeStartError.setting(
                    key: "sync.names", reason: "\(name) is not a host name or IPv4 address")
            }
            return .dnsName(name)
        }
    }
}
