public import Domain
import Foundation

/// Time and randomness, given to head office from outside so that tests can choose them.
public struct OfficeClock: Sendable {
    /// The present.
    public let now: @Sendable () -> Instant
    /// So many random bytes, fit for keys and codes.
    public let randomBytes: @Sendable (Int) -> [UInt8]

    /// A clock from its parts.
    public init(
        now: @escaping @Sendable () -> Instant,
        randomBytes: @escaping @Sendable (Int) -> [UInt8] = OfficeClock.systemRandomBytes
    ) {
        self.now = now
        self.randomBytes = randomBytes
    }

    /// The machine's clock and the system's random numbers.
    public static let system = OfficeClock(now: {
        Instant(milliseconds: Int64(Date().timeIntervalSince1970 * 1_000))
    })

    /// Random bytes of the operating system.
    public static let systemRandomBytes: @Sendable (Int) -> [UInt8] = { count in
        var generator = SystemRandomNumberGenerator()
        return (0..<count).map { _ in UInt8.random(in: .min ... .max, using: &generator) }
    }

    /// A new time-ordered id.
    public func makeID() -> RecordID {
        let bytes = randomBytes(16)
        func word(_ part: ArraySlice<UInt8>) -> UInt64 { part.reduce(0) { $0 << 8 | UInt64($1) } }
        return .version7(at: now(), random: (word(bytes[0..<8]), word(bytes[8..<16])))
    }
}
