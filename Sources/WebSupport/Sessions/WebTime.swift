/// A moment, as the web parts count it: milliseconds since 1970 UTC.
///
/// The nodes pass a clock in; nothing here reads one.
public struct WebTime: Sendable, Hashable, Comparable, Codable {
    /// Milliseconds since 1970-01-01T00:00:00Z.
    public let milliseconds: Int64

    /// A moment from milliseconds since 1970 UTC.
    public init(milliseconds: Int64) {
        self.milliseconds = milliseconds
    }

    /// The moment `duration` later; whole milliseconds.
    public func adding(_ duration: Duration) -> WebTime {
        let parts = duration.components
        let step = parts.seconds * 1000 + parts.attoseconds / 1_000_000_000_000_000
        return WebTime(milliseconds: milliseconds + step)
    }

    /// Earlier moments are smaller.
    public static func < (left: WebTime, right: WebTime) -> Bool {
        left.milliseconds < right.milliseconds
    }
}
