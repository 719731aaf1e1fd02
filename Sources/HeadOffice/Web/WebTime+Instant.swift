import Domain
import WebSupport

extension WebTime {
    /// The same moment as the domain counts it.
    var instant: Instant { Instant(milliseconds: milliseconds) }

    /// The same moment as the web parts count it.
    init(_ instant: Instant) {
        self.init(milliseconds: instant.milliseconds)
    }
}
