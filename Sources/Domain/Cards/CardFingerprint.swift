/// What a till knows a card by: a keyed digest of its number.
///
/// Shape: 32 lower-case hexadecimal digits (the first 16 bytes of an HMAC-SHA-256).
/// Source: R-W3; PROTOCOL §3.
public struct CardFingerprint: Sendable, Hashable, Comparable, CustomStringConvertible {
    /// The 32 digits.
    public let text: String

    /// Reads the 32-digit form.
    ///
    /// Refuses: `fingerprintMalformed`.
    public init(_ text: String) throws(CardRefusal) {
        let isHexadecimal = text.utf8.allSatisfy { byte in
            (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
                || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains(byte)
        }
        guard text.utf8.count == 32, isHexadecimal else { throw .fingerprintMalformed }
        self.text = text
    }

    /// No card's: 32 zeroes, which no number comes to. It stands where a card is not known, in a
    /// sale by confirmation code that head office never held money for.
    public static let noCard = CardFingerprint(unchecked: String(repeating: "0", count: 32))

    private init(unchecked text: String) { self.text = text }

    /// The 32 digits.
    public var description: String { text }

    /// Orders by the digits.
    public static func < (left: CardFingerprint, right: CardFingerprint) -> Bool {
        left.text < right.text
    }
}
