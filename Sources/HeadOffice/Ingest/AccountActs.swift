import Domain
import Journal
import PostgresDriver

/// What a login did at a till that could not know yet that it was disabled or had another password (R-A1).
struct AccountAct: Sendable, Equatable {
    /// The sale's or the refund request's record.
    let recordID: RecordID
    let saleID: RecordID
    let login: String
    let at: Instant
    /// How far the till knew of changes then.
    let knownUntil: Instant
}

/// Finds and keeps them; what was done stands as it is.
enum AccountActs {
    /// A record this fresh was made with the line up: its till knew everything.
    static let freshMilliseconds: Int64 = 120_000

    /// Everybody who had a hand in the sales and requests of a batch.
    static func of(_ outcome: IngestOutcome) -> [AccountAct] {
        let sales =
            outcome.sales.flatMap { of($0.id, $0.body, at: $0.time.instant) }
            + outcome.completed.flatMap { of($0.id, $0.body, at: $0.time.instant) }
        let requests = outcome.refunds.map {
            AccountAct(
                recordID: $0.request.id, saleID: $0.request.sale, login: $0.body.by,
                at: $0.time.instant, knownUntil: $0.knownUntil)
        }
        return sales + requests
    }

    private static func of(
        _ saleID: RecordID, _ sale: SaleCompleted, at time: Instant
    ) -> [AccountAct] {
        let known = time.adding(
            milliseconds: -1_000 * min(max(sale.payment.knew.contactAge, 0), 1 << 32))
        let logins = Set(
            [sale.cashier, sale.override?.by].compactMap(\.self)
                + sale.lines.compactMap(\.repricedBy))
        return logins.sorted().map {
            AccountAct(recordID: saleID, saleID: saleID, login: $0, at: time, knownUntil: known)
        }
    }

    /// Keeps those that lie between a change of their login and the till's next contact; one that was enabled
    /// again by then is none.
    static func flag(
        _ acts: [AccountAct], at till: KnownTill, received: Instant, in session: PostgresSession
    ) throws {
        guard !acts.isEmpty else { return }
        try session.execute(
            """
            INSERT INTO account_act (record_id, login, sale_id, store_id, till_id, change,
                                     changed_at, acted_at, known_until, received_at)
            SELECT row.record_id, row.login, row.sale_id, \(till.storeID), \(till.tillID),
                   newest.change, newest.changed_at, row.acted_at, row.known_until, \(received)
            FROM unnest(\(acts.map(\.recordID)), \(acts.map(\.login)), \(acts.map(\.saleID)),
                        \(acts.map(\.at)), \(acts.map(\.knownUntil)))
                 AS row (record_id, login, sale_id, acted_at, known_until)
            CROSS JOIN LATERAL (
                SELECT change, changed_at FROM store_account_change
                WHERE store_id = \(till.storeID) AND login = row.login
                  AND changed_at > row.known_until AND changed_at <= row.acted_at
                ORDER BY changed_at DESC, store_account_change_id DESC LIMIT 1
            ) AS newest
            WHERE newest.change <> 'enabled'
            ON CONFLICT DO NOTHING
            """)
    }

    /// One as the pages tell it.
    struct Shown: Sendable, Equatable {
        let recordID: RecordID
        let login: String
        /// `disabled` or `password`.
        let change: String
        let changedAt: Instant
        let actedAt: Instant
        let knownUntil: Instant
    }

    /// What was flagged of a sale and of the requests for it, oldest first.
    static func of(sale: RecordID, in session: PostgresSession) throws -> [Shown] {
        try session.query(
            """
            SELECT record_id, login, change, changed_at, acted_at, known_until FROM account_act
            WHERE sale_id = \(sale) ORDER BY acted_at, record_id, login
            """
        ).map { row in
            Shown(
                recordID: try row["record_id"], login: try row["login"],
                change: try row["change"], changedAt: try row["changed_at"],
                actedAt: try row["acted_at"], knownUntil: try row["known_until"])
        }
    }
}
