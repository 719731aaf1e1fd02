public import Domain

/// What a till says about itself with each batch and each pull.
///
/// - Units: `clockOffset` in milliseconds that head office was ahead when last measured; counts are
///   of records that have no verdict, value of their sales.
public struct TillStatus: WireValue, Hashable {
    /// A receipt printer as the till last found it.
    public struct Printer: WireValue, Hashable {
        /// What people call it.
        public var name: String
        /// What it prints: `sale`, `refund`.
        public var slip: String
        /// How it was found; nil before the first look. New words may come.
        public var state: String?
        /// Papers that wait for it.
        public var waiting: Int

        /// A printer's state.
        public init(name: String, slip: String, state: String?, waiting: Int) {
            self.name = name
            self.slip = slip
            self.state = state
            self.waiting = waiting
        }

        /// Reads the object.
        public init(wire: JSONValue, at field: String) throws(WireFault) {
            let object = try WireObject(wire, at: field)
            name = try object.value("name")
            slip = try object.value("slip")
            state = try object.nullable("state")
            waiting = try object.count("waiting")
        }

        /// The object.
        public var wire: JSONValue {
            .object([
                "name": name.wire, "slip": slip.wire, "state": state.wire,
                "waiting": waiting.wire,
            ])
        }
    }

    /// The most printers told.
    public static let printerCountMax = 16

    /// Milliseconds head office was ahead by; nil when never measured.
    public var clockOffset: Int64?
    /// The till's time of the oldest record without verdict.
    public var oldestUnsent: Instant?
    /// The till's printers, at most ``printerCountMax``; nil says nothing about them.
    public var printers: [Printer]?
    /// Records without verdict.
    public var unsentCount: Int
    /// What the sales among them come to.
    public var unsentValue: Money
    /// The program's version.
    public var version: String

    /// A till's word about itself.
    public init(
        clockOffset: Int64?, oldestUnsent: Instant?, printers: [Printer]? = nil,
        unsentCount: Int, unsentValue: Money, version: String
    ) {
        self.clockOffset = clockOffset
        self.oldestUnsent = oldestUnsent
        self.printers = printers.map { Array($0.prefix(Self.printerCountMax)) }
        self.unsentCount = unsentCount
        self.unsentValue = unsentValue
        self.version = version
    }

    /// Reads the object.
    public init(wire: JSONValue, at field: String) throws(WireFault) {
        let object = try WireObject(wire, at: field)
        clockOffset = try object.nullable("clockOffset")
        oldestUnsent = try object.nullable("oldestUnsent")
        let told: [Printer]? = try object.optional("printers")
        printers = told.map { Array($0.prefix(Self.printerCountMax)) }
        unsentCount = try object.count("unsentCount")
        unsentValue = try object.value("unsentValue")
        version = try object.value("version")
    }

    /// The object.
    public var wire: JSONValue {
        var members = [
            "clockOffset": clockOffset.wire, "oldestUnsent": oldestUnsent.wire,
            "unsentCount": unsentCount.wire, "unsentValue": unsentValue.wire,
            "version": version.wire,
        ]
        if let printers { members["printers"] = printers.wire }
        return .object(members)
    }
}

/// The header of a batch.
///
/// - Shape: `previous` is the hash before the first record, `head` the hash of the last, so a batch
///   can be checked before anything of it is looked at.
/// - Source: Docs/PROTOCOL.md §5.
public struct BatchHeader: WireValue, Hashable {
    /// The version this code writes and reads.
    public static let currentVersion = 1

    /// The batch's own id.
    public var batch: RecordID
    /// How many records follow.
    public var count: Int
    /// The key's epoch.
    public var epoch: Int
    /// The first record's sequence.
    public var first: Int64
    /// The hash of the last record in the batch.
    public var head: RecordHash
    /// The hash before the first record.
    public var previous: RecordHash
    /// The till's word about itself.
    public var status: TillStatus
    /// The till's code.
    public var till: String
    /// The till's newest record (R-R6).
    public var tillHead: JournalHead
    /// The layout's version.
    public var version: Int

    /// A header.
    public init(
        batch: RecordID, count: Int, epoch: Int, first: Int64, head: RecordHash,
        previous: RecordHash, status: TillStatus, till: String, tillHead: JournalHead,
        version: Int = BatchHeader.currentVersion
    ) {
        self.batch = batch
        self.count = count
        self.epoch = epoch
        self.first = first
        self.head = head
        self.previous = previous
        self.status = status
        self.till = till
        self.tillHead = tillHead
        self.version = version
    }

    /// Reads the object.
    public init(wire: JSONValue, at field: String) throws(WireFault) {
        let object = try WireObject(wire, at: field)
        batch = try object.value("batch")
        count = try object.count("count")
        epoch = try object.count("epoch")
        first = try object.integer("first", in: 1...Int64.max / 2)
        head = try object.value("head")
        previous = try object.value("previous")
        status = try object.value("status")
        till = try object.value("till")
        tillHead = try object.value("tillHead")
        version = try object.value("version")
    }

    /// The object.
    public var wire: JSONValue {
        .object([
            "batch": batch.wire, "count": count.wire, "epoch": epoch.wire, "first": first.wire,
            "head": head.wire, "previous": previous.wire, "status": status.wire,
            "till": till.wire, "tillHead": tillHead.wire, "version": version.wire,
        ])
    }
}
