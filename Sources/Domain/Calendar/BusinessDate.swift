/// A calendar day of business, from midnight to midnight in Asia/Shanghai.
///
/// Shape: `2026-11-25`; compact `20261125`. Years 1 to 9999.
/// Source: R-T1. China has kept UTC+8 without summer time since 1991, so the offset is a constant
/// here: no time zone data of the machine can move a sale into another month.
public struct BusinessDate: Sendable, Hashable, Comparable, CustomStringConvertible {
    /// Asia/Shanghai ahead of UTC.
    public static let offsetFromUTC: Int64 = 8 * 3_600_000

    /// The length of every business day.
    static let millisecondsPerDay: Int64 = 86_400_000

    /// The Gregorian year.
    public let year: Int
    /// The month, 1 to 12.
    public let month: Int
    /// The day of the month, from 1.
    public let day: Int

    /// That day, nil when the calendar has no such day (29 February of a common year).
    public init?(year: Int, month: Int, day: Int) {
        guard (1...9999).contains(year), (1...12).contains(month), day >= 1,
            day <= TradingMonth.dayCount(year: year, month: month)
        else { return nil }
        self.init(validYear: year, month: month, day: day)
    }

    init(validYear year: Int, month: Int, day: Int) {
        self.year = year
        self.month = month
        self.day = day
    }

    /// The business day in which the instant lies; times outside years 1 to 9999 take the nearest.
    public init(_ instant: Instant) {
        let local = instant.adding(milliseconds: Self.offsetFromUTC).milliseconds
        var days = local / Self.millisecondsPerDay
        if local % Self.millisecondsPerDay < 0 { days -= 1 }
        let bounded = min(max(days, CivilDay.first), CivilDay.last)
        let civil = CivilDay.date(ofDay: bounded)
        self.init(validYear: civil.year, month: civil.month, day: civil.day)
    }

    /// Reads `2026-11-25`, nil for any other shape or a day that does not exist.
    public static func parse(_ text: String) -> BusinessDate? {
        let parts = text.split(separator: "-", omittingEmptySubsequences: false)
        guard parts.count == 3, let year = TypedText.number(parts[0], digits: 4),
            let month = TypedText.number(parts[1], digits: 2),
            let day = TypedText.number(parts[2], digits: 2)
        else { return nil }
        return BusinessDate(year: year, month: month, day: day)
    }

    /// Reads `20261125`, nil for any other shape or a day that does not exist.
    public static func parse(compact text: String) -> BusinessDate? {
        guard text.count == 8, let year = TypedText.number(text.prefix(4), digits: 4),
            let month = TypedText.number(text.dropFirst(4).prefix(2), digits: 2),
            let day = TypedText.number(text.suffix(2), digits: 2)
        else { return nil }
        return BusinessDate(year: year, month: month, day: day)
    }

    /// The day as `2026-11-25`.
    public var description: String { "\(tradingMonth)-\(TypedText.padded(day, to: 2))" }

    /// The day as `20261125`, for numbers and file names.
    public var compact: String {
        TypedText.padded(year, to: 4) + TypedText.padded(month, to: 2)
            + TypedText.padded(day, to: 2)
    }

    /// The month the day belongs to.
    public var tradingMonth: TradingMonth { TradingMonth(validYear: year, month: month) }

    /// The first instant of the day.
    public var start: Instant {
        let days = CivilDay.number(year: year, month: month, day: day)
        return Instant(milliseconds: days * Self.millisecondsPerDay - Self.offsetFromUTC)
    }

    /// The first instant of the following day.
    public var end: Instant { start.adding(milliseconds: Self.millisecondsPerDay) }

    /// The following day; the last representable day is followed by itself.
    public var next: BusinessDate { BusinessDate(end) }

    /// The day before; the first representable day is preceded by itself.
    public var previous: BusinessDate { BusinessDate(start.adding(milliseconds: -1)) }

    /// Orders earlier before later.
    public static func < (left: BusinessDate, right: BusinessDate) -> Bool {
        (left.year, left.month, left.day) < (right.year, right.month, right.day)
    }
}
