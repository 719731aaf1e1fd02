/// Whether a month may be closed, or opened again.
///
/// Months close in order and open again from the latest backwards, so that the balance with which a
/// closed month ends is always the one with which the next began.
/// Source: R-L4, R-L5.
public enum MonthClosing {
    /// Why not; cases stand in the order in which they are checked.
    public enum Refusal: String, Error, Sendable, Hashable, CaseIterable {
        /// The month has not ended.
        case monthNotOver = "month_not_over"
        /// The month is closed already.
        case monthClosed = "month_closed"
        /// An earlier month with movements is not closed.
        case earlierMonthOpen = "earlier_month_open"
        /// Only a closed month is opened again.
        case monthNotClosed = "month_not_closed"
        /// A later month is closed and begins with this one's balance.
        case laterMonthClosed = "later_month_closed"

        /// The stable code for wire and screens.
        public var code: String { rawValue }

        /// Whether waiting alone may help.
        public var isTransient: Bool { self == .monthNotOver }
    }

    /// Agrees to close a month, or refuses.
    ///
    /// Shape: `first` is the earliest month that has movements, nil for an empty ledger.
    /// Refuses: `monthNotOver`, `monthClosed`, `earlierMonthOpen`.
    public static func checkClosing(
        _ month: TradingMonth, now: Instant, first: TradingMonth?,
        status: (TradingMonth) -> AccountingMonth.Status
    ) throws(Refusal) {
        if now < month.end { throw .monthNotOver }
        if status(month) == .closed { throw .monthClosed }
        var earlier = first ?? month
        while earlier < month {
            if status(earlier) != .closed { throw .earlierMonthOpen }
            earlier = earlier.next
        }
    }

    /// Agrees to open a month again, or refuses.
    ///
    /// Shape: `last` is the latest month that was ever closed.
    /// Refuses: `monthNotClosed`, `laterMonthClosed`.
    public static func checkReopening(
        _ month: TradingMonth, last: TradingMonth?,
        status: (TradingMonth) -> AccountingMonth.Status
    ) throws(Refusal) {
        if status(month) != .closed { throw .monthNotClosed }
        guard let last else { return }
        var later = month
        while later < last {
            later = later.next
            if status(later) == .closed { throw .laterMonthClosed }
        }
    }
}
