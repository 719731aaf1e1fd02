public import Domain
public import PostgresDriver

/// Which months are closed or opened again, and where a movement is booked (R-L5).
public struct AccountingMonths: Sendable, Equatable {
    /// Months that were ever closed, with where they stand.
    public let statuses: [TradingMonth: AccountingMonth.Status]

    /// The latest month that was ever closed.
    public let last: TradingMonth?

    /// Months of those statuses; all others are open, or closed when they lie before one of these.
    public init(_ statuses: [TradingMonth: AccountingMonth.Status]) {
        self.statuses = statuses
        last = statuses.keys.max()
    }

    /// Where a month stands. Months close in order, so one before a month that was ever closed is closed
    /// too, even if it had nothing to close.
    public func status(of month: TradingMonth) -> AccountingMonth.Status {
        if let status = statuses[month] { return status }
        guard let last, month < last else { return .open }
        return .closed
    }

    /// Reads the months under a lock that every posting shares and a closing excludes, so that no month
    /// closes before this transaction ends.
    public static func forPosting(_ session: PostgresSession) throws -> AccountingMonths {
        try session.execute("LOCK TABLE accounting_month IN ROW SHARE MODE")
        return try read(session)
    }

    /// Reads the months without a lock, for screens.
    public static func read(_ session: PostgresSession) throws -> AccountingMonths {
        var statuses: [TradingMonth: AccountingMonth.Status] = [:]
        for row in try session.query("SELECT month, status FROM accounting_month") {
            let text: String = try row["status"]
            let month = try row.decode("month", as: BusinessDate.self).tradingMonth
            statuses[month] = AccountingMonth.Status(rawValue: text) ?? .closed
        }
        return AccountingMonths(statuses)
    }

    /// Takes the lock of a closing: waits for every posting under way, holds up new ones.
    public static func lockForClosing(_ session: PostgresSession) throws {
        try session.execute("LOCK TABLE accounting_month IN EXCLUSIVE MODE")
    }

    /// The month in which something of that business day is booked: its own unless that is closed, else
    /// the earliest open month that is not a reopened one.
    public func month(for day: BusinessDate) -> TradingMonth {
        AccountingMonth.decide(businessMonth: day.tradingMonth) { status(of: $0) }
    }
}
