public import Domain

/// Head office's time, signed and bound to one request of one till.
///
/// The till journals it as a floor for the business time of what follows (R-T2).
///
/// - Shape: `BASE64URL(json).BASE64URL(signature)`, json =
///   `{"issued":ms,"nonce":"…","till":"GD0001-01"}`, signature over `"huiyika/beacon/1" ‖ json`.
/// - Source: Docs/PROTOCOL.md §1.
public struct Beacon: Sendable, Hashable {
    /// Head office's time.
    public let issued: Instant
    /// The request's nonce.
    public let nonce: RequestNonce
    /// The till that asked.
    public let till: String
    /// The text as sent.
    public let token: String

    /// Issues a beacon.
    public init(issued: Instant, nonce: RequestNonce, till: String, key: NamedSigningKey) {
        let json = JSONValue.object([
            "issued": issued.wire, "nonce": .text(nonce.description), "till": .text(till),
        ]).canonicalBytes
        let signature = key.key.signature(of: Self.base(json))
        self.issued = issued
        self.nonce = nonce
        self.till = till
        token = "\(Base64.url.text(json)).\(Base64.url.text(signature))"
    }

    /// Reads a beacon and checks its signature; nil unless one of the keys made it.
    ///
    /// The caller checks ``till``, and ``nonce`` where the request is at hand.
    public init?(token: String, keys: [NamedVerifyingKey]) {
        let parts = token.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 2, let json = Base64.url.bytes(String(parts[0])),
            let signature = Base64.url.bytes(String(parts[1])),
            keys.contains(where: { $0.key.isValid(signature: signature, of: Self.base(json)) }),
            let value = try? JSONValue(parsing: json),
            let object = try? WireObject(value, at: "beacon"),
            let issued: Instant = try? object.value("issued"),
            let nonceText: String = try? object.value("nonce"),
            let nonce = RequestNonce(nonceText), let till: String = try? object.value("till")
        else { return nil }
        self.issued = issued
        self.nonce = nonce
        self.till = till
        self.token = token
    }

    /// How far head office is ahead of the till's clock, in milliseconds.
    ///
    /// - Parameters: the till's uncorrected times of sending the request and receiving the reply.
    /// - Shape: nil when the round trip took 2 s or more, or the clock was set back in between: then
    ///   the measurement says more about the line than about the clock.
    public func offset(sent: Instant, received: Instant) -> Int64? {
        let (roundTrip, overflow) =
            received.milliseconds.subtractingReportingOverflow(sent.milliseconds)
        guard !overflow, (0..<2_000).contains(roundTrip) else { return nil }
        return issued.milliseconds - (sent.milliseconds + roundTrip / 2)
    }

    private static func base(_ json: [UInt8]) -> [UInt8] {
        Array("huiyika/beacon/1".utf8) + json
    }
}
