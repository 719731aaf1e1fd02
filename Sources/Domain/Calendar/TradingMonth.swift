/// A calendar month of business in Asia/Shanghai, the unit that is closed and settled.
///
/// Shape: `2026-11`. Years 1 to 9999.
/// Source: R-T1, R-R1, R-L5.
public struct TradingMonth: Sendable, Hashable, Comparable, CustomStringConvertible {
    /// The Gregorian year.
    public let year: Int
    /// The month, 1 to 12.
    public let month: Int

    /// That month, nil outside years 1 to 9999 and months 1 to 12.
    public init?(year: Int, month: Int) {
        guard (1...9999).contains(year), (1...12).contains(month) else { return nil }
        self.init(validYear: year, month: month)
    }

    init(validYear year: Int, month: Int) {
        self.year = year
        self.month = month
    }

    /// The month in which the instant lies.
    public init(_ instant: Instant) {
        self = BusinessDate(instant).tradingMonth
    }

    /// Reads `2026-11`, nil for any other shape.
    public static func parse(_ text: String) -> TradingMonth? {
        let parts = text.split(separator: "-", omittingEmptySubsequences: false)
        guard parts.count == 2, let year = TypedText.number(parts[0], digits: 4),
            let month = TypedText.number(parts[1], digits: 2)
        else { return nil }
        return TradingMonth(year: year, month: month)
    }

    /// The month as `2026-11`.
    public var description: String {
        "\(TypedText.padded(year, to: 4))-\(TypedText.padded(month, to: 2))"
    }

    /// The month's first day.
    public var firstDay: BusinessDate { BusinessDate(validYear: year, month: month, day: 1) }

    /// The month's last day.
    public var lastDay: BusinessDate {
        let day = Self.dayCount(year: year, month: month)
        return BusinessDate(validYear: year, month: month, day: day)
    }

    /// The first instant of the month.
    public var start: Instant { firstDay.start }

    /// The first instant after the month.
    public var end: Instant { lastDay.end }

    /// The following month; the last representable month is followed by itself.
    public var next: TradingMonth { lastDay.next.tradingMonth }

    /// The month before; the first representable month is preceded by itself.
    public var previous: TradingMonth { firstDay.previous.tradingMonth }

    /// Whether the instant lies in the month.
    public func contains(_ instant: Instant) -> Bool {
        start <= instant && instant < end
    }

    /// Orders earlier before later.
    public static func < (left: TradingMonth, right: TradingMonth) -> Bool {
        (left.year, left.month) < (right.year, right.month)
    }

    /// The number of days in a month of the Gregorian calendar.
    static func dayCount(year: Int, month: Int) -> Int {
        switch month {
        case 2: isLeap(year) ? 29 : 28
        case 4, 6, 9, 11: 30
        default: 31
        }
    }

    private static func isLeap(_ year: Int) -> Bool {
        year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
    }
}
