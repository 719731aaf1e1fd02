/// A point in time.
///
/// Units and signs: milliseconds since 1970-01-01T00:00:00Z, leap seconds not counted.
/// Source: R-T1.
public struct Instant: Sendable, Hashable, Comparable {
    /// Milliseconds since 1970 in UTC.
    public let milliseconds: Int64

    /// The point that many milliseconds after the start of 1970 in UTC.
    public init(milliseconds: Int64) {
        self.milliseconds = milliseconds
    }

    /// Orders earlier before later.
    public static func < (left: Instant, right: Instant) -> Bool {
        left.milliseconds < right.milliseconds
    }

    /// The point that much later, or earlier when negative; stops at the ends of 64 bits, so that
    /// a till's absurd clock cannot bring head office down.
    public func adding(milliseconds other: Int64) -> Instant {
        let (sum, overflow) = milliseconds.addingReportingOverflow(other)
        if overflow { return Instant(milliseconds: other < 0 ? .min : .max) }
        return Instant(milliseconds: sum)
    }

    /// Milliseconds from the other point to this one; stops at the ends of 64 bits.
    public func milliseconds(since other: Instant) -> Int64 {
        let (difference, overflow) = milliseconds.subtractingReportingOverflow(other.milliseconds)
        if overflow { return milliseconds < other.milliseconds ? .min : .max }
        return difference
    }
}
