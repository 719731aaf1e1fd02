// RFC 9421 with one fixed list of components and RFC 9530's digest. There is no general parser on
// purpose: exactly one spelling of the headers is read, so there is nothing to play with.

/// Why a signed request is turned away, in the order of the checks.
///
/// - Source: Docs/PROTOCOL.md §1.
public enum SignatureRefusal: String, Error, Sendable, CaseIterable {
    /// A header of the three is not there.
    case missing = "signature_missing"
    /// Not exactly the protocol's layout.
    case malformed = "signature_malformed"
    /// Head office has no such key.
    case unknownKey = "unknown_key"
    /// The digest is not the body's.
    case digestMismatch = "digest_mismatch"
    /// Not this key's signature over this request.
    case invalid = "signature_invalid"
    /// `created` is too far from head office's time.
    case clock = "clock"
    /// The nonce was used before.
    case nonceSeen = "nonce_seen"
    /// The key is revoked.
    case tillRevoked = "till_revoked"

    /// The HTTP status of the refusal.
    public var status: Int { self == .tillRevoked ? 403 : 401 }
    /// The stable code.
    public var code: String { rawValue }
    /// Whether the same request, signed again, may pass.
    public var isTransient: Bool {
        switch self {
        case .clock, .nonceSeen: true
        case .missing, .malformed, .unknownKey, .digestMismatch, .invalid, .tillRevoked: false
        }
    }
}

/// The three headers of a signed request.
public struct SignatureHeaders: Sendable, Hashable {
    /// Header names as sent.
    public static let names = (
        contentDigest: "Content-Digest", signatureInput: "Signature-Input", signature: "Signature"
    )
    /// Value of `Content-Digest`.
    public let contentDigest: String
    /// Value of `Signature-Input`.
    public let signatureInput: String
    /// Value of `Signature`.
    public let signature: String

    /// Headers as received or made.
    public init(contentDigest: String, signatureInput: String, signature: String) {
        self.contentDigest = contentDigest
        self.signatureInput = signatureInput
        self.signature = signature
    }

    /// Name and value, in the order sent.
    public var fields: [(name: String, value: String)] {
        [
            (Self.names.contentDigest, contentDigest),
            (Self.names.signatureInput, signatureInput), (Self.names.signature, signature),
        ]
    }
}

/// What a till's request states about itself, once its headers are read; nothing is proved yet.
public struct RequestSignature: Sendable, Hashable {
    /// How far `created` may be from head office's time.
    public static let clockToleranceSeconds: Int64 = 300

    /// Which key is said to have signed.
    public let keyID: KeyID
    /// The till's corrected time in seconds since 1970.
    public let created: Int64
    /// What makes the request one of its kind.
    public let nonce: RequestNonce
    /// SHA-256 of the body as stated.
    public let digest: RecordHash
    /// 64 bytes.
    public let signature: [UInt8]

    /// Signs a request.
    ///
    /// - Parameters:
    ///   - method: upper case, `GET` or `POST`.
    ///   - url: the whole address as the connection is made to: scheme, host, port unless it is the
    ///     scheme's own, path and query, byte for byte.
    ///   - body: empty for `GET`.
    ///   - created: seconds since 1970, corrected by the last measured offset.
    public static func sign(
        method: String, url: String, body: [UInt8], keyID: KeyID, created: Int64,
        nonce: RequestNonce, key: SigningKey
    ) -> SignatureHeaders {
        let digest = digestText(RecordHash(of: body))
        let parameters = parametersText(keyID: keyID, created: created, nonce: nonce)
        let base = signatureBase(method: method, url: url, digest: digest, parameters: parameters)
        let signature = Base64.standard.text(key.signature(of: base))
        return SignatureHeaders(
            contentDigest: digest, signatureInput: "huiyika=\(parameters)",
            signature: "huiyika=:\(signature):")
    }

