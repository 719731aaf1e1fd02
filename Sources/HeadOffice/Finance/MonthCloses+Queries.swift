import Domain
import PostgresDriver

extension MonthCloses {
    /// How much of a till's journal head office holds for a month (R-R6).
    enum Completeness: String, Sendable {
        /// Without a gap up to a beacon issued after the month's end.
        case complete
        /// In contact since the month's end, but not all has come.
        case behind
        /// Not heard of since the month's end.
        case silent
    }

    /// A till on the board.
    struct Till: Sendable {
        let code: String
        let storeCode: String
        let storeName: String
        let completeness: Completeness
        let lastContactAt: Instant?
        let unsentCount: Int64
        let unsentValue: Money
        /// The most that may still come: its total limit, or what it says it has, and its open holds.
        let mayBring: Money
        let isForked: Bool
    }

    /// A store on the board: as far as its least known till.
    struct Store: Sendable {
        let code: String
        let name: String
        let completeness: Completeness
        let tills: [Till]
        let mayBring: Money
        let lastContactAt: Instant?
    }

    /// A closing that was made.
    struct Closing: Sendable {
        let number: Int
        let closedBy: String
        let closedAt: Instant
        let position: Int64
        let mayStillArrive: Money
    }

    /// A reopening that was asked for.
    struct Reopening: Sendable {
        let id: RecordID
        let month: TradingMonth
        let reason: String
        let state: String
        let askerID: Int64
        let askedBy: String
        let askedAt: Instant
        let decidedBy: String?
        let decidedAt: Instant?
    }

    /// What was booked in the month for an earlier one.
    struct Late: Sendable {
        let month: TradingMonth
        let count: Int64
        let amount: Money
    }

    /// Everything on the board of a month.
    struct Board: Sendable {
        let month: TradingMonth
        let status: AccountingMonth.Status
        let isOver: Bool
        /// Why it cannot be closed now, nil when it can.
        let refusal: MonthClosing.Refusal?
        let canReopen: Bool
        let stores: [Store]
        let pendingRefunds: Int64
        let openExceptions: Int64
        let closings: [Closing]
        let reopenings: [Reopening]
        let late: [Late]
        var mayBring: Money { stores.reduce(.zero) { $0.addingAtMost($1.mayBring) } }
    }

    /// The board of a month.
    ///
    /// - Refuses: `.roleMissing`.
    func board(_ month: TradingMonth, by actor: StaffActor, at now: Instant) async throws -> Board {
        try actor.require(.finance, .auditor)
        return try await store.read { session in
            let months = try AccountingMonths.read(session)
            let first = try Self.firstMonth(in: session)
            var refusal: MonthClosing.Refusal?
            do throws(MonthClosing.Refusal) {
                try MonthClosing.checkClosing(month, now: now, first: first) {
                    months.status(of: $0)
                }
            } catch { refusal = error }
            let canReopen =
                (try? MonthClosing.checkReopening(month, last: months.last) {
                    months.status(of: $0)
                }) != nil
            let counts = try session.queryOne(
                """
                SELECT (SELECT count(*) FROM refund_request
                        WHERE state = 'pending' AND deadline <= \(month.end)) AS refunds,
                       (SELECT count(*) FROM exception
                        WHERE state <> 'settled' AND opened_at < \(month.end)) AS exceptions
                """)
            return Board(
                month: month, status: months.status(of: month), isOver: now >= month.end,
                refusal: refusal, canReopen: canReopen,
                stores: Self.stores(try Self.tills(of: month, in: session)),
                pendingRefunds: try counts?.decode("refunds") ?? 0,
                openExceptions: try counts?.decode("exceptions") ?? 0,
                closings: try Self.closings(of: month, in: session),
                reopenings: try Self.reopenings(of: month, in: session),
                late: try Self.late(in: month, session))
        }
    }

    private static func stores(_ tills: [Till]) -> [Store] {
        let rank: [Completeness] = [.silent, .behind, .complete]
        return Dictionary(grouping: tills, by: \.storeCode).values.compactMap { tills -> Store? in
            guard let first = tills.first,
                let worst = rank.first(where: { rank in
                    tills.contains { $0.completeness == rank }
                })
            else { return nil }
            return Store(
                code: first.storeCode, name: first.storeName, completeness: worst, tills: tills,
                mayBring: tills.reduce(.zero) { $0.addingAtMost($1.mayBring) },
                lastContactAt: tills.compactMap(\.lastContactAt).min())
        }.sorted { ($1.mayBring, $0.code) < ($0.mayBring, $1.code) }
    }

