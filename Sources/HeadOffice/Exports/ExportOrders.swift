// Files that take long: ordered at a page, written in the background by whichever program is free, kept for a week.
// An order whose program ended in between is begun again from its first row by the next.

import Domain
import Foundation
import PostgresDriver

/// Orders for files of reports.
struct ExportOrders: Sendable {
    let store: OfficeStore

    /// What is ordered.
    struct Wish: Sendable, Equatable {
        let report: MonthReport
        let month: TradingMonth
        let format: ReportFormat
        /// The closing whose figures are asked for, nil for the newest.
        let closing: Int?
    }

    /// Where an order stands.
    enum State: String, Sendable, CaseIterable {
        case waiting, writing, done, cancelled, failed
        /// Its file was kept long enough.
        case removed

        /// Whether something is still to come.
        var isUnderWay: Bool { self == .waiting || self == .writing }
    }

    /// Orders that one person may have under way.
    static let underWayMax: Int64 = 5
    /// Direct downloads of the detail end here; longer ones are ordered.
    static let directRowsMax: Int64 = 100_000
    /// After so long without a sign of life another program takes an order over.
    static let writerLife: Int64 = 60_000
    /// How long files are kept.
    static let fileLife: Int64 = 7 * 86_400_000

    /// Orders a file.
    ///
    /// - Refuses, first match wins: `.roleMissing`, `.formatUnknown`, `.exportIDTaken` for an id by which another
    ///   person ordered, or another file, `.closingUnknown`, `.exportsTooMany`.
    /// - A second call of the same person with the same id and wish orders nothing.
    func ask(_ orderID: RecordID, _ wish: Wish, by actor: StaffActor, at now: Instant) async throws
    {
        try actor.require(.finance, .auditor)
        guard MonthExport.reports(wish.format).contains(wish.report) else {
            throw FinanceRefusal.formatUnknown
        }
        try await store.write { session in
            // One person's orders are counted one after the other.
            try session.execute(
                "SELECT FROM staff_account WHERE staff_account_id = \(actor.accountID) FOR NO KEY UPDATE"
            )
            let number = wish.closing.map { Int32(clamping: $0) }
            if let known = try session.queryOne(
                """
                SELECT asked_by = \(actor.accountID) AND report = \(wish.report.rawValue)
                       AND month = \(wish.month.firstDay) AND format = \(wish.format.rawValue)
                       AND closing_number IS NOT DISTINCT FROM \(number as Int32?) AS same
                FROM export_order WHERE order_id = \(orderID)
                """)
            {
                guard try known["same"] else { throw FinanceRefusal.exportIDTaken }
                return
            }
            _ = try ReportSource(
                wish.report, wish.month, number: wish.closing, position: .max, in: session)
            let underWay: Int64 =
                try session.queryOne(
                    """
                    SELECT count(*) AS n FROM export_order
                    WHERE asked_by = \(actor.accountID) AND state IN ('waiting', 'writing')
                    """)?.decode("n") ?? 0
            guard underWay < Self.underWayMax else { throw FinanceRefusal.exportsTooMany }
            let made = try session.execute(
                """
                INSERT INTO export_order (order_id, report, month, format, closing_number,
                                          row_estimate, asked_by, asked_at)
                VALUES (\(orderID), \(wish.report.rawValue), \(wish.month.firstDay),
                        \(wish.format.rawValue),
                        \(number as Int32?),
                        \(try Self.estimate(wish, .max, in: session)), \(actor.accountID), \(now))
                ON CONFLICT (order_id) DO NOTHING
                """)
            guard made == 1 else { throw FinanceRefusal.exportIDTaken }
        }
    }

    /// Gives an order up; its file is not made, or ends where it is.
    ///
    /// - Refuses, first match wins: `.roleMissing`, `.exportUnknown`.
    /// - A second call, and one for an order that has ended, changes nothing.
    func cancel(_ orderID: RecordID, by actor: StaffActor, at now: Instant) async throws {
        try actor.require(.finance, .auditor)
        try await store.write { session in
            guard
                try session.queryOne(
                    "SELECT FROM export_order WHERE order_id = \(orderID) FOR NO KEY UPDATE") != nil
            else { throw FinanceRefusal.exportUnknown }
            try session.execute(
                """
                UPDATE export_order SET state = 'cancelled', writer = NULL, ended_at = \(now)
                WHERE order_id = \(orderID) AND state IN ('waiting', 'writing')
                """)
        }
    }

    /// How many lines a file will have, 0 where that is not known before.
    static func estimate(
        _ wish: Wish, _ limit: Int64, in session: PostgresSession
    ) throws -> Int64 {
        guard wish.report == .ledgerDetail else { return 0 }
        return try session.queryOne(
            """
            SELECT count(*) AS n FROM (SELECT FROM transfer
                WHERE accounting_month = \(wish.month.firstDay) LIMIT \(limit)) AS row
            """)?.decode("n") ?? 0
    }

    /// Refuses a direct answer for a file that takes long.
    ///
    /// - Refuses: `.exportTooLong`.
    func requireShort(_ wish: Wish) async throws {
        let count = try await store.read { session in
            try Self.estimate(wish, Self.directRowsMax + 1, in: session)
        }
        guard count <= Self.directRowsMax else { throw FinanceRefusal.exportTooLong }
    }
}
