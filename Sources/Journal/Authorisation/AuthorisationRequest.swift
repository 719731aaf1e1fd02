public import Domain

/// Asks head office to hold a payment's amount (R-P1).
///
/// - Repetition: the same (payment, attempt) is answered as the first time.
/// - Source: Docs/PROTOCOL.md §6.
public struct AuthorisationRequest: WireValue, Hashable {
    /// The sale's total.
    public var amount: Money
    /// From 1; a retyped password is the next.
    public var attempt: Int
    /// The till's uncorrected time.
    public var at: Instant
    /// The sealed number and password.
    public var credential: [UInt8]
    /// The card.
    public var fingerprint: CardFingerprint
    /// Milliseconds head office was ahead by when last measured.
    public var offset: Int64?
    /// The payment.
    public var payment: RecordID
    /// The till's newest record.
    public var tillHead: JournalHead
    /// This till's stand-in sales of the card without verdict (R-P13).
    public var unsentForCard: Money
    /// The layout's version.
    public var version: Int

    /// Makes it from its parts.
    public init(
        amount: Money, attempt: Int, at: Instant, credential: [UInt8], fingerprint: CardFingerprint,
        offset: Int64?, payment: RecordID, tillHead: JournalHead, unsentForCard: Money, version: Int
    ) {
        self.amount = amount
        self.attempt = attempt
        self.at = at
        self.credential = credential
        self.fingerprint = fingerprint
        self.offset = offset
        self.payment = payment
        self.tillHead = tillHead
        self.unsentForCard = unsentForCard
        self.version = version
    }

    /// Reads the object.
    public init(wire: JSONValue, at field: String) throws(WireFault) {
        let object = try WireObject(wire, at: field)
        amount = try object.value("amount")
        attempt = try object.count("attempt", in: 1...1_000_000_000)
        at = try object.value("at")
        credential = try object.base64("credential")
        fingerprint = try object.value("fingerprint")
        offset = try object.nullable("offset")
        payment = try object.value("payment")
        tillHead = try object.value("tillHead")
        unsentForCard = try object.value("unsentForCard")
        version = try object.value("version")
    }

    /// The object.
    public var wire: JSONValue {
        .object([
            "amount": amount.wire,
            "attempt": attempt.wire,
            "at": at.wire,
            "credential": .text(Base64.standard.text(credential)),
            "fingerprint": fingerprint.wire,
            "offset": offset.wire,
            "payment": payment.wire,
            "tillHead": tillHead.wire,
            "unsentForCard": unsentForCard.wire,
            "version": version.wire,
        ])
    }
}
