public import Domain

/// A till tells head office what a QR is for, and asks whether it has been paid.
///
/// - Repetition: asking again changes nothing.
/// - Source: Docs/PROTOCOL.md §8.
public struct PhonePaymentRequest: WireValue, Hashable {
    /// The longest wait.
    public static let waitSecondsMax = 20

    /// What is being paid, also when the QR has no room for it.
    public var items: [PhoneItem]
    /// The QR's token.
    public var request: String
    /// The till's newest record (R-R6).
    public var tillHead: JournalHead
    /// The layout's version.
    public var version: Int
    /// How long head office may wait for the phone, in seconds.
    public var wait: Int

    /// Makes it from its parts.
    public init(
        items: [PhoneItem], request: String, tillHead: JournalHead, version: Int, wait: Int
    ) {
        self.items = items
        self.request = request
        self.tillHead = tillHead
        self.version = version
        self.wait = wait
    }

    /// Reads the object.
    public init(wire: JSONValue, at field: String) throws(WireFault) {
        let object = try WireObject(wire, at: field)
        items = try object.value("items")
        guard items.count <= 200 else { throw object.outOfRange("items") }
        request = try object.value("request")
        tillHead = try object.value("tillHead")
        version = try object.value("version")
        wait = try object.count("wait", in: 0...Int64(Self.waitSecondsMax))
    }

    /// The object.
    public var wire: JSONValue {
        .object([
            "items": items.wire, "request": request.wire, "tillHead": tillHead.wire,
            "version": version.wire, "wait": wait.wire,
        ])
    }
}

/// Where a payment by phone stands at head office.
///
/// - Shape: `card`, `holder` and `remaining` are there exactly when `state` is `held` by a phone.
/// - Source: Docs/PROTOCOL.md §8.
public struct PhonePaymentReply: WireValue, Hashable {
    /// Head office's time.
    public var beacon: String
    /// The card that pays.
    public var card: SaleCompleted.Card?
    /// The masked holder's name.
    public var holder: String?
    /// Whether a phone confirmed it: only then may the till hand out the goods.
    public var isConfirmed: Bool
    /// The payment.
    public var payment: RecordID
    /// What the card can still spend after this hold.
    public var remaining: Money?
    /// What the payment is now.
    public var state: PaymentState
    /// Whether the card is a test card.
    public var isTest: Bool

    /// Makes it from its parts.
    public init(
        beacon: String, card: SaleCompleted.Card?, holder: String?, isConfirmed: Bool,
        payment: RecordID, remaining: Money?, state: PaymentState, isTest: Bool
    ) {
        self.beacon = beacon
        self.card = card
        self.holder = holder
        self.isConfirmed = isConfirmed
        self.payment = payment
        self.remaining = remaining
        self.state = state
        self.isTest = isTest
    }

    /// Reads the object.
    public init(wire: JSONValue, at field: String) throws(WireFault) {
        let object = try WireObject(wire, at: field)
        beacon = try object.value("beacon")
        card = try object.nullable("card")
        holder = try object.nullable("holder")
        isConfirmed = try object.value("confirmed")
        guard isConfirmed == (card != nil) else { throw object.outOfRange("card") }
        payment = try object.value("payment")
        remaining = try object.nullable("remaining")
        state = try object.value("state")
        isTest = try object.value("test")
    }

    /// The object.
    public var wire: JSONValue {
        .object([
            "beacon": beacon.wire, "card": card.wire, "confirmed": isConfirmed.wire,
            "holder": holder.wire, "payment": payment.wire, "remaining": remaining.wire,
            "state": state.wire, "test": isTest.wire,
        ])
    }
}
