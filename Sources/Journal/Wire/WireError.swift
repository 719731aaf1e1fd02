/// The body of every refusal.
///
/// - Shape: `{"code":…,"message":…}` plus `retryAfter`, `wanted`, `beacon` where they apply;
///   `null` fields are left out.
/// - Units: `retryAfter` in seconds.
/// - Source: Docs/PROTOCOL.md §1.
public struct WireError: WireValue, Hashable {
    /// The stable code.
    public var code: String
    /// English, for logs; the till shows its own words for the code.
    public var message: String
    /// How long to wait.
    public var retryAfter: Int?
    /// The sequence head office wants next.
    public var wanted: Int64?
    /// Head office's time, bound to the request.
    public var beacon: String?

    /// A refusal's body.
    public init(
        code: String, message: String, retryAfter: Int? = nil, wanted: Int64? = nil,
        beacon: String? = nil
    ) {
        self.code = code
        self.message = message
        self.retryAfter = retryAfter
        self.wanted = wanted
        self.beacon = beacon
    }

    /// Reads the body.
    public init(wire: JSONValue, at field: String) throws(WireFault) {
        let object = try WireObject(wire, at: field)
        code = try object.value("code")
        message = try object.value("message")
        retryAfter = try object.optional("retryAfter")
        wanted = try object.optional("wanted")
        beacon = try object.optional("beacon")
    }

    /// The body.
    public var wire: JSONValue {
        var members: [String: JSONValue] = ["code": code.wire, "message": message.wire]
        if let retryAfter { members["retryAfter"] = retryAfter.wire }
        if let wanted { members["wanted"] = wanted.wire }
        if let beacon { members["beacon"] = beacon.wire }
        return .object(members)
    }
}
