/// The till node started.
///
/// - Source: Docs/PROTOCOL.md §2.
public struct TillStarted: WireValue, Hashable {
    /// The kind's word.
    public static let kind = "till.started"

    /// The program's version.
    public var version: String

    /// Makes it from its parts.
    public init(version: String) {
        self.version = version
    }

    /// Reads the object.
    public init(wire: JSONValue, at field: String) throws(WireFault) {
        let object = try WireObject(wire, at: field)
        version = try object.value("version")
    }

    /// The object.
    public var wire: JSONValue {
        .object([
            "version": version.wire
        ])
    }
}

/// Head office's time as last received, journalled as a floor for what follows (R-T2).
///
/// - Source: Docs/PROTOCOL.md §2.
public struct BeaconRecorded: WireValue, Hashable {
    /// The kind's word.
    public static let kind = "beacon"

    /// The beacon's text, as received.
    public var token: String

    /// Makes it from its parts.
    public init(token: String) {
        self.token = token
    }

    /// Reads the object.
    public init(wire: JSONValue, at field: String) throws(WireFault) {
        let object = try WireObject(wire, at: field)
        token = try object.value("token")
    }

    /// The object.
    public var wire: JSONValue {
        .object([
            "token": token.wire
        ])
    }
}
