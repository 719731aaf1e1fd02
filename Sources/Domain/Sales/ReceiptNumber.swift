/// The order number 订单号 that people read out: store, till, business date and counter.
///
/// Shape: `GD0001-01-20261125-0001`; `GD0001-01e2-20261125-0001` under the till's second epoch, so
/// that a till set up again after a fork cannot repeat a number.
/// Source: R-M4, S-5. Fixed at sale time; for people, never an identity.
public struct ReceiptNumber: Sendable, Hashable, CustomStringConvertible {
    /// The till's name: store code, hyphen, two or more digits.
    public let till: String
    /// The till's epoch, from 1.
    public let epoch: Int
    /// The business date of the sale.
    public let date: BusinessDate
    /// Counts the till's sales of that date, from 1; four digits or more.
    public let counter: Int

    /// The number of those parts, nil when one of them has no such form.
    public init?(till: String, epoch: Int, date: BusinessDate, counter: Int) {
        guard Self.isTill(till), epoch >= 1, counter >= 1 else { return nil }
        self.till = till
        self.epoch = epoch
        self.date = date
        self.counter = counter
    }

    /// Reads a number as printed; lower case, full-width digits and surrounding spaces are
    /// forgiven, because people type it. Nil for any other shape.
    public init?(_ text: String) {
        let cleaned = TypedText.trimmed(TypedText.withASCIIDigits(text)).uppercased()
        let parts = cleaned.split(separator: "-", omittingEmptySubsequences: false)
        guard parts.count == 4, let date = BusinessDate.parse(compact: String(parts[2])),
            let counter = Self.counter(parts[3])
        else { return nil }
        let tillParts = parts[1].split(separator: "E", omittingEmptySubsequences: false)
        guard let tillNumber = tillParts.first, tillParts.count <= 2 else { return nil }
        var epoch = 1
        if tillParts.count == 2 {
            guard let stated = Self.number(tillParts[1]), stated > 1 else { return nil }
            epoch = stated
        }
        self.init(till: "\(parts[0])-\(tillNumber)", epoch: epoch, date: date, counter: counter)
    }

    /// The number as printed.
    public var description: String {
        let suffix = epoch > 1 ? "e\(epoch)" : ""
        return "\(till)\(suffix)-\(date.compact)-\(TypedText.padded(counter, to: 4))"
    }

    private static func isTill(_ text: String) -> Bool {
        let parts = text.split(separator: "-", omittingEmptySubsequences: false)
        guard parts.count == 2, (1...16).contains(parts[0].count), (2...4).contains(parts[1].count)
        else { return false }
        return parts[0].allSatisfy { TypedText.isASCIIDigit($0) || ("A"..."Z").contains($0) }
            && parts[1].allSatisfy(TypedText.isASCIIDigit)
    }

    private static func counter(_ text: Substring) -> Int? {
        guard text.count == 4 || (text.count > 4 && text.first != "0") else { return nil }
        guard text.count <= 9, text.allSatisfy(TypedText.isASCIIDigit) else { return nil }
        return Int(text)
    }

    private static func number(_ text: Substring) -> Int? {
        guard (1...9).contains(text.count), text.first != "0",
            text.allSatisfy(TypedText.isASCIIDigit)
        else { return nil }
        return Int(text)
    }
}
