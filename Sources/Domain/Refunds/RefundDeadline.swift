/// Until when a sale can be refunded.
///
/// Source: R-R1: never across the calendar month of the sale; finance may grant proved requests up
/// to three days more.
public struct RefundDeadline: Sendable, Hashable {
    /// The most days that finance may grant.
    public static let largestGraceDays = 3

    /// The first instant at which it is too late.
    public let end: Instant

    /// The deadline of a sale.
    ///
    /// Shape: `graceDays` is finance's setting, taken as 0 to 3; it counts only for a request
    /// proved to be made in the month.
    public init(saleTime: Instant, graceDays: Int = 0, evidence: TimeEvidence = .claimed) {
        let monthEnd = TradingMonth(saleTime).end
        let days = evidence == .proved ? min(max(graceDays, 0), Self.largestGraceDays) : 0
        end = monthEnd.adding(milliseconds: Int64(days) * BusinessDate.millisecondsPerDay)
    }

    /// The last business day on which it is not too late.
    public var lastDay: BusinessDate { BusinessDate(end).previous }

    /// Whether it is too late.
    public func isOver(at now: Instant) -> Bool { now >= end }

    /// Days after today on which it is not too late: 0 on the last day, nil when it is over.
    public func daysLeft(at now: Instant) -> Int64? {
        guard !isOver(at: now) else { return nil }
        let today = BusinessDate(now).start
        return lastDay.start.milliseconds(since: today) / BusinessDate.millisecondsPerDay
    }
}
