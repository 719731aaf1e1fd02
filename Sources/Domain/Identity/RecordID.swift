/// The identity of everything a node makes: a UUID, version 7 when made here.
///
/// Shape: 16 bytes; as text 36 characters, lower case with hyphens.
/// Repetition: the same id with the same content is the same thing (R-M3).
/// Source: RFC 9562 §4, §5.7.
public struct RecordID: Sendable, Hashable, Comparable, CustomStringConvertible {
    /// Bytes 0 to 7, big-endian.
    public let high: UInt64
    /// Bytes 8 to 15, big-endian.
    public let low: UInt64

    /// The id of those sixteen bytes, of whatever version.
    public init(high: UInt64, low: UInt64) {
        self.high = high
        self.low = low
    }

    /// The id in those bytes, nil unless there are sixteen.
    public init?(bytes: some Collection<UInt8>) {
        guard bytes.count == 16 else { return nil }
        func number(_ part: some Sequence<UInt8>) -> UInt64 {
            part.reduce(0) { $0 << 8 | UInt64($1) }
        }
        self.init(high: number(bytes.prefix(8)), low: number(bytes.suffix(8)))
    }

    /// Reads the 36-character form in lower or upper case, nil for any other shape.
    public init?(_ text: String) {
        let characters = Array(text.utf8)
        guard characters.count == 36 else { return nil }
        var words: [UInt64] = [0, 0]
        var digits = 0
        for (index, character) in characters.enumerated() {
            if [8, 13, 18, 23].contains(index) {
                guard character == UInt8(ascii: "-") else { return nil }
                continue
            }
            guard let value = Self.hexadecimal(character) else { return nil }
            words[digits / 16] = words[digits / 16] << 4 | UInt64(value)
            digits += 1
        }
        self.init(high: words[0], low: words[1])
    }

    /// A time-ordered id.
    ///
    /// Times before 1970 or beyond 48 bits take the nearest that fits.
    public static func version7(at time: Instant, random: (UInt64, UInt64)) -> RecordID {
        let milliseconds = UInt64(min(max(time.milliseconds, 0), 0xFFFF_FFFF_FFFF))
        return RecordID(
            high: milliseconds << 16 | 0x7000 | random.0 & 0x0FFF,
            low: 0x8000_0000_0000_0000 | random.1 & 0x3FFF_FFFF_FFFF_FFFF)
    }

    /// The sixteen bytes.
    public var bytes: [UInt8] {
        [high, low].flatMap { word in
            (0..<8).map { UInt8(truncatingIfNeeded: word >> (56 - 8 * $0)) }
        }
    }

    /// The 36-character form in lower case.
    public var description: String {
        var text = ""
        for (index, byte) in bytes.enumerated() {
            if [4, 6, 8, 10].contains(index) { text.append("-") }
            text += byte < 16 ? "0" + String(byte, radix: 16) : String(byte, radix: 16)
        }
        return text
    }

    /// The version field, 7 for ids made here.
    public var version: Int { Int(high >> 12 & 0xF) }

    /// The time in a version 7 id; without meaning for other versions.
    public var time: Instant { Instant(milliseconds: Int64(high >> 16)) }

    /// Orders as the bytes do, so version 7 ids by time.
    public static func < (left: RecordID, right: RecordID) -> Bool {
        (left.high, left.low) < (right.high, right.low)
    }

    private static func hexadecimal(_ character: UInt8) -> UInt8? {
        switch character {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): character - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): character - UInt8(ascii: "a") + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): character - UInt8(ascii: "A") + 10
        default: nil
        }
    }
}
