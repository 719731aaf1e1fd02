import Domain
import Journal
import PostgresDriver

/// What tills stated at their day's close (日结), beside what head office received.
struct DayStatements: Sendable {
    /// How many statements a page shows.
    static let countMax = 62

    let store: OfficeStore

    /// A statement and what head office has of the records it covers.
    ///
    /// - Shape: all of them were received before the statement, which stands behind them in the journal;
    ///   so a difference is no delay: a till stated something else than it recorded, or a record could not
    ///   be read.
    struct Row: Sendable, Equatable {
        let statement: DayClosed
        let closedAt: Instant
        let receivedAt: Instant
        let epoch: Int
        let received: DayClosed.Sum
        let receivedTest: DayClosed.Sum
        /// Those of both that wait for a person.
        let questioned: DayClosed.Sum

        /// Whether both sides say the same.
        var agrees: Bool {
            statement.sum(isTest: false) == received && statement.sum(isTest: true) == receivedTest
        }
    }

    /// A till's newest statements; nil when there is no such till.
    ///
    /// - Refuses: `AccountsRefusal.notAllowed`.
    func of(tillCode: String, by actor: StaffActor) async throws -> [Row]? {
        try actor.require(.storeAdministrator, .operator, .auditor, .finance)
        return try await store.read { session in
            let till = try session.queryOne(
                "SELECT till_id FROM till WHERE code = \(tillCode)")
            guard let till else { return nil }
            return try Self.rows(tillID: try till["till_id"], in: session)
        }
    }

    private struct Stated {
        let statement: DayClosed
        let epoch: Int32
        let closedAt: Instant
        let receivedAt: Instant
    }

    private static func rows(
        tillID: Int64, in session: PostgresSession
    ) throws -> [Row] {
        // One that came again under a new epoch tells nothing new.
        let stated = try session.query(
            """
            SELECT epoch, bytes, business_at, received_at FROM journal_record
            WHERE till_id = \(tillID) AND kind = 'day.closed' AND state <> 'duplicate'
            ORDER BY received_at DESC, epoch DESC, seq DESC LIMIT \(Int64(countMax))
            """
        ).compactMap { row -> Stated? in
            guard let record = try? Record(bytes: try row.decode("bytes", as: [UInt8].self)),
                case .dayClosed(let statement) = record.body
            else { return nil }
            return Stated(
                statement: statement, epoch: try row["epoch"], closedAt: try row["business_at"],
                receivedAt: try row["received_at"])
        }
        guard !stated.isEmpty else { return [] }
        let sums = try session.query(
            """
            SELECT stated.number,
                   count(*) FILTER (WHERE NOT sale.test) AS count,
                   coalesce(sum(sale.total) FILTER (WHERE NOT sale.test), 0)::bigint AS total,
                   count(*) FILTER (WHERE sale.test) AS test_count,
                   coalesce(sum(sale.total) FILTER (WHERE sale.test), 0)::bigint AS test_total,
                   count(*) FILTER (WHERE sale.state = 'exception') AS questioned_count,
                   coalesce(sum(sale.total) FILTER (WHERE sale.state = 'exception'), 0)::bigint
                       AS questioned_total
            FROM unnest(\(stated.indices.map { Int64($0) }), \(stated.map(\.epoch)),
                        \(stated.map(\.statement.first)), \(stated.map(\.statement.last)))
                     AS stated (number, epoch, first_seq, last_seq)
            JOIN journal_record
                ON journal_record.till_id = \(tillID) AND journal_record.epoch = stated.epoch
                AND journal_record.seq BETWEEN stated.first_seq AND stated.last_seq
                AND journal_record.kind = 'sale.completed'
            JOIN sale ON sale.sale_id = journal_record.record_id
            GROUP BY stated.number
            """)
        var found: [Int: PostgresRow] = [:]
        for row in sums { found[Int(try row.decode("number", as: Int64.self))] = row }
        return try stated.enumerated().map { index, stated in
            func sum(_ name: String) throws -> DayClosed.Sum {
                guard let row = found[index] else { return .none }
                return .init(
                    count: try row.decode(name + "count", as: Int64.self),
                    total: try row.decode(name + "total", as: Money.self))
            }
            return Row(
                statement: stated.statement, closedAt: stated.closedAt,
                receivedAt: stated.receivedAt, epoch: Int(stated.epoch),
                received: try sum(""), receivedTest: try sum("test_"),
                questioned: try sum("questioned_"))
        }
    }
}
