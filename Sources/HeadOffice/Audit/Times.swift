import Domain
import Foundation

extension BusinessDate {
    /// The day so many days later, or earlier when negative.
    func adding(days: Int) -> BusinessDate {
        BusinessDate(start.adding(milliseconds: Int64(days) * 86_400_000))
    }
}

extension Instant {
    /// `2026-11-25T02:00:00Z`, for files.
    var utcText: String {
        Date(timeIntervalSince1970: TimeInterval(milliseconds) / 1_000).formatted(.iso8601)
    }
}
