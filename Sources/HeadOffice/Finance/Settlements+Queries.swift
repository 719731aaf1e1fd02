import Domain
import PostgresDriver

extension Settlements {
    /// What a store is due. Amounts in fen; refunds and fees are above zero when they lessen it.
    struct Due: Sendable, Equatable {
        let storeID: Int64
        let storeCode: String
        let storeName: String
        let bankAccount: String
        let carriedIn: Money
        let saleCount: Int64
        let gross: Money
        let refunds: Money
        let fees: Money
        let feesReturned: Money
        let decided: Money
        let movedCount: Int64

        /// All of it together.
        var net: Money {
            Money(
                fen: carriedIn.fen + gross.fen - refunds.fen - fees.fen + feesReturned.fen
                    + decided.fen)
        }
        /// Nothing below zero, and nothing without an account, is paid.
        var paid: Money { bankAccount.isEmpty ? .zero : max(net, .zero) }
        var carriedOut: Money { Money(fen: net.fen - paid.fen) }
        /// Whether there is anything to take: a payment, or movements to carry forward.
        var hasMoved: Bool { movedCount > 0 || paid > .zero }
    }

    /// A line of a run.
    struct Line: Sendable {
        let due: Due
        let paymentID: RecordID
        let bankAccountNow: String
    }

    /// A run of the list.
    struct Run: Sendable {
        let runID: RecordID
        let number: Int64
        let state: String
        let afterPosition: Int64
        let upToPosition: Int64
        let askerID: Int64
        let askedBy: String
        let askedAt: Instant
        let decidedBy: String?
        let decidedAt: Instant?
        let storeCount: Int64
        let paid: Money
        let carriedOut: Money
    }

    /// Up to where stores are settled: the position of the last run agreed to.
    static func settledPosition(in session: PostgresSession) throws -> Int64 {
        let row = try session.queryOne(
            """
            SELECT coalesce(max(up_to_position), 0) AS position
            FROM settlement_run WHERE state = 'approved'
            """)
        return try row?.decode("position") ?? 0
    }

    static func waitingRun(in session: PostgresSession) throws -> RecordID? {
        try session.queryOne("SELECT run_id FROM settlement_run WHERE state = 'asked'")?
            .decode("run_id")
    }

    /// What every store is due by the transfers of those positions and what was carried forward.
    static func due(
        after: Int64, upTo: Int64, in session: PostgresSession
    ) throws -> [Due] {
        try session.query(
            """
            WITH moved AS (
                SELECT owner_id AS store_id, count(*) AS moved_count,
                       count(*) FILTER (WHERE transfer.kind = 'sale') AS sale_count,
                       sum(signed) FILTER (WHERE transfer.kind = 'sale') AS gross,
                       sum(signed) FILTER (WHERE transfer.kind = 'refund') AS refunds,
                       sum(signed) FILTER (WHERE transfer.kind = 'fee') AS fees,
                       sum(signed) FILTER (WHERE transfer.kind = 'fee_returned') AS fees_returned,
                       sum(signed) FILTER (WHERE transfer.kind NOT IN
                           ('sale', 'refund', 'fee', 'fee_returned')) AS decided
                FROM transfer
                CROSS JOIN LATERAL (VALUES (to_account_id, amount), (from_account_id, -amount))
                    AS side (account_id, signed)
                JOIN account USING (account_id)
                WHERE transfer_id > \(after) AND transfer_id <= \(upTo)
                  AND transfer.kind <> 'settlement'
                  AND account.kind = 'store_payable' AND account.book = 'real'
                GROUP BY owner_id
            ), carried AS (
                SELECT store_id, carried_out FROM settlement_line
                WHERE run_id = (SELECT run_id FROM settlement_run WHERE state = 'approved'
                                ORDER BY number DESC LIMIT 1)
            )
            SELECT store.store_id, store.code, store.name, settlement_account,
                   coalesce(carried_out, 0) AS carried_in,
                   coalesce(moved_count, 0) AS moved_count, coalesce(sale_count, 0) AS sale_count,
                   coalesce(gross, 0)::bigint AS gross, coalesce(-refunds, 0)::bigint AS refunds,
                   coalesce(-fees, 0)::bigint AS fees,
                   coalesce(fees_returned, 0)::bigint AS fees_returned,
                   coalesce(decided, 0)::bigint AS decided
            FROM store
            LEFT JOIN moved USING (store_id)
            LEFT JOIN carried USING (store_id)
            WHERE moved_count IS NOT NULL OR coalesce(carried_out, 0) <> 0
            ORDER BY store.code
            """
        ).map { try due($0, account: "settlement_account") }
    }

    private static func due(_ row: PostgresRow, account: String) throws -> Due {
        Due(
            storeID: try row["store_id"], storeCode: try row["code"],
            storeName: try row["name"], bankAccount: try row.decode(account),
            carriedIn: try row["carried_in"], saleCount: try row["sale_count"],
            gross: try row["gross"], refunds: try row["refunds"], fees: try row["fees"],
            feesReturned: try row["fees_returned"], decided: try row["decided"],
            movedCount: try row["moved_count"])
    }

    static func lines(of runID: RecordID, in session: PostgresSession) throws -> [Line] {
        try session.query(
            """
            SELECT line.store_id, store.code, store.name, bank_account, settlement_account,
                   carried_in, sale_count, gross, refunds, fees, fees_returned, decided,
                   payment_id, 1::bigint AS moved_count
            FROM settlement_line AS line JOIN store USING (store_id)
            WHERE run_id = \(runID) ORDER BY store.code
            """
        ).map {
            Line(
                due: try due($0, account: "bank_account"), paymentID: try $0["payment_id"],
                bankAccountNow: try $0["settlement_account"])
        }
    }