    /// Reads the headers of a request; what is not exactly the protocol's layout is refused.
    ///
    /// - Refuses: `.missing`, `.malformed`.
    public init(
        contentDigest: String?, signatureInput: String?, signature: String?
    ) throws(SignatureRefusal) {
        guard let contentDigest, let signatureInput, let signature else {
            throw .missing
        }
        // Swift compares texts by canonical equivalence: outside ASCII, two spellings may be equal.
        guard
            [contentDigest, signatureInput, signature].allSatisfy({
                $0.utf8.allSatisfy { $0 < 128 }
            })
        else { throw .malformed }
        guard
            let digestBytes = Self.between("sha-256=:", ":", in: contentDigest)
                .flatMap(Base64.standard.bytes), let digest = RecordHash(bytes: digestBytes),
            let signatureBytes = Self.between("huiyika=:", ":", in: signature)
                .flatMap(Base64.standard.bytes), signatureBytes.count == 64,
            let (keyID, created, nonce) = Self.parameters(of: signatureInput)
        else { throw .malformed }
        self.keyID = keyID
        self.created = created
        self.nonce = nonce
        self.digest = digest
        self.signature = signatureBytes
    }

    /// Checks that the key's holder signed exactly this request.
    ///
    /// - Parameter key: the key of ``keyID`` (revoked ones too); nil when there is none.
    /// - Refuses, first match wins: `.unknownKey`, `.digestMismatch`, `.invalid`.
    public func authenticate(
        method: String, url: String, body: [UInt8], key: VerifyingKey?
    ) throws(SignatureRefusal) {
        guard let key else { throw .unknownKey }
        guard RecordHash(of: body) == digest else { throw .digestMismatch }
        let base = Self.signatureBase(
            method: method, url: url, digest: Self.digestText(digest),
            parameters: Self.parametersText(keyID: keyID, created: created, nonce: nonce))
        guard key.isValid(signature: signature, of: base) else { throw .invalid }
    }

    /// Checks that an authentic request is fresh and its key still in force.
    ///
    /// - Parameters:
    ///   - now: head office's time in seconds since 1970.
    ///   - isNonceSeen: whether this key used the nonce before; nonces are kept for at least twice
    ///     the tolerance.
    /// - Refuses, first match wins: `.clock`, `.nonceSeen`, `.tillRevoked`.
    public func admit(now: Int64, isNonceSeen: Bool, isRevoked: Bool) throws(SignatureRefusal) {
        guard isFresh(now: now) else { throw .clock }
        guard !isNonceSeen else { throw .nonceSeen }
        guard !isRevoked else { throw .tillRevoked }
    }

    /// Whether `created` is near enough to head office's time.
    public func isFresh(now: Int64) -> Bool {
        let (difference, overflow) = created.subtractingReportingOverflow(now)
        return !overflow && difference.magnitude <= UInt64(Self.clockToleranceSeconds)
    }

    // MARK: The one layout

    private static let components = #"("@method" "@target-uri" "content-digest")"#

    private static func digestText(_ digest: RecordHash) -> String {
        "sha-256=:\(Base64.standard.text(digest.bytes)):"
    }

    private static func parametersText(
        keyID: KeyID, created: Int64, nonce: RequestNonce
    ) -> String {
        "\(components);created=\(created);keyid=\"\(keyID)\";nonce=\"\(nonce)\";alg=\"ed25519\""
    }

    private static func signatureBase(
        method: String, url: String, digest: String, parameters: String
    ) -> [UInt8] {
        Array(
            """
            "@method": \(method)
            "@target-uri": \(url)
            "content-digest": \(digest)
            "@signature-params": \(parameters)
            """.utf8)
    }

    private static func between(
        _ prefix: String, _ suffix: String, in text: String
    ) -> String? {
        guard text.utf8.count >= prefix.utf8.count + suffix.utf8.count, text.hasPrefix(prefix),
            text.hasSuffix(suffix)
        else { return nil }
        return String(text.dropFirst(prefix.count).dropLast(suffix.count))
    }

    private static func parameters(of input: String) -> (KeyID, Int64, RequestNonce)? {
        guard let inner = between("huiyika=\(components);created=", ";alg=\"ed25519\"", in: input)
        else { return nil }
        let parts = inner.split(separator: ";", omittingEmptySubsequences: false).map(String.init)
        guard parts.count == 3, let created = Int64(parts[0]), created >= 0,
            let keyID = between("keyid=\"", "\"", in: parts[1]).flatMap(KeyID.init(_:)),
            let nonce = between("nonce=\"", "\"", in: parts[2]).flatMap(RequestNonce.init(_:)),
            input == "huiyika=\(parametersText(keyID: keyID, created: created, nonce: nonce))"
        else { return nil }
        return (keyID, created, nonce)
    }
}
