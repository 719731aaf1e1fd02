// A received record that needs a person is ended here, and only by moves that cannot lose or double money: each posts to
// the ledger, is written down beside the exception, and tells the till. Rows are locked sale, exception, card, accounts.

public import Domain
import PostgresDriver

/// Decides exceptions.
public struct Exceptions: Sendable {
    let store: OfficeStore

    /// On head office's database.
    public init(store: OfficeStore) {
        self.store = store
    }

    /// Longest reason, in characters.
    public static let reasonLengthMax = 200

    /// Does something about an exception.
    ///
    /// - Shape: `disputed` is the amount that was shown. A write-off is only asked for; `decideWriteOff` ends it. `clock`
    ///   is asked once the rows are locked.
    /// - Refuses, first match wins: `.roleMissing`, `.reasonEmpty` (charging, writing off and closing need one),
    ///   `.unknownException`, `.exceptionChanged`, `.writeOffAsked`, `ExceptionPosting.Refusal`.
    /// - Repetition: what has been settled is refused.
    public func decide(
        _ exceptionID: Int64, _ move: ExceptionPosting.Move, reason: String, disputed: Money,
        by actor: StaffActor, at clock: @autoclosure @escaping @Sendable () -> Instant
    ) async throws {
        try actor.require(.approver, .finance)
        let reason = String(reason.trimmedText.prefix(Self.reasonLengthMax))
        let needsReason = move != .repost && move != .collect
        guard !reason.isEmpty || !needsReason else { throw ExceptionsRefusal.reasonEmpty }
        try await store.write { session in
            let found = try LockedException.lock(exceptionID, in: session)
            let now = clock()
            try ExceptionPosting.check(move, for: found.facts)
            // What came under a revoked key is decided in quarantine, where its own rules hold (S-7).
            guard found.code != RecordException.quarantined.code else {
                throw ExceptionPosting.Refusal.moveNotAllowed
            }
            guard found.disputed == disputed else { throw ExceptionsRefusal.exceptionChanged }
            guard found.writeOffPersonID == nil else { throw ExceptionsRefusal.writeOffAsked }
            switch move {
            case .writeOff:
                try Self.askWriteOff(found, reason: reason, by: actor, at: now, in: session)
            case .collect:
                try Self.collectLater(found, reason: reason, by: actor, at: now, in: session)
            case .repost:
                try Self.repost(
                    found, reason: reason, by: .staff(actor), at: now, in: session)
            case .chargeStore, .chargeProgramme, .close:
                try Self.end(
                    found, move, reason: reason, by: .staff(actor), at: now, in: session)
            }
        }
    }

    /// Agrees to write an exception off, or not.
    ///
    /// - Refuses, first match wins: `.roleMissing`, `.unknownException`, `ExceptionPosting.Refusal`, `.writeOffNotAsked`,
    ///   `.samePerson`, `.exceptionChanged`.
    public func decideWriteOff(
        _ exceptionID: Int64, agrees: Bool, disputed: Money, by actor: StaffActor,
        at clock: @autoclosure @escaping @Sendable () -> Instant
    ) async throws {
        try actor.require(.approver, .finance)
        try await store.write { session in
            let found = try LockedException.lock(exceptionID, in: session)
            let now = clock()
            try ExceptionPosting.check(.writeOff, for: found.facts)
            guard let asker = found.writeOffPersonID else {
                throw ExceptionsRefusal.writeOffNotAsked
            }
            guard asker != actor.personID else { throw ExceptionsRefusal.samePerson }
            guard found.disputed == disputed else { throw ExceptionsRefusal.exceptionChanged }
            if agrees {
                try Self.end(
                    found, .writeOff, reason: found.writeOffReason ?? "", by: .staff(actor),
                    at: now, in: session)
                return
            }
            try session.execute(
                """
                UPDATE exception
                SET write_off_by = NULL, write_off_at = NULL, write_off_reason = NULL
                WHERE exception_id = \(exceptionID)
                """)
            try Self.note(
                found, "write_off_refuse", amount: found.disputed, reason: "",
                by: .staff(actor), at: now, in: session)
        }
    }

