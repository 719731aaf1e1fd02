public import Domain

/// Head office's answer to an enrolment it knows the code of.
///
/// - Source: Docs/PROTOCOL.md §4.
public enum EnrolmentReply: WireValue, Hashable {
    /// A person has not decided yet: status 202.
    case waiting(enrolment: RecordID)
    /// Approved: status 200.
    case approved(EnrolmentGrant)

    /// The HTTP status.
    public var status: Int {
        switch self {
        case .waiting: 202
        case .approved: 200
        }
    }

    /// Reads the object.
    public init(wire: JSONValue, at field: String) throws(WireFault) {
        let object = try WireObject(wire, at: field)
        switch try object.value("state", as: String.self) {
        case "waiting": self = .waiting(enrolment: try object.value("enrolment"))
        case "approved": self = .approved(try object.value("grant"))
        default: throw object.outOfRange("state")
        }
    }

    /// The object.
    public var wire: JSONValue {
        switch self {
        case .waiting(let enrolment):
            .object(["enrolment": enrolment.wire, "state": .text("waiting")])
        case .approved(let grant):
            .object(["grant": grant.wire, "state": .text("approved")])
        }
    }
}

/// What an approved till gets.
///
/// - Source: Docs/PROTOCOL.md §4.
public struct EnrolmentGrant: WireValue, Hashable {
    /// The store a till belongs to.
    public struct Store: WireValue, Hashable {
        /// The address.
        public var address: String
        /// The store's code.
        public var code: String
        /// The store's name.
        public var name: String
        /// Two digits of GB/T 2260.
        public var province: String
        /// The store's telephone.
        public var telephone: String

        /// Makes it from its parts.
        public init(
            address: String, code: String, name: String, province: String, telephone: String
        ) {
            self.address = address
            self.code = code
            self.name = name
            self.province = province
            self.telephone = telephone
        }

        /// Reads the object.
        public init(wire: JSONValue, at field: String) throws(WireFault) {
            let object = try WireObject(wire, at: field)
            address = try object.value("address")
            code = try object.value("code")
            name = try object.value("name")
            province = try object.value("province")
            telephone = try object.value("telephone")
        }

        /// The object.
        public var wire: JSONValue {
            .object([
                "address": address.wire,
                "code": code.wire,
                "name": name.wire,
                "province": province.wire,
                "telephone": telephone.wire,
            ])
        }
    }

    /// Head office's time.
    public var beacon: String
    /// The key's epoch.
    public var epoch: Int
    /// Makes numbers into fingerprints.
    public var fingerprintKey: FingerprintKey
    /// Credentials are sealed to it.
    public var sealingKey: SealingKey
    /// Replies are checked with it.
    public var signingKey: NamedVerifyingKey
    /// The till's store.
    public var store: Store
    /// The till's code.
    public var till: String

    /// Makes it from its parts.
    public init(
        beacon: String, epoch: Int, fingerprintKey: FingerprintKey, sealingKey: SealingKey,
        signingKey: NamedVerifyingKey, store: Store, till: String
    ) {
        self.beacon = beacon
        self.epoch = epoch
        self.fingerprintKey = fingerprintKey
        self.sealingKey = sealingKey
        self.signingKey = signingKey
        self.store = store
        self.till = till
    }

    /// Reads the object.
    public init(wire: JSONValue, at field: String) throws(WireFault) {
        let object = try WireObject(wire, at: field)
        beacon = try object.value("beacon")
        epoch = try object.count("epoch", in: 1...1_000_000_000)
        fingerprintKey = try object.value("fingerprintKey")
        sealingKey = try object.value("sealingKey")
        signingKey = try object.value("signingKey")
        store = try object.value("store")
        till = try object.value("till")
    }

    /// The object.
    public var wire: JSONValue {
        .object([
            "beacon": beacon.wire,
            "epoch": epoch.wire,
            "fingerprintKey": fingerprintKey.wire,
            "sealingKey": sealingKey.wire,
            "signingKey": signingKey.wire,
            "store": store.wire,
            "till": till.wire,
        ])
    }
}

/// Why an enrolment is turned away, in the order of the checks.
///
/// - Source: Docs/PROTOCOL.md §4.
public enum EnrolmentRefusal: String, Error, Sendable, CaseIterable {
    /// A layout that head office does not know.
    case version = "version"
    /// No such code; also used, expired, or owned by another key.
    case unknownCode = "unknown_code"
    /// A person said no.
    case refused = "enrolment_refused"

    /// The stable code.
    public var code: String { rawValue }
    /// The HTTP status.
    public var status: Int {
        switch self {
        case .version: 426
        case .unknownCode: 404
        case .refused: 403
        }
    }
    /// Never: a person has to do something first.
    public var isTransient: Bool { false }
}
