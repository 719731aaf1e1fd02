public import Domain

/// Head office's place in the feed of changes; opaque to the till.
///
/// - Shape: at most 64 of `A–Z a–z 0–9 - _ . :`; empty before the first pull.
public struct Cursor: WireValue, Hashable {
    /// Before everything.
    public static let start = Cursor(unchecked: "")

    /// The text.
    public let text: String

    /// A cursor; nil for a text that could not stand in an address.
    public init?(_ text: String) {
        guard text.utf8.count <= 64, text.utf8.allSatisfy(Self.isAllowed) else { return nil }
        self.text = text
    }

    private init(unchecked text: String) { self.text = text }

    /// Reads the text.
    public init(wire: JSONValue, at field: String) throws(WireFault) {
        guard let cursor = Cursor(try String(wire: wire, at: field)) else {
            throw WireFault(.outOfRange, field)
        }
        self = cursor
    }

    /// The text.
    public var wire: JSONValue { .text(text) }

    private static func isAllowed(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"),
            UInt8(ascii: "."), UInt8(ascii: ":"):
            true
        default: false
        }
    }
}

/// What a pull asks for, as path and query.
///
/// - Units: `waitSeconds` 0 to 25: how long head office may wait for something new.
/// - Source: Docs/PROTOCOL.md §7.
public struct ChangesRequest: Sendable, Hashable {
    /// The path.
    public static let path = "/sync/v1/changes"
    /// The longest wait.
    public static let waitSecondsMax = 25

    /// After which place.
    public var after: Cursor
    /// How long head office may wait.
    public var waitSeconds: Int
    /// The till's newest record (R-R6).
    public var head: JournalHead
    /// The till's word about itself; nil says nothing.
    public var status: TillStatus?

    /// A pull; the wait is brought within its bounds.
    public init(after: Cursor, waitSeconds: Int, head: JournalHead, status: TillStatus? = nil) {
        self.status = status
        self.after = after
        self.waitSeconds = min(max(waitSeconds, 0), Self.waitSecondsMax)
        self.head = head
    }

    /// Path and query.
    public var pathAndQuery: String {
        let told = status.map { "&status=" + Base64.url.text($0.bytes) } ?? ""
        return "\(Self.path)?after=\(after.text)&wait=\(waitSeconds)&head=\(head.query)" + told
    }

    /// Reads the query's values; nil when one is missing or no value of the protocol. A status that cannot be
    /// read says nothing: no pull fails for it.
    public init?(after: String?, wait: String?, head: String?, status: String? = nil) {
        guard let after = after.flatMap(Cursor.init(_:)), let seconds = wait.flatMap({ Int($0) }),
            (0...Self.waitSecondsMax).contains(seconds),
            let head = head.flatMap(JournalHead.init(query:))
        else { return nil }
        self.init(
            after: after, waitSeconds: seconds, head: head,
            status: status.flatMap(Base64.url.bytes).flatMap { try? TillStatus(bytes: $0) })
    }
}

/// Head office's answer to a pull.
///
/// - Shape: at most 1,000 items, oldest first. `complete` is there exactly when `more` is false.
/// - Source: Docs/PROTOCOL.md §7; R-P14.
public struct ChangesReply: WireValue, Hashable {
    /// The most items in a reply.
    public static let itemCountMax = 1_000

    /// "Everything up to `version` is in, as of `at`": what the till's knowledge is as old as.
    public struct Complete: WireValue, Hashable {
        /// Head office's time; age (R-P3) counts from it.
        public var at: Instant
        /// Up to which place.
        public var version: Cursor

        /// A statement of completeness.
        public init(at: Instant, version: Cursor) {
            self.at = at
            self.version = version
        }

        /// Reads the object.
        public init(wire: JSONValue, at field: String) throws(WireFault) {
            let object = try WireObject(wire, at: field)
            at = try object.value("at")
            version = try object.value("version")
        }

        /// The object.
        public var wire: JSONValue { .object(["at": at.wire, "version": version.wire]) }
    }

    /// Head office's time.
    public var beacon: String
    /// Present when nothing more is waiting.
    public var complete: Complete?
    /// The changes.
    public var items: [ChangeItem]
    /// Whether more is waiting.
    public var more: Bool { complete == nil }
    /// Where the next pull goes on.
    public var next: Cursor

    /// An answer; `complete` is nil exactly when more is waiting.
    public init(beacon: String, complete: Complete?, items: [ChangeItem], next: Cursor) {
        self.beacon = beacon
        self.complete = complete
        self.items = items
        self.next = next
    }

    /// Reads the object.
    public init(wire: JSONValue, at field: String) throws(WireFault) {
        let object = try WireObject(wire, at: field)
        beacon = try object.value("beacon")
        complete = try object.optional("complete")
        items = try object.value("items")
        next = try object.value("next")
        let more: Bool = try object.value("more")
        guard more == (complete == nil) else { throw object.outOfRange("complete") }
    }

    /// The object.
    public var wire: JSONValue {
        var members: [String: JSONValue] = [
            "beacon": beacon.wire, "items": items.wire, "more": more.wire, "next": next.wire,
        ]
        if let complete { members["complete"] = complete.wire }
        return .object(members)
    }
}
