/// An amount of money in Chinese yuan.
///
/// Units and signs: whole fen (¥0.01); a negative amount only arises from subtraction.
/// Source: R-M1.
public struct Money: Sendable, Hashable, Comparable {
    /// The amount in fen.
    public let fen: Int64

    /// An amount of that many fen.
    public init(fen: Int64) {
        self.fen = fen
    }

    /// No money.
    public static let zero = Money(fen: 0)

    /// The most that a person may enter: ¥10,000,000.00.
    public static let largestEntered = Money(fen: 1_000_000_000)

    /// Orders by amount.
    public static func < (left: Money, right: Money) -> Bool {
        left.fen < right.fen
    }

    /// This amount and another.
    ///
    /// Refuses: `overflow`.
    public func adding(_ other: Money) throws(MoneyRefusal) -> Money {
        let (sum, overflow) = fen.addingReportingOverflow(other.fen)
        if overflow { throw .overflow }
        return Money(fen: sum)
    }

    /// This amount less another; may come out below zero.
    ///
    /// Refuses: `overflow`.
    public func subtracting(_ other: Money) throws(MoneyRefusal) -> Money {
        let (difference, overflow) = fen.subtractingReportingOverflow(other.fen)
        if overflow { throw .overflow }
        return Money(fen: difference)
    }

    /// This amount that many times.
    ///
    /// Refuses: `overflow`.
    public func multiplied(by count: Int64) throws(MoneyRefusal) -> Money {
        let (product, overflow) = fen.multipliedReportingOverflow(by: count)
        if overflow { throw .overflow }
        return Money(fen: product)
    }

    /// The sum of all parts, zero when there are none.
    ///
    /// Refuses: `overflow`.
    public static func sum(_ parts: some Sequence<Money>) throws(MoneyRefusal) -> Money {
        var total = Money.zero
        for part in parts {
            total = try total.adding(part)
        }
        return total
    }
}
