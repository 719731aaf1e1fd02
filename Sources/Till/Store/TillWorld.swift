import Domain
import Foundation

/// What the till takes from outside: time and chance. Tests pass their own.
struct TillWorld: Sendable {
    /// The till's own clock, uncorrected.
    var now: @Sendable () -> Instant
    /// 64 unguessable bits.
    var random: @Sendable () -> UInt64
    /// Milliseconds of a clock that nobody can set, from any start.
    var elapsed: @Sendable () -> Int64 = machineElapsed

    /// This machine's clock and secure generator.
    static let machine = TillWorld(
        now: { Instant(milliseconds: Int64(Date().timeIntervalSince1970 * 1_000)) },
        random: {
            var generator = SystemRandomNumberGenerator()
            return generator.next()
        })

    private static let start = ContinuousClock.now

    /// This machine's clock that only runs on.
    static let machineElapsed: @Sendable () -> Int64 = {
        (ContinuousClock.now - start).wholeMilliseconds
    }

    /// A fresh time-ordered id.
    func makeID() -> RecordID {
        .version7(at: now(), random: (random(), random()))
    }

    /// That many unguessable bytes.
    func bytes(_ count: Int) -> [UInt8] {
        (0..<count).map { _ in UInt8(truncatingIfNeeded: random()) }
    }
}
