/// A card number as embossed.
///
/// Shape: 16 to 19 ASCII digits, compared exactly.
/// Source: R-M2. The number itself never reaches a log: the description is the mask.
public struct CardNumber: Sendable, Hashable, CustomStringConvertible,
    CustomDebugStringConvertible, CustomReflectable
{
    /// The digits.
    public let text: String

    /// Reads a number as typed, scanned or swiped: spaces anywhere are dropped and full-width
    /// digits become ASCII; nothing else is forgiven.
    ///
    /// Refuses: `numberEmpty`, `numberNotDigits`, `numberLength`.
    public init(_ entered: String) throws(CardRefusal) {
        let digits = TypedText.withASCIIDigits(entered).filter { !TypedText.isSpace($0) }
        if digits.isEmpty { throw .numberEmpty }
        guard digits.allSatisfy(TypedText.isASCIIDigit) else { throw .numberNotDigits }
        guard (16...19).contains(digits.count) else { throw .numberLength }
        text = digits
    }

    init(valid text: String) {
        self.text = text
    }

    /// First and last four digits, in one shape whatever the length: `6160 **** **** 0002`.
    public var masked: String { "\(text.prefix(4)) **** **** \(text.suffix(4))" }

    /// The mask.
    public var description: String { masked }

    /// The mask.
    public var debugDescription: String { masked }

    /// Shows the mask alone, so that `dump` cannot leak the number.
    public var customMirror: Mirror { Mirror(self, children: ["masked": masked]) }
}