    private static func askWriteOff(
        _ found: LockedException, reason: String, by actor: StaffActor, at now: Instant,
        in session: PostgresSession
    ) throws {
        try session.execute(
            """
            UPDATE exception
            SET write_off_by = \(actor.accountID), write_off_at = \(now),
                write_off_reason = \(reason)
            WHERE exception_id = \(found.exceptionID)
            """)
        try note(
            found, "write_off_ask", amount: found.disputed, reason: reason, by: .staff(actor),
            at: now, in: session)
    }

    private static func collectLater(
        _ found: LockedException, reason: String, by actor: StaffActor, at now: Instant,
        in session: PostgresSession
    ) throws {
        guard found.state == "open" else { throw ExceptionPosting.Refusal.moveNotAllowed }
        try session.execute(
            """
            UPDATE exception SET state = 'collecting' WHERE exception_id = \(found.exceptionID)
            """)
        try note(
            found, "collect", amount: found.disputed, reason: reason, by: .staff(actor), at: now,
            in: session)
    }

    private static func note(
        _ found: LockedException, _ action: String, amount: Money, reason: String,
        by actor: AuditActor, at now: Instant, in session: PostgresSession
    ) throws {
        try ExceptionEvent(
            exceptionID: found.exceptionID, actor: actor, action: action, amount: amount,
            reason: reason
        ).write(session, at: now)
        try AuditEntry(
            actor: actor, action: "exception.\(action)",
            subject: found.receipt.isEmpty ? String(found.exceptionID) : found.receipt,
            detail: ["amount": String(amount.fen), "reason": reason, "code": found.code]
        ).write(session, at: now)
    }

    /// Somebody bears all that is in dispute.
    static func end(
        _ found: LockedException, _ move: ExceptionPosting.Move, reason: String,
        by actor: AuditActor, at now: Instant, in session: PostgresSession
    ) throws {
        let outcome: ExceptionEnd.Outcome
        switch move {
        case .chargeStore: outcome = .store
        case .chargeProgramme: outcome = .programme
        case .writeOff: outcome = .writtenOff
        case .close: outcome = .closed
        case .repost, .collect: preconditionFailure("\(move) bears nothing")
        }
        try ExceptionEnd(
            found: found, outcome: outcome, action: move.rawValue, amount: found.disputed,
            reason: reason, transfers: try ExceptionPosting.plan(move, found.facts),
            actor: actor, at: now
        ).write(session)
    }

    /// The sale is posted again; the card pays what it can.
    static func repost(
        _ found: LockedException, credential: SalePosting.Credential? = nil, reason: String,
        by actor: AuditActor, at now: Instant, in session: PostgresSession
    ) throws {
        guard let fingerprint = found.fingerprint, let businessAt = found.businessAt else {
            throw ExceptionPosting.Refusal.moveNotAllowed
        }
        let card = try CardRow.lock(session, [fingerprint], province: found.province)[fingerprint]
        let account = try card.flatMap { try Ledger.lock(session, [$0.account])[$0.account] }
        let amount = try ExceptionPosting.payable(
            found.facts, card: card.map { $0.facts(account) }, businessTime: businessAt,
            credential: credential ?? found.credential)
        try ExceptionEnd(
            found: found, outcome: .card, action: "repost", amount: amount, reason: reason,
            transfers: ExceptionPosting.paid(amount, by: fingerprint, found.facts),
            actor: actor, at: now
        ).write(session)
    }
}

extension CardRow {
    /// The card as the posting rules see it.
    func facts(_ account: Ledger.LockedAccount?) -> SalePosting.Card {
        SalePosting.Card(
            state: state, stateSince: stateSince, balance: account?.balance ?? .zero,
            held: account?.held ?? .zero, isTest: isTest, programmeAccepted: isAccepted)
    }
}
