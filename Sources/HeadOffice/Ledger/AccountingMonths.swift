public import Domain
public import PostgresDriver

/// Which months are closed, and where a movement is booked (R-L5).
public struct AccountingMonths: Sendable, Equatable {
    /// Closed months.
    public let closed: Set<TradingMonth>

    /// Months known to be closed.
    public init(closed: Set<TradingMonth>) {
        self.closed = closed
    }

    /// Reads the closed months under a lock that every posting shares and a closing excludes, so that
    /// no month closes before this transaction ends.
    public static func forPosting(_ session: PostgresSession) throws -> AccountingMonths {
        try session.execute("LOCK TABLE accounting_month IN ROW SHARE MODE")
        let rows = try session.query("SELECT month FROM accounting_month")
        return AccountingMonths(
            closed: Set(
                try rows.map { row in
                    try row.decode("month", as: BusinessDate.self).tradingMonth
                }))
    }

    /// Takes the lock of a closing: waits for every posting under way, holds up new ones.
    public static func lockForClosing(_ session: PostgresSession) throws {
        try session.execute("LOCK TABLE accounting_month IN EXCLUSIVE MODE")
    }

    /// The month in which something of that business day is booked: its own while that is open, else
    /// the earliest open month after all closed ones.
    public func month(for day: BusinessDate) -> TradingMonth {
        let own = day.tradingMonth
        guard closed.contains(own), let last = closed.max() else { return own }
        return last.next
    }
}
