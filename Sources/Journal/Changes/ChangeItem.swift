/// What a change says, by topic.
public enum ChangeBody: Sendable, Hashable {
    /// The item is gone.
    case removed
    /// A product of the catalogue.
    case product(ProductChange)
    /// A person of the store.
    case account(AccountChange)
    /// Offline limits of a programme.
    case programmeLimits(ProgrammeLimitsChange)
    /// Offline limits of the till.
    case tillLimits(TillLimitsChange)
    /// A blocked or test card.
    case card(CardChange)
    /// A programme.
    case programme(ProgrammeChange)
    /// A refund request's end.
    case decision(DecisionChange)
    /// An exception's end.
    case verdict(VerdictChange)
    /// The till's store.
    case store(StoreChange)
    /// Head office's present sealing key.
    case sealingKey(SealingKey)
    /// A topic that this code does not know; the till leaves it.
    case unknown

    fileprivate var wire: JSONValue {
        switch self {
        case .removed, .unknown: .object([:])
        case .product(let body): body.wire
        case .account(let body): body.wire
        case .programmeLimits(let body): body.wire
        case .tillLimits(let body): body.wire
        case .card(let body): body.wire
        case .programme(let body): body.wire
        case .decision(let body): body.wire
        case .verdict(let body): body.wire
        case .store(let body): body.wire
        case .sealingKey(let body): body.wire
        }
    }

    fileprivate init(
        topic: ChangeItem.Topic, key: String, wire: JSONValue, at field: String
    ) throws(WireFault) {
        switch topic {
        case .product: self = .product(try ProductChange(wire: wire, at: field))
        case .account: self = .account(try AccountChange(wire: wire, at: field))
        case .limits where key == TillLimitsChange.key:
            self = .tillLimits(try TillLimitsChange(wire: wire, at: field))
        case .limits: self = .programmeLimits(try ProgrammeLimitsChange(wire: wire, at: field))
        case .card: self = .card(try CardChange(wire: wire, at: field))
        case .programme: self = .programme(try ProgrammeChange(wire: wire, at: field))
        case .decision: self = .decision(try DecisionChange(wire: wire, at: field))
        case .verdict: self = .verdict(try VerdictChange(wire: wire, at: field))
        case .store: self = .store(try StoreChange(wire: wire, at: field))
        case .sealingKey: self = .sealingKey(try SealingKey(wire: wire, at: field))
        }
    }
}

extension TillLimitsChange {
    /// The key of the till's own limits.
    public static let key = "*"
}

extension StoreChange {
    /// The key of the till's store.
    public static let key = "self"
}

/// One change of what a till has to know; the newest per (topic, key) is enough.
///
/// - Repetition: applying an item twice changes nothing.
/// - Source: Docs/PROTOCOL.md §7.
public struct ChangeItem: WireValue, Hashable {
    /// What an item is about.
    public enum Topic: String, Sendable, CaseIterable {
        /// Products.
        case product
        /// People of the store.
        case account
        /// Offline limits.
        case limits
        /// Blocked and test cards.
        case card
        /// Programmes.
        case programme
        /// Ends of refund requests.
        case decision
        /// Ends of exceptions.
        case verdict
        /// The store itself.
        case store
        /// The key that number and password are sealed to.
        case sealingKey = "sealing_key"
    }

    /// The topic's word; a ``Topic``, or a later version's.
    public var topic: String
    /// Which one.
    public var key: String
    /// Grows with each change; never goes down for a (topic, key).
    public var version: Int64
    /// What it says.
    public var body: ChangeBody

    /// A change.
    public init(topic: Topic, key: String, version: Int64, body: ChangeBody) {
        self.topic = topic.rawValue
        self.key = key
        self.version = version
        self.body = body
    }

    /// A change from a body kept as JSON bytes; nil stands for an item that is gone.
    public init(
        topic: Topic, key: String, version: Int64, bodyBytes: [UInt8]?
    ) throws(WireFault) {
        let body: ChangeBody
        if let bodyBytes {
            body = try ChangeBody(
                topic: topic, key: key, wire: try JSONValue(parsing: bodyBytes), at: "body")
        } else {
            body = .removed
        }
        self.init(topic: topic, key: key, version: version, body: body)
    }

    /// The body as JSON bytes, to be kept; `{}` for an item that is gone.
    public var bodyBytes: [UInt8] { body.wire.canonicalBytes }

    /// Reads the object.
    public init(wire: JSONValue, at field: String) throws(WireFault) {
        let object = try WireObject(wire, at: field)
        topic = try object.value("topic")
        key = try object.value("key")
        version = try object.integer("version")
        guard let bodyWire = object.members["body"] else {
            throw WireFault(.missing, object.field("body"))
        }
        if try object.value("removed") {
            body = .removed
        } else if let topic = Topic(rawValue: topic) {
            body = try ChangeBody(
                topic: topic, key: key, wire: bodyWire, at: object.field("body"))
        } else {
            body = .unknown
        }
    }

    /// The object.
    public var wire: JSONValue {
        .object([
            "body": body.wire, "key": key.wire, "removed": .bool(body == .removed),
            "topic": topic.wire, "version": version.wire,
        ])
    }
}
