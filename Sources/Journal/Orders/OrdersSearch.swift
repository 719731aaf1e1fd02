// POST /sync/v1/orders/search: what the other tills of a till's store sold, for the screen alone. Nothing a
// till does with money rests on it.

public import Domain

/// Asks head office for orders of the other tills of the till's own store.
///
/// - Shape: every condition given must fit; none asks for the newest.
/// - Source: Docs/PROTOCOL.md §8.
public struct OrdersSearch: WireValue, Hashable {
    /// Where the last page ended.
    public struct Position: WireValue, Hashable {
        /// The last order's business time.
        public var businessTime: Instant
        /// The last order's id.
        public var id: RecordID

        /// That place.
        public init(businessTime: Instant, id: RecordID) {
            self.businessTime = businessTime
            self.id = id
        }

        /// Reads the object.
        public init(wire: JSONValue, at field: String) throws(WireFault) {
            let object = try WireObject(wire, at: field)
            businessTime = try object.value("businessTime")
            id = try object.value("id")
        }

        /// The object.
        public var wire: JSONValue {
            .object(["businessTime": businessTime.wire, "id": id.wire])
        }
    }

    /// Only orders that come after this one in the list.
    public var after: Position?
    /// Only orders of this card.
    public var fingerprint: CardFingerprint?
    /// Only orders from this time on.
    public var from: Instant?
    /// Part of the order number.
    public var number: String?
    /// This order alone.
    public var sale: RecordID?
    /// Only orders before this time.
    public var until: Instant?
    /// The layout's version.
    public var version: Int

    /// Asks for what fits.
    public init(
        after: Position? = nil, fingerprint: CardFingerprint? = nil, from: Instant? = nil,
        number: String? = nil, sale: RecordID? = nil, until: Instant? = nil
    ) {
        self.after = after
        self.fingerprint = fingerprint
        self.from = from
        self.number = number
        self.sale = sale
        self.until = until
        version = 1
    }

    /// The most characters of a number.
    public static let numberLengthMax = 40

    /// Reads the object.
    public init(wire: JSONValue, at field: String) throws(WireFault) {
        let object = try WireObject(wire, at: field)
        after = try object.optional("after")
        fingerprint = try object.optional("fingerprint")
        from = try object.optional("from")
        number = try object.optional("number")
        sale = try object.optional("sale")
        until = try object.optional("until")
        version = try object.value("version")
        guard (number ?? "").unicodeScalars.count <= Self.numberLengthMax else {
            throw object.outOfRange("number")
        }
    }

    /// The object.
    public var wire: JSONValue {
        var members = ["version": version.wire]
        if let after { members["after"] = after.wire }
        if let fingerprint { members["fingerprint"] = fingerprint.wire }
        if let from { members["from"] = from.wire }
        if let number { members["number"] = number.wire }
        if let sale { members["sale"] = sale.wire }
        if let until { members["until"] = until.wire }
        return .object(members)
    }
}

/// An order of another till of the store, as head office has it.
public struct FoundOrder: WireValue, Hashable {
    /// When it was sold.
    public var businessTime: Instant
    /// The cashier's login.
    public var cashier: String
    /// Why it is in question.
    public var code: String?
    /// The card holder as a slip shows it; told when one sale is asked for.
    public var holder: String?
    /// The sale.
    public var id: RecordID
    /// How many of each line are neither refunded nor asked back; told when one sale is asked for.
    public var left: [Int64]?
    /// What was sold.
    public var lines: [SaleCompleted.Line]
    /// The masked card.
    public var mask: String
    /// How the card was taken.
    public var mode: SaleCompleted.Mode
    /// The order number.
    public var receipt: String
    /// What went back.
    public var refunded: Money
    /// What is asked back and not decided.
    public var refundPending: Money
    /// Whether it is in question.
    public var isInQuestion: Bool
    /// Whether the card is a test card.
    public var isTest: Bool
    /// The till that sold it.
    public var till: String
    /// What it came to.
    public var total: Money

    /// Makes it from its parts.
    public init(
        businessTime: Instant, cashier: String, code: String?, holder: String? = nil,
        id: RecordID, left: [Int64]? = nil, lines: [SaleCompleted.Line], mask: String,
        mode: SaleCompleted.Mode, receipt: String, refunded: Money, refundPending: Money,
        isInQuestion: Bool, isTest: Bool, till: String, total: Money
    ) {
        self.businessTime = businessTime
        self.cashier = cashier
        self.code = code
        self.holder = holder
        self.id = id
        self.left = left
        self.lines = lines
        self.mask = mask
        self.mode = mode
        self.receipt = receipt
        self.refunded = refunded
        self.refundPending = refundPending
        self.isInQuestion = isInQuestion
        self.isTest = isTest
        self.till = till
        self.total = total
    }

    /// Reads the object.
    public init(wire: JSONValue, at field: String) throws(WireFault) {
        let object = try WireObject(wire, at: field)
        businessTime = try object.value("businessTime")
        cashier = try object.value("cashier")
        code = try object.nullable("code")
        holder = try object.optional("holder")
        id = try object.value("id")
        left = try object.optional("left")
        lines = try object.value("lines")
        mask = try object.value("mask")
        mode = try object.value("mode")
        receipt = try object.value("receipt")
        refunded = try object.value("refunded")
        refundPending = try object.value("refundPending")
        isInQuestion = try object.value("inQuestion")
        isTest = try object.value("test")
        till = try object.value("till")
        total = try object.value("total")
    }

    /// The object.
    public var wire: JSONValue {
        var members = [
            "businessTime": businessTime.wire,
            "cashier": cashier.wire,
            "code": code.wire,
            "id": id.wire,
            "inQuestion": isInQuestion.wire,
            "lines": lines.wire,
            "mask": mask.wire,
            "mode": mode.wire,
            "receipt": receipt.wire,
            "refundPending": refundPending.wire,
            "refunded": refunded.wire,
            "test": isTest.wire,
            "till": till.wire,
            "total": total.wire,
        ]
        if let holder { members["holder"] = holder.wire }
        if let left { members["left"] = left.wire }
        return .object(members)
    }
}

/// Head office's answer: a page, newest first.
public struct OrdersFound: WireValue, Hashable {
    /// The most orders of a page.
    public static let pageSize = 100

    /// Head office's time.
    public var beacon: String
    /// Whether there are more.
    public var hasMore: Bool
    /// The orders.
    public var orders: [FoundOrder]

    /// Makes it from its parts.
    public init(beacon: String, hasMore: Bool, orders: [FoundOrder]) {
        self.beacon = beacon
        self.hasMore = hasMore
        self.orders = orders
    }

    /// Reads the object.
    public init(wire: JSONValue, at field: String) throws(WireFault) {
        let object = try WireObject(wire, at: field)
        beacon = try object.value("beacon")
        hasMore = try object.value("more")
        orders = try object.value("orders")
    }

    /// The object.
    public var wire: JSONValue {
        .object(["beacon": beacon.wire, "more": hasMore.wire, "orders": orders.wire])
    }
}
