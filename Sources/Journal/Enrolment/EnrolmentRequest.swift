/// Asks head office to take a new till; signed by the new key.
///
/// - Repetition: the till sends the same request until it is decided.
/// - Source: Docs/PROTOCOL.md §4.
public struct EnrolmentRequest: WireValue, Hashable {
    /// The one-time code.
    public var code: String
    /// What the till calls itself.
    public var name: String
    /// The till's new key.
    public var publicKey: VerifyingKey
    /// The layout's version.
    public var version: Int

    /// Makes it from its parts.
    public init(code: String, name: String, publicKey: VerifyingKey, version: Int) {
        self.code = code
        self.name = name
        self.publicKey = publicKey
        self.version = version
    }

    /// Reads the object.
    public init(wire: JSONValue, at field: String) throws(WireFault) {
        let object = try WireObject(wire, at: field)
        code = try object.value("code")
        name = try object.value("name")
        publicKey = try object.value("publicKey")
        version = try object.value("version")
    }

    /// The object.
    public var wire: JSONValue {
        .object([
            "code": code.wire,
            "name": name.wire,
            "publicKey": publicKey.wire,
            "version": version.wire,
        ])
    }
}
