/// Which month a transfer is booked in 账期.
///
/// Source: R-L3, R-L5.
public enum AccountingMonth {
    /// Where a month stands.
    public enum Status: String, Sendable, Hashable, CaseIterable {
        /// Takes everything.
        case open
        /// Never changes again.
        case closed
        /// Opened again by two people: takes what is its own, and nothing late of another month.
        case reopened
    }

    /// The business month unless it is closed, else the earliest open month after it that is not a
    /// reopened one.
    ///
    /// Shape: months close in order, so no open month lies before a closed one and the search only
    /// looks forward. It ends at the calendar's last month.
    public static func decide(
        businessMonth: TradingMonth, status: (TradingMonth) -> Status
    ) -> TradingMonth {
        var month = businessMonth
        if status(month) != .closed { return month }
        while month.next != month {
            month = month.next
            if status(month) == .open { return month }
        }
        return month
    }
}
