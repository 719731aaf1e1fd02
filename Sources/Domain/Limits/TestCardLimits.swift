/// What a test card may be charged.
///
/// Source: R-P7.
public enum TestCardLimits {
    /// A charge must be below this: ¥1.00.
    public static let chargeBelow = Money(fen: 100)
    /// The most a till may charge to test cards on one business day: ¥10.00.
    public static let tillTotalPerDay = Money(fen: 1_000)
    /// The most charges to test cards at a till on one business day.
    public static let tillCountPerDay: Int64 = 20

    /// What a till has charged to test cards today.
    public struct Usage: Sendable, Hashable {
        /// The sum of the charges.
        public let total: Money
        /// The number of the charges.
        public let count: Int64

        /// That much so far.
        public init(total: Money, count: Int64) {
            self.total = total
            self.count = count
        }

        /// Nothing so far.
        public static let none = Usage(total: .zero, count: 0)
    }

    /// Whether one more charge is within all three limits.
    public static func allow(_ amount: Money, usage: Usage) -> Bool {
        guard amount < chargeBelow, usage.count < tillCountPerDay,
            let total = try? usage.total.adding(amount)
        else { return false }
        return total <= tillTotalPerDay
    }
}
