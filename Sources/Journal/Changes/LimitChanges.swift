public import Domain

/// Topic `limits`, key a programme's code (R-P3).
public struct ProgrammeLimitsChange: WireValue, Hashable {
    /// The most a card may have unsent at this till.
    public var perCard: Money
    /// The most a stand-in sale may come to.
    public var perSale: Money

    /// Makes it from its parts.
    public init(perCard: Money, perSale: Money) {
        self.perCard = perCard
        self.perSale = perSale
    }

    /// Reads the object.
    public init(wire: JSONValue, at field: String) throws(WireFault) {
        let object = try WireObject(wire, at: field)
        perCard = max(.zero, try object.value("perCard"))
        perSale = max(.zero, try object.value("perSale"))
    }

    /// The object.
    public var wire: JSONValue {
        .object([
            "perCard": perCard.wire,
            "perSale": perSale.wire,
        ])
    }
}

/// Topic `limits`, key `*` (R-P3).
///
/// - Units: ages in seconds.
public struct TillLimitsChange: WireValue, Hashable {
    /// Age from which limits are halved.
    public var amberAfter: Int64
    /// Age from which stand-in stops.
    public var redAfter: Int64
    /// The most stand-in sales unsent.
    public var tillCount: Int
    /// The most they may come to.
    public var tillTotal: Money

    /// Makes it from its parts.
    public init(amberAfter: Int64, redAfter: Int64, tillCount: Int, tillTotal: Money) {
        self.amberAfter = amberAfter
        self.redAfter = redAfter
        self.tillCount = tillCount
        self.tillTotal = tillTotal
    }

    /// Reads the object.
    public init(wire: JSONValue, at field: String) throws(WireFault) {
        let object = try WireObject(wire, at: field)
        // Below zero means none at all: it must not stop the pull, or no block would arrive either.
        amberAfter = max(0, try object.value("amberAfter"))
        redAfter = max(0, try object.value("redAfter"))
        tillCount = Int(
            clamping: min(1_000_000_000, max(0, try object.value("tillCount", as: Int64.self))))
        tillTotal = max(.zero, try object.value("tillTotal"))
    }

    /// The object.
    public var wire: JSONValue {
        .object([
            "amberAfter": amberAfter.wire,
            "redAfter": redAfter.wire,
            "tillCount": tillCount.wire,
            "tillTotal": tillTotal.wire,
        ])
    }
}

/// Topic `card`, key the fingerprint.
public struct CardChange: WireValue, Hashable {
    /// Whether stand-in is refused.
    public var isBlocked: Bool
    /// Whether it is a test card (R-P7).
    public var isTest: Bool

    /// Makes it from its parts.
    public init(isBlocked: Bool, isTest: Bool) {
        self.isBlocked = isBlocked
        self.isTest = isTest
    }

    /// Reads the object.
    public init(wire: JSONValue, at field: String) throws(WireFault) {
        let object = try WireObject(wire, at: field)
        isBlocked = try object.value("blocked")
        isTest = try object.value("test")
    }

    /// The object.
    public var wire: JSONValue {
        .object([
            "blocked": isBlocked.wire,
            "test": isTest.wire,
        ])
    }
}

/// Topic `programme`, key its code.
public struct ProgrammeChange: WireValue, Hashable {
    /// What the plastic looks like.
    public struct Face: WireValue, Hashable {
        /// `#rrggbb`.
        public var colour: String
        /// SHA-256 of the face's picture, which the till fetches by it; nil when there is none.
        public var picture: RecordHash?
        /// The title on the card.
        public var title: String

        /// Makes it from its parts.
        public init(colour: String, title: String, picture: RecordHash? = nil) {
            self.colour = colour
            self.picture = picture
            self.title = title
        }

        /// Reads the object.
        public init(wire: JSONValue, at field: String) throws(WireFault) {
            let object = try WireObject(wire, at: field)
            colour = try object.value("colour")
            picture = try object.optional("picture")
            title = try object.value("title")
        }

        /// The object.
        public var wire: JSONValue {
            var members = ["colour": colour.wire, "title": title.wire]
            if let picture { members["picture"] = picture.wire }
            return .object(members)
        }
    }

    /// Whether this till's store may take it.
    public var isAccepted: Bool
    /// What the plastic looks like.
    public var face: Face
    /// The programme's name.
    public var name: String
    /// What its numbers start with.
    public var prefix: String
    /// Two digits of GB/T 2260.
    public var province: String
    /// How numbers are made.
    public var scheme: NumberScheme
    /// Stand-in only for cards that the till saw approved lately, whatever the scheme (R-P15).
    public var isVerifiedOnly: Bool

    /// Makes it from its parts.
    public init(
        isAccepted: Bool, face: Face, name: String, prefix: String, province: String,
        scheme: NumberScheme, isVerifiedOnly: Bool = false
    ) {
        self.isVerifiedOnly = isVerifiedOnly
        self.isAccepted = isAccepted
        self.face = face
        self.name = name
        self.prefix = prefix
        self.province = province
        self.scheme = scheme
    }

    /// Reads the object.
    public init(wire: JSONValue, at field: String) throws(WireFault) {
        let object = try WireObject(wire, at: field)
        isAccepted = try object.value("accepted")
        face = try object.value("face")
        name = try object.value("name")
        prefix = try object.value("prefix")
        province = try object.value("province")
        scheme = try object.value("scheme")
        isVerifiedOnly = try object.optional("verifiedOnly") ?? false
    }

    /// The object.
    public var wire: JSONValue {
        var members = [
            "accepted": isAccepted.wire,
            "face": face.wire,
            "name": name.wire,
            "prefix": prefix.wire,
            "province": province.wire,
            "scheme": scheme.wire,
        ]
        if isVerifiedOnly { members["verifiedOnly"] = isVerifiedOnly.wire }
        return .object(members)
    }
}