    /// The tills that were there before the month ended. The largest limit a till may hold is any that its store ever
    /// had, because one that is silent may not know the newest (R-R6, R-P3).
    static func tills(of month: TradingMonth, in session: PostgresSession) throws -> [Till] {
        try session.query(
            """
            SELECT till.code, store.code AS store_code, store.name, last_contact_at, unsent_count,
                   unsent_value, forked,
                   last_beacon_at >= \(month.end) AND NOT forked AS is_complete,
                   coalesce(last_contact_at >= \(month.end), false) AS is_heard,
                   greatest(till_total_limit, coalesce(earlier.limit_most, 0), unsent_value) AS limit_most,
                   coalesce(held.amount, 0)::bigint AS held
            FROM till
            JOIN store USING (store_id)
            LEFT JOIN (
                SELECT subject, greatest(max((detail ->> 'tillTotal')::bigint), 2000000) AS limit_most
                FROM audit WHERE action = 'store.set_limits' GROUP BY subject
            ) AS earlier ON earlier.subject = store.code
            LEFT JOIN (
                SELECT till_id, sum(payment.amount) AS amount
                FROM payment JOIN card USING (card_id)
                WHERE payment.state = 'held' AND NOT card.test GROUP BY till_id
            ) AS held USING (till_id)
            WHERE till.created_at < \(month.end)
            ORDER BY store.code, till.code
            """
        ).map { row in
            let isComplete: Bool = try row["is_complete"]
            let isHeard: Bool = try row["is_heard"]
            let most: Money = try row["limit_most"]
            return Till(
                code: try row["code"], storeCode: try row["store_code"],
                storeName: try row["name"],
                completeness: isComplete ? .complete : isHeard ? .behind : .silent,
                lastContactAt: try row["last_contact_at"],
                unsentCount: try row["unsent_count"], unsentValue: try row["unsent_value"],
                mayBring: isComplete ? .zero : most.addingAtMost(try row["held"]),
                isForked: try row["forked"])
        }
    }

    private static func closings(
        of month: TradingMonth, in session: PostgresSession
    ) throws -> [Closing] {
        try session.query(
            """
            SELECT number, login, closing.closed_at, ledger_position, may_still_arrive
            FROM closing JOIN staff_account ON staff_account_id = closed_by
            WHERE month = \(month.firstDay) ORDER BY number
            """
        ).map { row in
            Closing(
                number: Int(try row["number"] as Int32), closedBy: try row["login"],
                closedAt: try row["closed_at"], position: try row["ledger_position"],
                mayStillArrive: try row["may_still_arrive"])
        }
    }

    private static func reopenings(
        of month: TradingMonth, in session: PostgresSession
    ) throws -> [Reopening] {
        try session.query(
            """
            SELECT reopening_id, reason, state, asker.person_id, asker.login AS asked_by, asked_at,
                   decider.login AS decided_by, decided_at
            FROM reopening
            JOIN staff_account AS asker ON asker.staff_account_id = asked_by
            LEFT JOIN staff_account AS decider ON decider.staff_account_id = decided_by
            WHERE month = \(month.firstDay) ORDER BY asked_at
            """
        ).map { row in
            Reopening(
                id: try row["reopening_id"], month: month, reason: try row["reason"],
                state: try row["state"], askerID: try row["person_id"],
                askedBy: try row["asked_by"], askedAt: try row["asked_at"],
                decidedBy: try row["decided_by"], decidedAt: try row["decided_at"])
        }
    }

    private static func late(
        in month: TradingMonth, _ session: PostgresSession
    ) throws -> [Late] {
        try session.query(
            """
            SELECT date_trunc('month', business_date)::date AS month,
                   sum(sale_count)::bigint AS count, sum(gross)::bigint AS amount
            FROM sales_rollup
            WHERE accounting_month = \(month.firstDay) AND business_date < \(month.firstDay)
              AND gross > 0
            GROUP BY 1 ORDER BY 1
            """
        ).map { row in
            Late(
                month: try row.decode("month", as: BusinessDate.self).tradingMonth,
                count: try row["count"], amount: try row["amount"])
        }
    }
}

extension Money {
    /// The sum, or the largest amount there is: tills may say anything.
    func addingAtMost(_ other: Money) -> Money {
        (try? adding(other)) ?? Money(fen: .max)
    }
}