    private static func runs(
        where condition: SQL, in session: PostgresSession
    ) throws -> [Run] {
        try session.query(
            """
            SELECT run.run_id, run.number, run.state, after_position, up_to_position, asker.person_id,
                   asker.login AS asked_by, asked_at, decider.login AS decided_by, decided_at,
                   (SELECT count(*) FROM settlement_line AS line WHERE line.run_id = run.run_id)
                       AS store_count,
                   (SELECT coalesce(sum(paid), 0)::bigint FROM settlement_line AS line
                    WHERE line.run_id = run.run_id) AS paid,
                   (SELECT coalesce(sum(carried_out), 0)::bigint FROM settlement_line AS line
                    WHERE line.run_id = run.run_id) AS carried_out
            FROM settlement_run AS run
            JOIN staff_account AS asker ON asker.staff_account_id = asked_by
            LEFT JOIN staff_account AS decider ON decider.staff_account_id = decided_by
            WHERE \(fragment: condition)
            ORDER BY run.number DESC LIMIT 50
            """
        ).map { row in
            Run(
                runID: try row["run_id"], number: try row["number"], state: try row["state"],
                afterPosition: try row["after_position"], upToPosition: try row["up_to_position"],
                askerID: try row["person_id"], askedBy: try row["asked_by"],
                askedAt: try row["asked_at"], decidedBy: try row["decided_by"],
                decidedAt: try row["decided_at"], storeCount: try row["store_count"],
                paid: try row["paid"], carriedOut: try row["carried_out"])
        }
    }

    /// The newest 50 runs, and what a run made now would come to.
    ///
    /// - Refuses: `.roleMissing`.
    func overview(by actor: StaffActor) async throws -> (runs: [Run], due: [Due]) {
        try actor.require(.finance, .auditor)
        return try await store.read { session in
            let after = try Self.settledPosition(in: session)
            return (
                try Self.runs(where: "true", in: session),
                try Self.due(after: after, upTo: .max, in: session)
            )
        }
    }

    /// A run with its lines.
    ///
    /// - Refuses: `.roleMissing`, `.unknownRun`.
    func show(_ runID: RecordID, by actor: StaffActor) async throws -> (run: Run, lines: [Line]) {
        try actor.require(.finance, .auditor)
        return try await store.read { session in
            guard let run = try Self.runs(where: "run.run_id = \(runID)", in: session).first else {
                throw SettlementRefusal.unknownRun
            }
            return (run, try Self.lines(of: runID, in: session))
        }
    }

    /// A day of a store's statement. Amounts in fen.
    struct StatementDay: Sendable {
        let date: BusinessDate
        let saleCount: Int64
        let gross: Money
        let refunds: Money
        let fees: Money
        let decided: Money
    }

    /// A store's part of a run, day by day of business.
    struct Statement: Sendable {
        let run: Run
        let line: Line
        let province: String
        let address: String
        let days: [StatementDay]
    }

    /// A store's statement: one page of a run.
    ///
    /// - Refuses: `.roleMissing`, `.unknownRun` for a run or a store that is not in it.
    func statement(
        _ runID: RecordID, store code: String, by actor: StaffActor
    ) async throws -> Statement {
        try actor.require(.finance, .auditor)
        return try await store.read { session in
            guard let run = try Self.runs(where: "run.run_id = \(runID)", in: session).first,
                let line = try Self.lines(of: runID, in: session)
                    .first(where: { $0.due.storeCode == code }),
                let place = try session.queryOne(
                    "SELECT province, address FROM store WHERE code = \(code)")
            else { throw SettlementRefusal.unknownRun }
            return Statement(
                run: run, line: line, province: try place["province"],
                address: try place["address"],
                days: try Self.days(run, storeID: line.due.storeID, in: session))
        }
    }

    private static func days(
        _ run: Run, storeID: Int64, in session: PostgresSession
    ) throws -> [StatementDay] {
        try session.query(
            """
            SELECT business_date, count(*) FILTER (WHERE transfer.kind = 'sale') AS sale_count,
                   coalesce(sum(signed) FILTER (WHERE transfer.kind = 'sale'), 0)::bigint AS gross,
                   coalesce(-sum(signed) FILTER (WHERE transfer.kind = 'refund'), 0)::bigint
                       AS refunds,
                   coalesce(-sum(signed) FILTER (WHERE transfer.kind IN ('fee', 'fee_returned')),
                            0)::bigint AS fees,
                   coalesce(sum(signed) FILTER (WHERE transfer.kind NOT IN
                       ('sale', 'refund', 'fee', 'fee_returned')), 0)::bigint AS decided
            FROM transfer
            CROSS JOIN LATERAL (VALUES (to_account_id, amount), (from_account_id, -amount))
                AS side (account_id, signed)
            JOIN account USING (account_id)
            WHERE transfer_id > \(run.afterPosition) AND transfer_id <= \(run.upToPosition)
              AND transfer.kind <> 'settlement' AND account.kind = 'store_payable'
              AND account.book = 'real' AND owner_id = \(storeID)
            GROUP BY business_date ORDER BY business_date
            """
        ).map { row in
            StatementDay(
                date: try row["business_date"], saleCount: try row["sale_count"],
                gross: try row["gross"], refunds: try row["refunds"], fees: try row["fees"],
                decided: try row["decided"])
        }
    }
}
