public import Domain

/// One fact of a till's journal: an envelope around a body, kept as the bytes that were hashed.
///
/// - Shape: `{"at":ms,"body":{…},"id":"uuid7","kind":"…","offset":ms|null,"v":1}`. Its position
///   (till, epoch, sequence) is outside it.
/// - Source: Docs/PROTOCOL.md §2.
public struct Record: Sendable, Hashable {
    /// The version this code writes and reads.
    public static let currentVersion = 1

    /// The canonical bytes: stored, hashed and sent as they are, never encoded again.
    public let bytes: [UInt8]
    /// The till's uncorrected time.
    public let at: Instant
    /// The record's id, made before anything was sent.
    public let id: RecordID
    /// Milliseconds head office was ahead by when last measured; nil when never measured.
    public let offset: Int64?
    /// What is recorded.
    public let body: RecordBody

    /// Makes a record; `body` is not `.unknown`.
    public init(at: Instant, id: RecordID, offset: Int64?, body: RecordBody) {
        self.at = at
        self.id = id
        self.offset = offset
        self.body = body
        bytes =
            JSONValue.object([
                "at": at.wire, "body": body.wire, "id": id.wire, "kind": .text(body.kind),
                "offset": offset.wire, "v": .integer(Int64(Self.currentVersion)),
            ]).canonicalBytes
    }

    /// Reads a record and keeps its bytes.
    ///
    /// - Shape: a kind this code does not know, or a later version of one, is `.unknown`.
    /// - Refuses: anything else that is not a record; head office makes it the exception
    ///   `unreadable_record`.
    public init(bytes: [UInt8]) throws(WireFault) {
        let object = try WireObject(try JSONValue(parsing: bytes), at: "")
        at = try object.value("at")
        id = try object.value("id")
        offset = try object.nullable("offset")
        let kind: String = try object.value("kind")
        let version = try object.count("v", in: 1...1_000_000)
        guard let body = object.members["body"] else { throw WireFault(.missing, "body") }
        self.body =
            version == Self.currentVersion
            ? try RecordBody(kind: kind, wire: body) : .unknown(kind: kind, version: version)
        self.bytes = bytes
    }

    /// The id of bytes that are no record, if that much can be read.
    public static func id(inUnreadable bytes: [UInt8]) -> RecordID? {
        guard let value = try? JSONValue(parsing: bytes),
            let object = try? WireObject(value, at: "")
        else { return nil }
        return try? object.value("id")
    }

    /// The till's time corrected by its last measured offset (R-T2).
    public var correctedTime: Instant { at.adding(milliseconds: offset ?? 0) }
}

/// What a record says, by kind.
public enum RecordBody: Sendable, Hashable {
    /// The till node started.
    case tillStarted(TillStarted)
    /// Head office's time, as last received.
    case beacon(BeaconRecorded)
    /// A sale was settled.
    case saleCompleted(SaleCompleted)
    /// A payment ended without a sale.
    case paymentCancelled(PaymentCancelled)
    /// Money is asked back for a sale.
    case refundRequested(RefundRequested)
    /// A request is taken back.
    case refundWithdrawn(RefundWithdrawn)
    /// A slip went to the printer.
    case slipPrinted(SlipPrinted)
    /// The till says what it did since it last said so.
    case dayClosed(DayClosed)
    /// A kind or version that this code does not know.
    case unknown(kind: String, version: Int)

    /// The kind's word.
    public var kind: String {
        switch self {
        case .tillStarted: TillStarted.kind
        case .beacon: BeaconRecorded.kind
        case .saleCompleted: SaleCompleted.kind
        case .paymentCancelled: PaymentCancelled.kind
        case .refundRequested: RefundRequested.kind
        case .refundWithdrawn: RefundWithdrawn.kind
        case .slipPrinted: SlipPrinted.kind
        case .dayClosed: DayClosed.kind
        case .unknown(let kind, _): kind
        }
    }

    init(kind: String, wire: JSONValue) throws(WireFault) {
        switch kind {
        case TillStarted.kind: self = .tillStarted(try TillStarted(wire: wire, at: "body"))
        case BeaconRecorded.kind: self = .beacon(try BeaconRecorded(wire: wire, at: "body"))
        case SaleCompleted.kind: self = .saleCompleted(try SaleCompleted(wire: wire, at: "body"))
        case PaymentCancelled.kind:
            self = .paymentCancelled(try PaymentCancelled(wire: wire, at: "body"))
        case RefundRequested.kind:
            self = .refundRequested(try RefundRequested(wire: wire, at: "body"))
        case RefundWithdrawn.kind:
            self = .refundWithdrawn(try RefundWithdrawn(wire: wire, at: "body"))
        case SlipPrinted.kind: self = .slipPrinted(try SlipPrinted(wire: wire, at: "body"))
        case DayClosed.kind: self = .dayClosed(try DayClosed(wire: wire, at: "body"))
        default: self = .unknown(kind: kind, version: Record.currentVersion)
        }
    }

    var wire: JSONValue {
        switch self {
        case .tillStarted(let body): body.wire
        case .beacon(let body): body.wire
        case .saleCompleted(let body): body.wire
        case .paymentCancelled(let body): body.wire
        case .refundRequested(let body): body.wire
        case .refundWithdrawn(let body): body.wire
        case .slipPrinted(let body): body.wire
        case .dayClosed(let body): body.wire
        case .unknown(let kind, _): preconditionFailure("no till makes a record of kind \(kind)")
        }
    }
}
