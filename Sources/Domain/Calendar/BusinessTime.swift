/// When a till's record happened, as head office fixes it at first receipt.
///
/// Units and signs: milliseconds. Used unchanged for ever by every rule and report.
/// Source: R-T2.
public struct BusinessTime: Sendable, Hashable {
    /// What was noticed about the till's clock; the record is kept whatever it is.
    public enum Flag: String, Sendable, Hashable, CaseIterable {
        /// The till's own clock went back between the record before and this one.
        case clockStepped = "clock_stepped"
        /// The till's clock was more than five minutes off.
        case clockOff = "clock_off"
        /// The corrected time lay outside what can be and was brought inside.
        case broughtInside = "brought_inside"
    }

    /// How far off a till's clock may be without a flag.
    public static let offsetTolerance: Int64 = 300_000
    /// What measuring and slewing explain: an offset is only measured when the round trip took
    /// under 2 s. Less than this is corrected without a flag, or every second record pushed at once
    /// would count as contradicted (R-R6).
    public static let measurementTolerance: Int64 = 2_000

    /// The time that every rule uses.
    public let instant: Instant
    /// What was noticed.
    public let flags: Set<Flag>

    /// The business date.
    public var date: BusinessDate { BusinessDate(instant) }

    /// Fixes the time of a record.
    ///
    /// Shape: `at` and `offset` as in the record, `previousAt` the `at` of the record before it in
    /// the same journal, `lastBeacon` the issue time of the last beacon journalled before it,
    /// `received` head office's clock at first receipt. A beacon later than `received` means that
    /// head office's own clock went back; then `received` alone counts.
    public init(
        at: Instant, offset: Int64?, previousAt: Instant?, lastBeacon: Instant?, received: Instant
    ) {
        var flags: Set<Flag> = []
        if let previousAt, previousAt.milliseconds(since: at) > Self.measurementTolerance {
            flags.insert(.clockStepped)
        }
        if let offset, !(-Self.offsetTolerance...Self.offsetTolerance).contains(offset) {
            flags.insert(.clockOff)
        }
        let corrected = at.adding(milliseconds: offset ?? 0)
        let earliest = min(lastBeacon ?? Instant(milliseconds: .min), received)
        instant = min(max(corrected, earliest), received)
        let moved = corrected.milliseconds(since: instant)
        if !(-Self.measurementTolerance...Self.measurementTolerance).contains(moved) {
            flags.insert(.broughtInside)
        }
        self.flags = flags
    }

    /// A time fixed earlier, as stored.
    public init(instant: Instant, flags: Set<Flag>) {
        self.instant = instant
        self.flags = flags
    }
}
