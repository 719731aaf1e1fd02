import Hummingbird
import Journal

/// An answer to a till: status and body bytes, before they are signed.
struct SyncReply: Sendable, Equatable {
    let status: Int
    let body: [UInt8]

    /// An answer that carries a message.
    init(_ message: some WireValue, status: Int = 200) {
        self.status = status
        body = message.bytes
    }

    /// A refusal under its stable code.
    init(
        refusing status: Int, _ code: String, _ message: String, retryAfter: Int? = nil,
        wanted: Int64? = nil, beacon: String? = nil
    ) {
        self.init(
            WireError(
                code: code, message: message, retryAfter: retryAfter, wanted: wanted,
                beacon: beacon),
            status: status)
    }

    /// A refusal of the request's signature.
    init(_ refusal: SignatureRefusal, beacon: String? = nil) {
        self.init(
            refusing: refusal.status, refusal.code, refusal.words,
            beacon: refusal == .clock ? beacon : nil)
    }

    /// Head office is too busy or its database is away: the till keeps what it has and comes back.
    static func busy(_ code: String, retryAfter: Int) -> SyncReply {
        SyncReply(
            refusing: 503, code, "Head office cannot take this now; send it again later.",
            retryAfter: retryAfter)
    }

    /// The HTTP answer, signed when the request had a nonce and a key that head office knows.
    func response(signing nonce: RequestNonce?, key: NamedSigningKey) -> Response {
        var headers = HTTPFields()
        headers[.contentType] = "application/json"
        headers[.cacheControl] = "no-store"
        if let nonce, let name = HTTPFields.Element.Name(ReplySignature.headerName) {
            headers[name] = ReplySignature.value(
                nonce: nonce, status: status, body: body, key: key)
        }
        return Response(
            status: HTTPResponse.Status(code: status), headers: headers,
            body: ResponseBody(byteBuffer: ByteBuffer(bytes: body)))
    }
}

extension SignatureRefusal {
    fileprivate var words: String {
        switch self {
        case .missing: "The request is not signed."
        case .malformed: "The request's signature headers are not in the protocol's layout."
        case .unknownKey: "Head office does not know this key."
        case .digestMismatch: "The body is not the one the digest names."
        case .invalid: "The signature is not this key's."
        case .clock: "The till's clock is too far from head office's."
        case .nonceSeen: "This request was sent before."
        case .tillRevoked: "This till's key is revoked."
        }
    }
}
