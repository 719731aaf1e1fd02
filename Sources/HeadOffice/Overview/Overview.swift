import Domain
import Journal
import PostgresDriver

/// What head office sees first.
struct Overview: Sendable {
    let store: OfficeStore

    /// On head office's database.
    init(store: OfficeStore) {
        self.store = store
    }

    /// A day's sales. The test book is left out.
    struct Day: Sendable {
        let date: BusinessDate
        let saleCount: Int64
        let gross: Money
        let refunds: Money
    }

    /// What waits for somebody.
    struct Queues: Sendable {
        let refunds: Int64
        let batches: Int64
        let loads: Int64
        let cardRequests: Int64
        /// Test charges that still stand (R-P7).
        let testCharges: Int64
        let enrolments: Int64
        let exceptions: Int64
        /// Of revoked tills; these are exceptions too.
        let quarantine: Int64
    }

    /// How fresh what head office knows of a till is, by its store's own limits.
    enum Freshness: String, Sendable {
        case green
        case amber
        case red
    }

    /// A till as it last spoke.
    struct Till: Sendable {
        let code: String
        let storeCode: String
        let storeName: String
        let freshness: Freshness
        let lastContactAt: Instant?
        let unsentCount: Int64
        let unsentValue: Money
        let oldestUnsentAt: Instant?
        /// In milliseconds; what the till's clock is behind head office's.
        let clockOffset: Int64?
        let version: String
        /// Nil until the till says something of them.
        let printers: [TillStatus.Printer]?
        let isForked: Bool
        let isRevoked: Bool
        /// The most that may still come from it: what it said is unsent, or, once it is silent, its whole limit.
        let atRisk: Money
        /// The till says it, so it may be any number.
        var isOffsetLarge: Bool {
            (clockOffset ?? 0).magnitude > UInt64(BusinessTime.offsetTolerance)
        }
    }

    /// Everything of the page.
    struct Shown: Sendable {
        let today: Day
        /// The last 14 business days, oldest first.
        let days: [Day]
        let queues: Queues
        /// The least fresh first, at most a page.
        let tills: [Till]
        /// Every province that has stores, in the order of the codes.
        let provinces: [ProvinceFreshness]
        /// Of all tills, not only of those shown.
        let atRisk: Money
    }

    /// The stores of a province by how fresh they are. A store is as fresh as its least fresh till that counts.
    struct ProvinceFreshness: Sendable, Equatable {
        let province: String
        let storeCount: Int64
        let greenCount: Int64
        let amberCount: Int64
        let redCount: Int64
        /// Stores without a till yet.
        let emptyCount: Int64
        let atRisk: Money

        /// The worst there is.
        var freshness: Freshness? {
            if redCount > 0 { return .red }
            if amberCount > 0 { return .amber }
            return greenCount > 0 ? .green : nil
        }
    }

    /// Tills that the overview names, the least fresh first.
    private static let tillsShown = 100

    /// Head office at this moment.
    func show(at now: Instant) async throws -> Shown {
        let today = BusinessDate(now)
        return try await store.read { session in
            let days = try Self.days(until: today, in: session)
            let tills = try Self.tills("true", limit: Self.tillsShown, at: now, in: session)
            let provinces = try Self.provinces(at: now, in: session)
            return Shown(
                today: days.last
                    ?? Day(date: today, saleCount: 0, gross: .zero, refunds: .zero),
                days: days, queues: try Self.queues(at: now, in: session), tills: tills,
                provinces: provinces,
                atRisk: provinces.reduce(.zero) { $0.addingAtMost($1.atRisk) })
        }
    }

    private static func days(
        until today: BusinessDate, in session: PostgresSession
    ) throws -> [Day] {
        try session.query(
            """
            SELECT day::date AS day, coalesce(sale_count, 0)::bigint AS sale_count,
                   coalesce(gross, 0)::bigint AS gross, coalesce(refunds, 0)::bigint AS refunds
            FROM generate_series(\(today.adding(days: -13)), \(today), interval '1 day') AS day
            LEFT JOIN (
                SELECT business_date, sum(sale_count) AS sale_count, sum(gross) AS gross,
                       sum(refunds) AS refunds
                FROM sales_rollup
                WHERE business_date BETWEEN \(today.adding(days: -13)) AND \(today)
                GROUP BY business_date) AS sold ON business_date = day::date
            ORDER BY day
            """
        ).map { row in
            Day(
                date: try row["day"], saleCount: try row["sale_count"], gross: try row["gross"],
                refunds: try row["refunds"])
        }
    }

    private static func queues(
        at now: Instant, in session: PostgresSession
    ) throws -> Queues {
        let row = try session.queryOne(
            """
            SELECT (SELECT count(*) FROM refund_request WHERE state = 'pending') AS refunds,
                   (SELECT count(*) FROM card_batch WHERE state = 'asked') AS batches,
                   (SELECT count(*) FROM card_load
                    WHERE state = 'asked' AND card_load_file_id IS NULL)
                       + (SELECT count(*) FROM card_load_file WHERE state = 'asked') AS loads,
                   (SELECT count(*) FROM card_request WHERE state = 'asked') AS card_requests,
                   (SELECT count(*) FROM sale
                    WHERE test AND paid_by_card > refunded
                      AND business_date >= \(TradingMonth(now).firstDay)) AS test_charges,
                   (SELECT count(*) FROM enrolment WHERE state = 'waiting') AS enrolments,
                   (SELECT count(*) FROM exception WHERE state = 'open') AS exceptions,
                   (SELECT count(*) FROM exception
                    WHERE state = 'open' AND code = 'quarantined') AS quarantine
            """)
        guard let row else {
            return Queues(
                refunds: 0, batches: 0, loads: 0, cardRequests: 0, testCharges: 0, enrolments: 0,
                exceptions: 0, quarantine: 0)
        }
        return Queues(
            refunds: try row["refunds"], batches: try row["batches"], loads: try row["loads"],
            cardRequests: try row["card_requests"], testCharges: try row["test_charges"],
            enrolments: try row["enrolments"], exceptions: try row["exceptions"],
            quarantine: try row["quarantine"])
    }

