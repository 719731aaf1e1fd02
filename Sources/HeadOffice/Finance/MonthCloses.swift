// Closing a month and opening it again. A closing takes the lock that every posting shares: what was under way is in, what
// comes after is booked in the next open month. The figures are frozen in the same transaction.

public import Domain
import PostgresDriver

/// Closes months.
public struct MonthCloses: Sendable {
    let store: OfficeStore

    /// On head office's database.
    public init(store: OfficeStore) {
        self.store = store
    }

    /// What somebody says to a reopening that was asked for.
    public enum Verdict: String, Sendable, CaseIterable {
        case approved
        case refused
    }

    /// Closes a month: expires what can no longer be approved, freezes the figures, and lets nothing more in.
    ///
    /// - Refuses, first match wins: `.roleMissing`, `MonthClosing.Refusal`, `.ledgerDiffers`: what is frozen is where every
    ///   later trial balance begins, so roll-ups that are not what the accounts hold are made anew first.
    /// - Repetition: of two people one closes, the other gets `.monthClosed`.
    /// - Source: R-L3, R-L5, R-R1.
    public func close(_ month: TradingMonth, by actor: StaffActor, at now: Instant) async throws {
        try actor.require(.finance)
        if now >= month.end { try await Jobs(store).expireRefundRequests(now: now) }
        try await store.write { session in
            try AccountingMonths.lockForClosing(session)
            let months = try AccountingMonths.read(session)
            let first = try Self.firstMonth(in: session)
            try MonthClosing.checkClosing(month, now: now, first: first) { months.status(of: $0) }
            guard try MonthReport.agreesWithAccounts(in: session) else {
                throw FinanceRefusal.ledgerDiffers
            }
            let last = try session.queryOne(
                "SELECT coalesce(max(transfer_id), 0) AS position FROM transfer")
            let position: Int64 = try last?.decode("position") ?? 0
            let tills = try Self.tills(of: month, in: session)
            let mayArrive = tills.reduce(Int64(0)) { $0 + $1.mayBring.fen }
            guard
                let closing = try session.queryOne(
                    """
                    INSERT INTO closing (month, number, ledger_position, closed_by, closed_at,
                                         may_still_arrive)
                    SELECT \(month.firstDay), coalesce(max(number), 0) + 1, \(position),
                           \(actor.accountID), \(now), \(mayArrive)
                    FROM closing WHERE month = \(month.firstDay)
                    RETURNING closing_id, number
                    """)
            else { throw FinanceRefusal.closingUnknown }
            for report in MonthReport.allCases where report.isFrozen {
                try ReportSource(live: report, month, position: position)
                    .freeze(into: try closing["closing_id"], in: session)
            }
            try session.execute(
                """
                INSERT INTO accounting_month (month, closed_at, status)
                VALUES (\(month.firstDay), \(now), 'closed')
                ON CONFLICT (month) DO UPDATE
                SET status = 'closed', closed_at = EXCLUDED.closed_at
                """)
            try session.audit(
                actor, "month.close", month.description,
                [
                    "number": String(try closing["number"] as Int32),
                    "ledgerPosition": String(position), "mayStillArrive": String(mayArrive),
                ], at: now)
        }
    }

    /// Asks that a closed month be opened again.
    ///
    /// - Refuses, first match wins: `.roleMissing`, `.reasonEmpty`, `MonthClosing.Refusal`, `.reopeningWaiting`.
    /// - Repetition: the same id again finds what was asked.
    /// - Source: R-L4.
    public func askReopening(
        _ id: RecordID, of month: TradingMonth, reason: String, by actor: StaffActor,
        at now: Instant
    ) async throws {
        try actor.require(.finance)
        let reason = String(reason.trimmedText.prefix(500))
        guard !reason.isEmpty else { throw MonthCloseRefusal.reasonEmpty }
        try await store.write { session in
            let known = try session.queryOne(
                "SELECT reopening_id FROM reopening WHERE reopening_id = \(id)")
            if known != nil { return }
            let months = try AccountingMonths.read(session)
            try MonthClosing.checkReopening(month, last: months.last) { months.status(of: $0) }
            let made = try session.execute(
                """
                INSERT INTO reopening (reopening_id, month, reason, state, asked_by, asked_at)
                VALUES (\(id), \(month.firstDay), \(reason), 'asked', \(actor.accountID), \(now))
                ON CONFLICT (month) WHERE state = 'asked' DO NOTHING
                """)
            guard made == 1 else { throw MonthCloseRefusal.reopeningWaiting }
            try session.audit(
                actor, "month.ask_reopening", month.description, ["reason": reason], at: now)
        }
    }

    /// Agrees to a reopening or turns it down. What was frozen stays.
    ///
    /// - Refuses, first match wins: `.roleMissing`, `.unknownReopening`, `.alreadyDecided`, `FourEyes.Refusal`,
    ///   `MonthClosing.Refusal`.
    public func decideReopening(
        _ id: RecordID, _ verdict: Verdict, by actor: StaffActor, at now: Instant
    ) async throws {
        try actor.require(.finance)
        try await store.write { session in
            try AccountingMonths.lockForClosing(session)
            guard
                let row = try session.queryOne(
                    """
                    SELECT month, state, person_id FROM reopening
                    JOIN staff_account ON staff_account_id = asked_by
                    WHERE reopening_id = \(id) FOR NO KEY UPDATE OF reopening
                    """)
            else { throw MonthCloseRefusal.unknownReopening }
            guard try row["state"] as String == "asked" else {
                throw MonthCloseRefusal.alreadyDecided
            }
            try FourEyes.check(
                decider: .of(actor, in: session), requester: .init(id: try row["person_id"]))
            let month = try row.decode("month", as: BusinessDate.self).tradingMonth
            if verdict == .approved { try Self.reopen(month, in: session) }
            let decided = try session.execute(
                """
                UPDATE reopening SET state = \(verdict.rawValue), decided_by = \(actor.accountID),
                    decided_at = \(now)
                WHERE reopening_id = \(id) AND state = 'asked'
                  AND (SELECT person_id FROM staff_account WHERE staff_account_id = asked_by)
                      <> \(actor.personID)
                """)
            guard decided == 1 else { throw MonthCloseRefusal.alreadyDecided }
            try session.audit(
                actor, verdict == .approved ? "month.reopen" : "month.refuse_reopening",
                month.description, ["reopening": id.description], at: now)
        }
    }

    private static func reopen(_ month: TradingMonth, in session: PostgresSession) throws {
        let months = try AccountingMonths.read(session)
        try MonthClosing.checkReopening(month, last: months.last) { months.status(of: $0) }
        try session.execute(
            """
            INSERT INTO accounting_month (month, closed_at, status)
            VALUES (\(month.firstDay), now(), 'reopened')
            ON CONFLICT (month) DO UPDATE SET status = 'reopened'
            """)
    }

    /// The earliest month with movements.
    static func firstMonth(in session: PostgresSession) throws -> TradingMonth? {
        let row = try session.queryOne("SELECT min(accounting_month) AS month FROM transfer")
        return try row?.decode("month", as: BusinessDate?.self)?.tradingMonth
    }
}

/// Why a month is not closed or opened; cases in the order they are checked.
public enum MonthCloseRefusal: String, OfficeRefusal, CaseIterable {
    case reasonEmpty = "reason_empty"
    case reopeningWaiting = "reopening_waiting"
    case unknownReopening = "unknown_reopening"
    case alreadyDecided = "already_decided"
}
