extension Money: CustomStringConvertible {
    /// Yuan with two decimals and no separators: `12.34`, `-0.05`.
    public var description: String {
        let (yuan, rest) = fen.magnitude.quotientAndRemainder(dividingBy: 100)
        let decimals = rest < 10 ? "0\(rest)" : "\(rest)"
        return "\(fen < 0 ? "-" : "")\(yuan).\(decimals)"
    }

    /// Yuan with two decimals and a comma between thousands: `1,234.56`.
    public var grouped: String {
        let (yuan, rest) = fen.magnitude.quotientAndRemainder(dividingBy: 100)
        let digits = Array(String(yuan))
        var text = fen < 0 ? "-" : ""
        for (index, digit) in digits.enumerated() {
            if index > 0, (digits.count - index) % 3 == 0 { text.append(",") }
            text.append(digit)
        }
        return text + (rest < 10 ? ".0\(rest)" : ".\(rest)")
    }

    /// Reads an amount that a person entered in yuan.
    ///
    /// Surrounding spaces are dropped and full-width digits, point and minus become ASCII. At most
    /// two decimals; no thousands separator, because `1,50` and `1,500` are too easily confused.
    ///
    /// Refuses: `empty`, `notANumber`, `moreThanTwoDecimals`, `negative`, `tooLarge`.
    public static func parse(yuan text: String) throws(MoneyRefusal) -> Money {
        let cleaned = TypedText.trimmed(TypedText.withASCIIDigits(text))
        if cleaned.isEmpty { throw .empty }
        var digits = cleaned[...]
        let isNegative = digits.first == "-"
        if isNegative { digits = digits.dropFirst() }
        let parts = digits.split(separator: ".", omittingEmptySubsequences: false)
        let whole = parts.first ?? ""
        let decimals = parts.count == 2 ? parts[1] : ""
        guard parts.count <= 2, !whole.isEmpty, parts.count == 1 || !decimals.isEmpty,
            whole.allSatisfy(TypedText.isASCIIDigit), decimals.allSatisfy(TypedText.isASCIIDigit)
        else { throw .notANumber }
        if decimals.count > 2 { throw .moreThanTwoDecimals }
        if isNegative { throw .negative }
        let padded = decimals + String(repeating: "0", count: 2 - decimals.count)
        // Only digits are left, so the one way to fail is a number beyond 64 bits.
        guard let fen = Int64(whole + padded), fen <= largestEntered.fen else { throw .tooLarge }
        return Money(fen: fen)
    }
}
