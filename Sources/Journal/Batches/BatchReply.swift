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
    /// The card that paid a sale by phone, which the till did not know (R-P12).
    public var card: SaleCompleted.Card?
    /// Why it is an exception: the domain's `RecordException`, or a later version's.
    public var code: String?
    /// What the record that came first is now; only of a duplicate.
    public var first: VerdictChange?
    /// The record's id; nil when it could not be read.
    public var id: RecordID?
    /// What the sale's sealed password came to, for the till to keep; nil while that is not known (R-W5).
    public var password: PasswordVerdict?
    /// The record's sequence.
    public var sequence: Int64
    /// What became of it.
    public var state: State

    /// A verdict.
    public init(
        businessTime: Instant, code: String?, id: RecordID?, sequence: Int64, state: State,
        card: SaleCompleted.Card? = nil
    ) {
        self.businessTime = businessTime
        self.card = card
        self.code = code
        self.id = id
        self.sequence = sequence
        self.state = state
    }

    /// Reads the object.
    public init(wire: JSONValue, at field: String) throws(WireFault) {
        let object = try WireObject(wire, at: field)
        businessTime = try object.value("businessTime")
        card = try object.optional("card")
        first = try object.optional("first")
        password = try object.optional("password")
        code = try object.nullable("code")
        id = try object.nullable("id")
        sequence = try object.integer("seq", in: 1...Int64.max / 2)
        state = try object.value("state")
    }

    /// The object.
    public var wire: JSONValue {
        var members: [String: JSONValue] = [
            "businessTime": businessTime.wire, "code": code.wire, "id": id.wire,
            "seq": sequence.wire, "state": state.wire,
        ]
        if let card { members["card"] = card.wire }
        if let first { members["first"] = first.wire }
        if let password { members["password"] = password.wire }
        return .object(members)
    }
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
