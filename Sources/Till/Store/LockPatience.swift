import Glibc
import Synchronization

/// How long the writer waits for another program that holds the file: five seconds altogether, not for each write in
/// the queue. Once they are over, every write is refused at once, until one succeeds.
final class LockPatience: Sendable {
    static let limit: Duration = .seconds(5)

    private let heldSince = Mutex<ContinuousClock.Instant?>(nil)

    /// SQLite asks this whenever the file is held; false gives up.
    func waits() -> Bool {
        let now = ContinuousClock.now
        let since = heldSince.withLock { held in
            let since = held ?? now
            held = since
            return since
        }
        guard now - since < Self.limit else { return false }
        usleep(10_000)
        return true
    }

    /// A write succeeded: nobody holds the file.
    func renew() { heldSince.withLock { $0 = nil } }
}
