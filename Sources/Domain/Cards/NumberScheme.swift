/// How a programme numbers its cards.
///
/// Shape: stored and sent as the raw text.
/// Source: R-M2.
public enum NumberScheme: String, Sendable, Hashable, CaseIterable {
    /// 4-digit prefix, 8-digit issue date, 4-digit sequence; no check digit, guessable.
    case dated16
    /// 6-digit prefix, 12 unguessable digits, Luhn digit; the default for new programmes.
    case luhn19

    /// Digits in the programme's prefix.
    public var prefixLength: Int {
        switch self {
        case .dated16: 4
        case .luhn19: 6
        }
    }

    /// Whether the text can be a programme's prefix under this scheme.
    public func acceptsPrefix(_ prefix: String) -> Bool {
        prefix.count == prefixLength && prefix.allSatisfy(TypedText.isASCIIDigit)
    }

    /// Whether the number has the scheme's form under that prefix.
    public func accepts(_ number: CardNumber, prefix: String) -> Bool {
        guard acceptsPrefix(prefix), number.text.hasPrefix(prefix) else { return false }
        switch self {
        case .dated16:
            let date = String(number.text.dropFirst(4).prefix(8))
            return number.text.count == 16 && BusinessDate.parse(compact: date) != nil
        case .luhn19:
            return number.text.count == 19
                && Self.luhnDigit(of: number.text.dropLast()) == TypedText.digit(number.text.last)
        }
    }

    /// The `dated16` number of that prefix, issue date and sequence.
    ///
    /// Refuses: `numberScheme` for another prefix length or a sequence outside 0 to 9999.
    public static func dated16(prefix: String, date: BusinessDate, sequence: Int)
        throws(CardRefusal) -> CardNumber
    {
        guard NumberScheme.dated16.acceptsPrefix(prefix), (0...9999).contains(sequence) else {
            throw .numberScheme
        }
        return CardNumber(valid: prefix + date.compact + TypedText.padded(sequence, to: 4))
    }

    /// The `luhn19` number of that prefix and random value.
    ///
    /// Shape: the value's remainder by 10^12 gives the twelve digits. 2^64 is not a multiple of
    /// 10^12, but the bias is below one in ten million.
    /// Refuses: `numberScheme` for another prefix length.
    public static func luhn19(prefix: String, random: UInt64) throws(CardRefusal) -> CardNumber {
        guard NumberScheme.luhn19.acceptsPrefix(prefix) else { throw .numberScheme }
        let body = prefix + TypedText.padded(Int(random % 1_000_000_000_000), to: 12)
        return CardNumber(valid: body + String(luhnDigit(of: body[...])))
    }

    /// The check digit that belongs behind those digits (ISO/IEC 7812-1 annex B).
    static func luhnDigit(of digits: Substring) -> Int {
        var sum = 0
        for (index, character) in digits.reversed().enumerated() {
            let digit = TypedText.digit(character) ?? 0
            let doubled = index.isMultiple(of: 2) ? digit * 2 : digit
            sum += doubled > 9 ? doubled - 9 : doubled
        }
        return (10 - sum % 10) % 10
    }
}
