import Domain
import HTTPTransport
import Journal
import Logging

/// The signed line to head office: sends one request and believes only what head office signed.
struct OfficeLine: Sendable {
    /// An answer that is proved to be head office's, to this very request.
    struct Answer: Sendable {
        let status: Int
        let body: [UInt8]
        let nonce: RequestNonce
        /// The till's uncorrected times of sending and receiving.
        let sent: Instant
        let received: Instant
    }

    let office: String
    let keyID: KeyID
    let signingKey: SigningKey
    let officeKeys: [NamedVerifyingKey]
    let transport: HTTPTransport
    let world: TillWorld
    let logger: Logger

    init(_ identity: TillIdentity, transport: HTTPTransport, world: TillWorld, logger: Logger) {
        self.init(
            office: identity.office, keyID: identity.keyID, signingKey: identity.signingKey,
            officeKeys: [identity.officeKey], transport: transport, world: world, logger: logger)
    }

    init(
        office: String, keyID: KeyID, signingKey: SigningKey, officeKeys: [NamedVerifyingKey],
        transport: HTTPTransport, world: TillWorld, logger: Logger
    ) {
        self.office = office
        self.keyID = keyID
        self.signingKey = signingKey
        self.officeKeys = officeKeys
        self.transport = transport
        self.world = world
        self.logger = logger
    }

    /// Sends and returns the verified answer; nil for no answer, a captive portal's page, or any
    /// other reply without head office's signature.
    func exchange(
        _ method: String, _ pathAndQuery: String, body: [UInt8] = [], contentType: String? = nil,
        clockOffset: Int64?, timeout: Duration, isLongPoll: Bool = false
    ) async -> Answer? {
        guard
            let (request, nonce) = signed(
                method, pathAndQuery, body: body, contentType: contentType,
                clockOffset: clockOffset,
                timeout: timeout, isLongPoll: isLongPoll)
        else { return nil }
        let sent = world.now()
        do {
            let reply = try await transport.send(request)
            let received = world.now()
            guard
                ReplySignature.isValid(
                    reply.header(ReplySignature.headerName), nonce: nonce, status: reply.status,
                    body: reply.body, keys: officeKeys)
            else {
                logger.warning(
                    "a reply without head office's signature is no answer",
                    metadata: [
                        "http.status": "\(reply.status)", "http.path": "\(path(pathAndQuery))",
                    ])
                return nil
            }
            return Answer(
                status: reply.status, body: reply.body, nonce: nonce, sent: sent,
                received: received)
        } catch {
            logger.info(
                "no answer from head office",
                metadata: ["error": "\(error)", "http.path": "\(path(pathAndQuery))"])
            return nil
        }
    }

    /// Makes a request with its signature headers and nonce.
    func signed(
        _ method: String, _ pathAndQuery: String, body: [UInt8], contentType: String?,
        clockOffset: Int64?, timeout: Duration, isLongPoll: Bool
    ) -> (request: HTTPTransport.Request, nonce: RequestNonce)? {
        guard let nonce = RequestNonce(bytes: world.bytes(16)) else { return nil }
        let url = office + pathAndQuery
        let created = world.now().adding(milliseconds: clockOffset ?? 0).milliseconds / 1_000
        let headers = RequestSignature.sign(
            method: method, url: url, body: body, keyID: keyID, created: created, nonce: nonce,
            key: signingKey)
        var fields = headers.fields.map { HTTPTransport.Field($0.name, $0.value) }
        if let contentType { fields.append(.init("Content-Type", contentType)) }
        return (
            HTTPTransport.Request(
                method: method, url: url, headers: fields, body: body, totalTimeout: timeout,
                lowSpeedLimit: isLongPoll ? nil : .standard),
            nonce
        )
    }

    private func path(_ pathAndQuery: String) -> String {
        String(pathAndQuery.prefix { $0 != "?" })
    }
}

extension HTTPTransport {
    /// A header field, for files that also import a web server's types.
    typealias Field = HTTPField
}