    /// One till.
    func till(_ code: String, at now: Instant) async throws -> Till? {
        try await tills([code], at: now).first
    }

    /// The tills of those codes, the least fresh first.
    func tills(_ codes: [String], at now: Instant) async throws -> [Till] {
        try await store.read {
            try Self.tills("till.code = ANY (\(codes))", limit: codes.count, at: now, in: $0)
        }
    }

    private static func tills(
        _ condition: SQL, limit: Int, at now: Instant, in session: PostgresSession
    ) throws -> [Till] {
        try session.query(
            """
            SELECT till.code, store.code AS store_code, store.name AS store_name,
                   last_contact_at, unsent_count, unsent_value, oldest_unsent_at, clock_offset,
                   version, printers, forked, amber_after, red_after, till_total_limit,
                   coalesce((SELECT revoked_at IS NOT NULL FROM till_key
                             WHERE till_key.till_id = till.till_id
                               AND till_key.epoch = till.epoch), false) AS revoked,
                   (SELECT coalesce(sum(amount), 0) FROM payment
                    WHERE payment.till_id = till.till_id AND payment.state = 'held')::bigint AS held
            FROM till JOIN store USING (store_id)
            WHERE \(fragment: condition)
            ORDER BY last_contact_at NULLS FIRST, till.code LIMIT \(limit)
            """
        ).map { row in
            let contact: Instant? = try row["last_contact_at"]
            let silence = contact.map { now.milliseconds(since: $0) / 1_000 } ?? .max
            let freshness: Freshness =
                silence >= (try row["red_after"] as Int64)
                ? .red : silence >= (try row["amber_after"] as Int64) ? .amber : .green
            let unsent: Money = try row["unsent_value"]
            let limit: Money = try row["till_total_limit"]
            return Till(
                code: try row["code"], storeCode: try row["store_code"],
                storeName: try row["store_name"], freshness: freshness, lastContactAt: contact,
                unsentCount: try row["unsent_count"], unsentValue: unsent,
                oldestUnsentAt: try row["oldest_unsent_at"],
                clockOffset: try row["clock_offset"], version: try row["version"],
                printers: try Self.printers(row["printers"]),
                isForked: try row["forked"], isRevoked: try row["revoked"],
                atRisk: freshness == .green
                    ? max(unsent, .zero)
                    : max(unsent, limit).addingAtMost(try row["held"]))
        }
    }

    private static func printers(_ json: PostgresJSON?) throws -> [TillStatus.Printer]? {
        try json.map { try [TillStatus.Printer](bytes: Array($0.text.utf8)) }
    }

    /// What tills say may be any number: a claim beyond any limit is cut, so that one till cannot break the page.
    private static let largestClaim: Int64 = 1_000_000_000_000

    private static func provinces(
        at now: Instant, in session: PostgresSession
    ) throws -> [ProvinceFreshness] {
        try session.query(
            """
            WITH held AS (
                SELECT till_id, sum(amount) AS amount FROM payment
                WHERE state = 'held' GROUP BY till_id
            ), judged AS (
                SELECT till.store_id,
                       CASE WHEN last_contact_at IS NULL
                                 OR last_contact_at <= \(now) - red_after * interval '1 second' THEN 2
                            WHEN last_contact_at <= \(now) - amber_after * interval '1 second' THEN 1
                            ELSE 0 END AS grade,
                       least(greatest(unsent_value, 0), \(largestClaim)) AS unsent,
                       till_total_limit, coalesce(held.amount, 0) AS held
                FROM till JOIN store USING (store_id)
                JOIN till_key USING (till_id, epoch)
                LEFT JOIN held USING (till_id)
                WHERE till_key.revoked_at IS NULL OR unsent_count > 0
            ), graded AS (
                SELECT store_id, max(grade) AS grade,
                       sum(CASE grade WHEN 0 THEN unsent
                               ELSE greatest(unsent, till_total_limit) + held END) AS at_risk
                FROM judged GROUP BY store_id
            )
            SELECT province, count(*) AS store_count,
                   count(*) FILTER (WHERE grade = 0) AS green_count,
                   count(*) FILTER (WHERE grade = 1) AS amber_count,
                   count(*) FILTER (WHERE grade = 2) AS red_count,
                   count(*) FILTER (WHERE grade IS NULL) AS empty_count,
                   coalesce(sum(at_risk), 0)::bigint AS at_risk
            FROM store LEFT JOIN graded USING (store_id)
            GROUP BY province ORDER BY province
            """
        ).map { row in
            ProvinceFreshness(
                province: try row["province"], storeCount: try row["store_count"],
                greenCount: try row["green_count"], amberCount: try row["amber_count"],
                redCount: try row["red_count"], emptyCount: try row["empty_count"],
                atRisk: try row["at_risk"])
        }
    }
}
