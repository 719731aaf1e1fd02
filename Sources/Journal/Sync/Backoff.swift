/// Exponential waiting with full jitter, from 1 s to 60 s.
///
/// - Source: Docs/ARCHITECTURE.md §3. Full jitter, so that ten thousand tills that lost the same
///   line do not come back in the same second.
public struct Backoff: Sendable, Hashable {
    /// The longest wait in milliseconds.
    public static let delayMax: Int64 = 60_000

    /// The longest wait while somebody's money waits to be sent. A line that returns is then used after some
    /// seconds; ten thousand such tills still ask less than fifteen hundred times a second.
    public static let delayMaxWithBacklog: Int64 = 15_000

    /// Failures in a row.
    public private(set) var failureCount = 0

    /// No failures yet.
    public init() {}

    /// One more failure.
    ///
    /// - Parameter random: any 64 random bits.
    /// - Units: returns milliseconds, from 0 to 1 s doubled with each failure.
    public mutating func failed(random: UInt64, delayMax: Int64 = delayMax) -> Int64 {
        let bound = min(1_000 << Int64(min(failureCount, 10)), delayMax)
        failureCount += 1
        return Int64(random % UInt64(bound + 1))
    }

    /// An answer came.
    public mutating func succeeded() { failureCount = 0 }
}
