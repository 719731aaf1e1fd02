// Who is at the door (PROTOCOL §1): headers, key, body, signature, clock, nonce, revocation, in that
// order. Every answer to a key that head office knows is signed and bound to the request's nonce.

import Domain
import Foundation
import Hummingbird
import Journal
import Logging

/// A request whose signature has been checked.
struct SyncRequest: Sendable {
    let till: KnownTill
    let nonce: RequestNonce
    let body: [UInt8]
    /// The parameters of the address.
    let query: [String: String]
    /// When head office received it.
    let received: Instant
}

/// Checks requests and signs replies.
struct SyncDoor: Sendable {
    let store: OfficeStore
    let tills: Tills
    let key: NamedSigningKey
    /// Host names and addresses by which tills may call; the signature covers them.
    let names: Set<String>
    /// Large bodies under way, by address.
    private let quota = BodyQuota()

    init(store: OfficeStore, names: [String]) {
        self.store = store
        tills = Tills(store)
        key = store.secrets.namedSigningKey
        self.names = Set(names.map { $0.lowercased() })
    }

    /// Lets a till's request in and answers it; what the handler commits is not undone when the
    /// till hangs up.
    ///
    /// - Parameter address: the peer's, where bodies are large: it has a bounded number of them under way.
    /// - Parameter admitsRevoked: whether a revoked key may ask too: it may deliver, and nothing else (S-7).
    func answer(
        _ request: Request, bodyLimit: Int, address: String? = nil, admitsRevoked: Bool = false,
        _ handler: @escaping @Sendable (SyncRequest) async throws -> SyncReply
    ) async -> Response {
        guard let url = url(of: request) else { return misdirected() }
        let signature: RequestSignature
        do throws(SignatureRefusal) {
            signature = try Self.signature(of: request)
        } catch {
            return SyncReply(error).response(signing: nil, key: key)
        }
        guard case .till(let code, let epoch) = signature.keyID else {
            return SyncReply(.unknownKey).response(signing: nil, key: key)
        }
        do {
            guard let till = try await tills.known(code: code, epoch: epoch) else {
                return SyncReply(.unknownKey).response(signing: nil, key: key)
            }
            let body: [UInt8]
            switch try await read(request.body, limit: bodyLimit, from: address) {
            case .success(let bytes): body = bytes
            case .failure(let fault):
                return Self.reply(to: fault).response(signing: signature.nonce, key: key)
            }
            let reply = try await admit(
                request, signature, url: url, till: till, body: body,
                admitsRevoked: admitsRevoked, handler)
            return reply.response(signing: signature.nonce, key: key)
        } catch {
            return unexpected(error).response(signing: signature.nonce, key: key)
        }
    }

    private func read(
        _ body: RequestBody, limit: Int, from address: String?
    ) async throws -> Result<[UInt8], SyncBodyFault> {
        if let address, !quota.enter(address) { return .failure(.tooMany) }
        defer { if let address { quota.leave(address) } }
        do {
            return .success(try await SyncBody.collect(body, limit: limit))
        } catch let fault as SyncBodyFault {
            return .failure(fault)
        }
    }

    private func admit(
        _ request: Request, _ signature: RequestSignature, url: String, till: KnownTill,
        body: [UInt8], admitsRevoked: Bool,
        _ handler: @escaping @Sendable (SyncRequest) async throws -> SyncReply
    ) async throws -> SyncReply {
        let received = store.clock.now()
        do throws(SignatureRefusal) {
            try signature.authenticate(
                method: request.method.rawValue, url: url, body: body, key: till.publicKey)
        } catch {
            return SyncReply(error)
        }
        let beacon = Beacon(
            issued: received, nonce: signature.nonce, till: till.code, key: key)
        guard signature.isFresh(now: received.milliseconds / 1_000) else {
            return SyncReply(.clock, beacon: beacon.token)
        }
        guard try await tills.noteNonce(signature.nonce, tillID: till.tillID) else {
            return SyncReply(.nonceSeen)
        }
        guard admitsRevoked || !till.isRevoked else { return SyncReply(.tillRevoked) }
        let admitted = SyncRequest(
            till: till, nonce: signature.nonce, body: body, query: Self.query(of: request),
            received: received)
        // Outside the request's task: a till that hangs up must not undo what is being committed.
        return try await Task { try await handler(admitted) }.value
    }

    /// Headers as RFC 9421 wants them.
    static func signature(of request: Request) throws(SignatureRefusal) -> RequestSignature {
        func header(_ name: String) -> String? {
            HTTPFields.Element.Name(name).flatMap { request.headers[$0] }
        }
        return try RequestSignature(
            contentDigest: header(SignatureHeaders.names.contentDigest),
            signatureInput: header(SignatureHeaders.names.signatureInput),
            signature: header(SignatureHeaders.names.signature))
    }

    /// The address as the till connected to it; nil for a host that is not head office's.
    func url(of request: Request) -> String? {
        guard let authority = request.head.authority, let path = request.head.path,
            !authority.contains("@"), !path.utf8.contains(0)
        else { return nil }
        let host = authority.split(separator: ":").first.map { $0.lowercased() } ?? ""
        guard names.contains(host) else { return nil }
        return "https://\(authority)\(path)"
    }

    func misdirected() -> Response {
        SyncReply(refusing: 421, "wrong_host", "Head office does not answer under this name.")
            .response(signing: nil, key: key)
    }

    static func reply(to fault: SyncBodyFault) -> SyncReply {
        switch fault {
        case .tooLarge:
            SyncReply(refusing: 413, "too_large", "The body is larger than this endpoint takes.")
        case .tooMany:
            SyncReply(
                refusing: 429, "too_many_requests",
                "This address has as many bodies under way as it may.", retryAfter: 1)
        case .tooSlow:
            SyncReply(refusing: 408, "too_slow", "The body did not arrive in time.")
        }
    }

    /// What nobody foresaw: the log gets the place, the till gets "come back".
    func unexpected(_ error: any Error) -> SyncReply {
        store.logger.error("A till's request failed", metadata: ["error": "\(error)"])
        return .busy("unavailable", retryAfter: 5)
    }

    private static func query(of request: Request) -> [String: String] {
        var values: [String: String] = [:]
        for (name, value) in request.uri.queryParameters {
            values[String(name)] = value.removingPercentEncoding ?? ""
        }
        return values
    }
}
