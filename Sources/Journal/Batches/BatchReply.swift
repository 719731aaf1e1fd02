public import Domain

/// What head office says of one record, given after the commit that stored and acted on it.
///
/// - Source: Docs/PROTOCOL.md §5.
public struct RecordVerdict: WireValue, Hashable {
    /// What became of a record.
    public enum State: String, WireValue, CaseIterable {
        /// Acted on.
        case posted
        /// Stored; it waits for something before it can be acted on.
        case held
        /// Stored; a person decides. `code` says why.
        case exception
        /// Its id was already stored at another position with the same content.
        case duplicate
    }

    /// The business time fixed at first receipt (R-T2).
    public var businessTime: Instant
    /// Why it is an exception: an ``ExceptionCode``, or a later version's.
    public var code: String?
    /// The record's id; nil when it could not be read.
    public var id: RecordID?
    /// The record's sequence.
    public var sequence: Int64
    /// What became of it.
    public var state: State

    /// A verdict.
    public init(
        businessTime: Instant, code: String?, id: RecordID?, sequence: Int64, state: State
    ) {
        self.businessTime = businessTime
        self.code = code
        self.id = id
        self.sequence = sequence
        self.state = state
    }

    /// Reads the object.
    public init(wire: JSONValue, at field: String) throws(WireFault) {
        let object = try WireObject(wire, at: field)
        businessTime = try object.value("businessTime")
        code = try object.nullable("code")
        id = try object.nullable("id")
        sequence = try object.integer("seq", in: 1...Int64.max / 2)
        state = try object.value("state")
    }

    /// The object.
    public var wire: JSONValue {
        .object([
            "businessTime": businessTime.wire, "code": code.wire, "id": id.wire,
            "seq": sequence.wire, "state": state.wire,
        ])
    }
}

/// Why a record is an exception; in the order in which head office looks.
///
/// - Source: Docs/PROTOCOL.md §5.
public enum ExceptionCode: String, Sendable, CaseIterable {
    /// Not a record of the protocol.
    case unreadableRecord = "unreadable_record"
    /// A kind or version that head office does not know.
    case unknownKind = "unknown_kind"
    /// Its id is stored with other content; the first version stands.
    case sameIDDifferentContent = "same_id_different_content"
    /// Amounts that are not price × quantity, or a total that is not their sum.
    case linesDoNotAddUp = "lines_do_not_add_up"
    /// No card has the fingerprint.
    case unknownCard = "unknown_card"
    /// The card was closed.
    case cardClosed = "card_closed"
    /// The card was frozen.
    case cardFrozen = "card_frozen"
    /// The card was reported lost.
    case cardLost = "card_lost"
    /// The programme is not accepted in the store's province.
    case programmeNotAccepted = "programme_not_accepted"
    /// A test card at ¥1.00 or more, or over its counts.
    case testCardLimit = "test_card_limit"
    /// A stand-in sale without sealed credential.
    case credentialMissing = "credential_missing"
    /// Sealed bytes that do not open or are not those of the record.
    case credentialUnreadable = "credential_unreadable"
    /// The password was wrong.
    case wrongPassword = "wrong_password"
    /// The password could not be checked (the card's password is locked).
    case passwordNotChecked = "password_not_checked"
    /// The card paid what it had; the rest is in question.
    case insufficientBalance = "insufficient_balance"
    /// The sale of a cancelled payment.
    case paymentCancelled = "payment_cancelled"
    /// The cancellation of a captured payment.
    case paymentCaptured = "payment_captured"
    /// The sale's amount or card is not the hold's.
    case holdDiffers = "hold_differs"
    /// A record about a sale that head office does not have.
    case unknownSale = "unknown_sale"
    /// A record about a request that head office does not have.
    case unknownRequest = "unknown_request"

    /// Whether the card pays as far as it can (R-P5).
    public var touchesCard: Bool { self == .insufficientBalance }
}

/// Head office's answer to a batch it took.
///
/// - Shape: one verdict per record, in order.
public struct BatchReply: WireValue, Hashable {
    /// The batch it answers.
    public var batch: RecordID
    /// Head office's time.
    public var beacon: String
    /// The last record head office has on disk.
    public var durable: JournalHead
    /// One per record, in order.
    public var verdicts: [RecordVerdict]

    /// An answer.
    public init(
        batch: RecordID, beacon: String, durable: JournalHead, verdicts: [RecordVerdict]
    ) {
        self.batch = batch
        self.beacon = beacon
        self.durable = durable
        self.verdicts = verdicts
    }

    /// Reads the object.
    public init(wire: JSONValue, at field: String) throws(WireFault) {
        let object = try WireObject(wire, at: field)
        batch = try object.value("batch")
        beacon = try object.value("beacon")
        durable = try object.value("durable")
        verdicts = try object.value("verdicts")
    }

    /// The object.
    public var wire: JSONValue {
        .object([
            "batch": batch.wire, "beacon": beacon.wire, "durable": durable.wire,
            "verdicts": verdicts.wire,
        ])
    }

    /// Whether the reply answers this batch, record for record.
    public func answers(_ frame: BatchFrame) -> Bool {
        batch == frame.header.batch && durable.sequence >= frame.last
            && verdicts.map(\.sequence) == Array(frame.header.first...frame.last)
    }
}
