import Domain

extension BusinessDate {
    /// The day so many days later, or earlier when negative.
    func adding(days: Int) -> BusinessDate {
        BusinessDate(start.adding(milliseconds: Int64(days) * 86_400_000))
    }
}
