// Paying the stores. A run is made by one person and agreed to by another. Making it takes the lock that every posting
// shares, so that no transfer below the run's position can still appear; the transfers themselves are never touched:
// what is settled is what lies at or below the position of the last run agreed to.

public import Domain
import PostgresDriver

/// Settlement runs (R-L7).
public struct Settlements: Sendable {
    let store: OfficeStore

    /// On head office's database.
    public init(store: OfficeStore) {
        self.store = store
    }

    /// What somebody says to a run that waits.
    public enum Verdict: String, Sendable, CaseIterable {
        case approved
        case refused
    }

    /// Makes a run over every unsettled transfer on store payable, whatever its month.
    ///
    /// - Shape: a store below zero, or without a bank account, is carried forward.
    /// - Refuses, first match wins: `.roleMissing`, `.runWaiting`, `.nothingToSettle`.
    /// - Repetition: the same id again finds the run that was made.
    /// - Source: R-L7.
    public func make(_ runID: RecordID, by actor: StaffActor, at now: Instant) async throws {
        try actor.require(.finance)
        let store = store
        try await store.write { session in
            try AccountingMonths.lockForClosing(session)
            if try Self.exists(runID, in: session) { return }
            let after = try Self.settledPosition(in: session)
            let last = try session.queryOne(
                "SELECT coalesce(max(transfer_id), 0) AS position FROM transfer")
            let upTo: Int64 = try last?.decode("position") ?? 0
            guard try Self.waitingRun(in: session) == nil else {
                throw SettlementRefusal.runWaiting
            }
            let due = try Self.due(after: after, upTo: upTo, in: session)
            guard due.contains(where: { $0.hasMoved }) else {
                throw SettlementRefusal.nothingToSettle
            }
            try session.execute(
                """
                INSERT INTO settlement_run (run_id, after_position, up_to_position, state, asked_by,
                                            asked_at)
                VALUES (\(runID), \(after), \(upTo), 'asked', \(actor.accountID), \(now))
                """)
            try Self.insert(
                due.map { ($0, store.clock.makeID()) }, run: runID, in: session)
            let paid = due.reduce(Int64(0)) { $0 + $1.paid.fen }
            try session.audit(
                actor, "settlement.ask", runID.description,
                ["upTo": String(upTo), "paid": String(paid), "stores": String(due.count)], at: now)
        }
    }

    /// Agrees to a run, which pays it, or turns it down, which leaves everything unsettled.
    ///
    /// - Refuses, first match wins: `.roleMissing`, `.unknownRun`, `.alreadyDecided`, `FourEyes.Refusal`,
    ///   `.accountChanged` when a store's bank account is not the one shown any more.
    /// - Repetition: of two people one decides, the other gets `.alreadyDecided`.
    public func decide(
        _ runID: RecordID, _ verdict: Verdict, by actor: StaffActor, at now: Instant
    ) async throws {
        try actor.require(.finance)
        try await store.write { session in
            guard
                let run = try session.queryOne(
                    """
                    SELECT run.state, person_id FROM settlement_run AS run
                    JOIN staff_account ON staff_account_id = asked_by
                    WHERE run_id = \(runID) FOR NO KEY UPDATE OF run
                    """)
            else { throw SettlementRefusal.unknownRun }
            guard try run["state"] as String == "asked" else {
                throw SettlementRefusal.alreadyDecided
            }
            try FourEyes.check(
                decider: .of(actor, in: session), requester: .init(id: try run["person_id"]))
            let lines = try Self.lines(of: runID, in: session)
            if verdict == .approved { try Self.pay(lines, at: now, in: session) }
            let decided = try session.execute(
                """
                UPDATE settlement_run SET state = \(verdict.rawValue),
                    decided_by = \(actor.accountID), decided_at = \(now)
                WHERE run_id = \(runID) AND state = 'asked'
                  AND (SELECT person_id FROM staff_account WHERE staff_account_id = asked_by)
                      <> \(actor.personID)
                """)
            guard decided == 1 else { throw SettlementRefusal.alreadyDecided }
            let paid = lines.reduce(Int64(0)) { $0 + $1.due.paid.fen }
            try session.audit(
                actor, verdict == .approved ? "settlement.approve" : "settlement.refuse",
                runID.description, ["paid": String(paid)], at: now)
        }
    }

    private static func pay(
        _ lines: [Line], at now: Instant, in session: PostgresSession
    ) throws {
        let paid = lines.filter { $0.due.paid > .zero }
        guard paid.allSatisfy({ $0.due.bankAccount == $0.bankAccountNow }) else {
            throw SettlementRefusal.accountChanged
        }
        try Ledger.post(
            session,
            paid.map { line in
                NewTransfer(
                    .settlement,
                    from: LedgerAccount(.storePayable, of: line.due.storeID, in: .real),
                    to: LedgerAccount(.bank, of: 0, in: .real), amount: line.due.paid,
                    businessAt: now, sourceID: line.paymentID, storeID: line.due.storeID,
                    cardID: nil)
            }, at: now)
    }

    private static func exists(_ runID: RecordID, in session: PostgresSession) throws -> Bool {
        try session.queryOne("SELECT run_id FROM settlement_run WHERE run_id = \(runID)") != nil
    }

    private static func insert(
        _ lines: [(due: Due, paymentID: RecordID)], run: RecordID, in session: PostgresSession
    ) throws {
        let due = lines.map(\.due)
        try session.execute(
            """
            INSERT INTO settlement_line
                (run_id, store_id, payment_id, bank_account, carried_in, sale_count, gross, refunds,
                 fees, fees_returned, decided, paid, carried_out)
            SELECT \(run), store_id, payment_id, bank_account, carried_in, sale_count, gross,
                   refunds, fees, fees_returned, decided, paid, carried_out
            FROM unnest(\(due.map(\.storeID)), \(lines.map(\.paymentID)),
                        \(due.map(\.bankAccount)), \(due.map(\.carriedIn)),
                        \(due.map(\.saleCount)), \(due.map(\.gross)), \(due.map(\.refunds)),
                        \(due.map(\.fees)), \(due.map(\.feesReturned)), \(due.map(\.decided)),
                        \(due.map(\.paid)), \(due.map(\.carriedOut)))
                 AS row (store_id, payment_id, bank_account, carried_in, sale_count, gross, refunds,
                         fees, fees_returned, decided, paid, carried_out)
            """)
    }
}

/// Why a settlement is not made or not decided; cases in the order they are checked.
public enum SettlementRefusal: String, OfficeRefusal, CaseIterable {
    case runWaiting = "run_waiting"
    case nothingToSettle = "nothing_to_settle"
    case unknownRun = "unknown_run"
    case alreadyDecided = "already_decided"
    case accountChanged = "account_changed"
}
