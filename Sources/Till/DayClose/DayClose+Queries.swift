import Domain
import Foundation
import GRDB
import Journal

/// Counts what happened since the last closing.
enum DayCloses {
    /// What a closing now would say.
    static func statement(
        by login: String, at now: Instant, in database: Database
    ) throws -> DayClosed {
        let time = try SyncState.load(in: database).corrected(now)
        let date = BusinessDate(time)
        let before = try Row.fetchOne(
            database, sql: "SELECT seq, closed_at FROM day_close ORDER BY seq DESC LIMIT 1")
        let first = ((before?["seq"] as Int64?) ?? 0) + 1
        let last = try JournalBook.head(in: database).sequence
        let made = try Int.fetchOne(
            database,
            sql: "SELECT coalesce(max(number), 0) FROM day_close WHERE business_date = ?",
            arguments: [date.description])
        let range: StatementArguments = [first, last]
        let unsent = try Unsent.load(in: database)
        return DayClosed(
            date: date, number: (made ?? 0) + 1,
            from: (before?["closed_at"] as Int64?).map { Instant(milliseconds: $0) },
            first: first, last: last, sales: try sales(range, in: database),
            receipts: try receipts(range, in: database),
            cancelled: try cancelled(range, in: database),
            refundsRequested: try sum(
                "SELECT count(*), sum(amount) FROM refund_request WHERE seq BETWEEN ? AND ?",
                range, in: database),
            refundsApproved: try sum(
                "SELECT count(*), sum(d.amount) \(untoldApprovals)", [], in: database),
            priceChanges: try priceChanges(range, in: database),
            reprints: try reprints(range, in: database),
            unsent: .init(
                records: unsent.recordCount, sales: unsent.saleCount, total: unsent.value),
            by: login)
    }

    private static func sum(
        _ sql: String, _ arguments: StatementArguments, in database: Database
    ) throws -> DayClosed.Sum {
        guard let row = try Row.fetchOne(database, sql: sql, arguments: arguments) else {
            return .none
        }
        return .init(count: row[0], total: Money(fen: (row[1] as Int64?) ?? 0))
    }

    private static func sales(
        _ range: StatementArguments, in database: Database
    ) throws -> [DayClosed.Sales] {
        try Row.fetchAll(
            database,
            sql: """
                SELECT mode, test, count(*) AS number, sum(total) AS total FROM sale
                WHERE seq BETWEEN ? AND ? GROUP BY test, mode ORDER BY test, mode
                """,
            arguments: range
        ).map {
            .init(
                mode: $0["mode"], isTest: $0["test"], count: $0["number"],
                total: Money(fen: $0["total"]))
        }
    }

    private static func receipts(
        _ range: StatementArguments, in database: Database
    ) throws -> DayClosed.Receipts? {
        let found = try String.fetchAll(
            database,
            sql: """
                SELECT receipt FROM sale WHERE seq IN (
                    (SELECT min(seq) FROM sale WHERE seq BETWEEN ? AND ?),
                    (SELECT max(seq) FROM sale WHERE seq BETWEEN ? AND ?))
                ORDER BY seq
                """,
            arguments: range + range)
        guard let first = found.first, let last = found.last else { return nil }
        return .init(first: first, last: last)
    }

    /// By the journal: a payment's row does not say in which record it ended.
    private static func cancelled(
        _ range: StatementArguments, in database: Database
    ) throws -> DayClosed.Sum {
        try sum(
            """
            SELECT count(*), sum(p.amount)
            FROM journal_record AS j
            LEFT JOIN payment AS p
                ON p.id = json_extract(CAST(j.bytes AS TEXT), '$.body.payment')
            WHERE j.seq BETWEEN ? AND ? AND j.kind = '\(PaymentCancelled.kind)'
            """, range, in: database)
    }

    private static func priceChanges(
        _ range: StatementArguments, in database: Database
    ) throws -> DayClosed.Sum {
        try sum(
            """
            SELECT count(*), sum(l.amount - l.list * l.quantity)
            FROM sale AS s JOIN payment_line AS l ON l.payment = s.id
            WHERE s.seq BETWEEN ? AND ? AND l.repriced_by IS NOT NULL
            """, range, in: database)
    }

    /// Copies 1 and 2 are the original pair.
    private static func reprints(
        _ range: StatementArguments, in database: Database
    ) throws -> Int64 {
        try Int64.fetchOne(
            database,
            sql: """
                SELECT count(*) FROM journal_record
                WHERE seq BETWEEN ? AND ? AND kind = '\(SlipPrinted.kind)'
                    AND json_extract(CAST(bytes AS TEXT), '$.body.copy') > 2
                """,
            arguments: range) ?? 0
    }

    /// Approvals of this till's requests that no closing has told.
    private static let untoldApprovals = """
        FROM decision AS d JOIN refund_request AS r ON r.id = d.request
        WHERE d.state = 'approved'
            AND NOT EXISTS (SELECT 1 FROM day_close_refund AS t WHERE t.request = d.request)
        """

    static func noteApprovals(in close: RecordID, in database: Database) throws {
        try database.execute(
            sql: """
                INSERT INTO day_close_refund (request, day_close)
                SELECT d.request, ? \(untoldApprovals)
                """,
            arguments: [close.description])
    }

    static func openPayments(in database: Database) throws -> [DayCloseRefusal.OpenPayment] {
        try PaymentRow.open(in: database).map {
            .init(id: $0.id.description, login: $0.login, amount: $0.amount.fen)
        }
    }

    // MARK: Closings that were made

    private static let selection = """
        SELECT c.id, c.seq, c.closed_at, j.bytes, j.hash, j.verdict
        FROM day_close AS c JOIN journal_record AS j ON j.seq = c.seq
        """

    /// The newest closings.
    static func list(limit: Int, in database: Database) throws -> [DayClose] {
        try Row.fetchAll(
            database, sql: "\(selection) ORDER BY c.seq DESC LIMIT ?", arguments: [limit]
        ).map(dayClose)
    }

    static func find(_ id: RecordID, in database: Database) throws -> DayClose? {
        try Row.fetchOne(
            database, sql: "\(selection) WHERE c.id = ?", arguments: [id.description]
        ).map(dayClose)
    }

    static func find(
        first: Int64, by login: String, in database: Database
    ) throws -> DayClose? {
        let found = try Row.fetchOne(
            database, sql: "\(selection) WHERE c.first_seq = ?", arguments: [first]
        ).map(dayClose)
        return found?.statement.by == login ? found : nil
    }

    private static func dayClose(_ row: Row) throws -> DayClose {
        guard let id = RecordID(row["id"] as String),
            let hash = RecordHash(bytes: Array(row["hash"] as Data)),
            case .dayClosed(let statement) =
                try JournalRecord(bytes: Array(row["bytes"] as Data)).body
        else { throw TillStoreError(.damaged, "a closing's record cannot be read") }
        return DayClose(
            id: id, sequence: row["seq"], hash: hash,
            closedAt: Instant(milliseconds: row["closed_at"]),
            isReceived: (row["verdict"] as String?) != nil, statement: statement)
    }
}
