import Domain
import Journal
import PostgresDriver

/// An exception as its locked row says, with the sale it made.
struct LockedException: Sendable {
    let exceptionID: Int64
    let recordID: RecordID?
    let saleID: RecordID?
    let code: String
    let state: String
    let disputed: Money
    let bearer: ShortfallBearer
    private(set) var names: LedgerNames
    let province: String
    let receipt: String
    /// Of the sale.
    let total: Money
    let fingerprint: CardFingerprint?
    let isTest: Bool
    let businessAt: Instant?
    let credential: SalePosting.Credential
    /// The person who asks to write it off.
    let writeOffPersonID: Int64?
    let writeOffReason: String?

    var facts: ExceptionPosting.Facts {
        ExceptionPosting.Facts(
            exception: RecordException(rawValue: code), disputed: disputed,
            isSettled: state == "settled", bearer: bearer, store: names.storeCode,
            book: isTest ? .test : .real, programme: names.programme)
    }

    /// The same, to be paid by a later card of the sale's chain (R-R2).
    func paid(by cardID: Int64, _ fingerprint: CardFingerprint) -> LockedException {
        var later = self
        later.names.cardID = cardID
        later.names.card = fingerprint
        return later
    }

    /// Locks the sale, then the exception, as taking a refund request in does.
    ///
    /// - Refuses: `.unknownException`.
    static func lock(_ exceptionID: Int64, in session: PostgresSession) throws -> LockedException {
        _ = try session.query(
            """
            SELECT sale_id FROM sale
            WHERE sale_id = (SELECT sale_id FROM exception WHERE exception_id = \(exceptionID))
            FOR NO KEY UPDATE
            """)
        _ = try session.query(
            """
            SELECT exception_id FROM exception WHERE exception_id = \(exceptionID)
            FOR NO KEY UPDATE
            """)
        guard let found = try read("exception.exception_id = \(exceptionID)", in: session).first
        else { throw ExceptionsRefusal.unknownException }
        return found
    }

    /// Reads exceptions; the caller has locked what it changes.
    static func read(_ condition: SQL, in session: PostgresSession) throws -> [LockedException] {
        try session.query(
            """
            SELECT exception.exception_id, exception.record_id, exception.sale_id, exception.code,
                   exception.state, exception.disputed, exception.bearer, exception.store_id,
                   store.code AS store_code, store.province, coalesce(sale.receipt, '') AS receipt,
                   sale.fingerprint, coalesce(sale.test, false) AS test, sale.business_at,
                   coalesce(sale.total, 0) AS total,
                   credential.result, card.card_id, card.programme_id,
                   programme.code AS programme, asker.person_id AS asker,
                   exception.write_off_reason
            FROM exception
            JOIN store USING (store_id)
            LEFT JOIN sale ON sale.sale_id = exception.sale_id
            LEFT JOIN credential_verdict AS credential ON credential.sale_id = exception.sale_id
            LEFT JOIN card ON card.fingerprint = sale.fingerprint
            LEFT JOIN programme ON programme.programme_id = card.programme_id
            LEFT JOIN staff_account AS asker
                   ON asker.staff_account_id = exception.write_off_by
            WHERE \(fragment: condition)
            ORDER BY exception.opened_at, exception.exception_id
            """
        ).map { row in
            let fingerprint: CardFingerprint? = try row["fingerprint"]
            let result: String? = try row["result"]
            return LockedException(
                exceptionID: try row["exception_id"], recordID: try row["record_id"],
                saleID: try row["sale_id"], code: try row["code"], state: try row["state"],
                disputed: try row["disputed"],
                bearer: ShortfallBearer(rawValue: try row["bearer"]) ?? .store,
                names: LedgerNames(
                    storeID: try row["store_id"], storeCode: try row["store_code"],
                    cardID: try row["card_id"], card: fingerprint,
                    programmeID: try row["programme_id"], programme: try row["programme"]),
                province: try row["province"], receipt: try row["receipt"],
                total: try row["total"], fingerprint: fingerprint, isTest: try row["test"],
                businessAt: try row["business_at"],
                credential: result.flatMap(SalePosting.Credential.init) ?? .notChecked,
                writeOffPersonID: try row["asker"],
                writeOffReason: try row["write_off_reason"])
        }
    }
}

/// The end of an exception, or of a part of it: rows, feed, ledger and audit in one transaction.
struct ExceptionEnd {
    /// How what was in dispute ended. Raw values as stored.
    enum Outcome: String {
        case card
        case store
        case programme
        case writtenOff = "written_off"
        case refunded
        case closed
    }

    let found: LockedException
    let outcome: Outcome
    /// The event's word.
    let action: String
    let amount: Money
    let reason: String
    let transfers: [TransferPlan]
    let actor: AuditActor
    let at: Instant

    /// Writes it all.
    ///
    /// - Shape: the exception is settled when nothing is left in dispute. What a card could not pay in full goes on as
    ///   a short balance, which its next loads may pay.
    func write(_ session: PostgresSession) throws {
        let left = Money(fen: found.disputed.fen - amount.fen)
        precondition(left >= .zero, "\(amount.fen) of \(found.disputed.fen) fen in dispute")
        let decisionID = try note(session)
        try storeException(session, left: left)
        try storeSale(session, left: left)
        try publish(session, left: left)
        let moved = transfers.map { found.names.transfer($0, source: decisionID, at: at) }
        try Ledger.post(session, moved + fees(session, beside: moved), at: at)
        var detail = ["amount": String(amount.fen), "left": String(left.fen), "code": found.code]
        if !reason.isEmpty { detail["reason"] = reason }
        try AuditEntry(
            actor: actor, action: "exception.\(action)",
            subject: found.receipt.isEmpty ? String(found.exceptionID) : found.receipt,
            detail: detail
        ).write(session, at: at)
    }

    private func fees(
        _ session: PostgresSession, beside moved: [NewTransfer]
    ) throws -> [NewTransfer] {
        guard let saleID = found.saleID, let soldAt = found.businessAt else { return [] }
        return try SaleFees.transfers(
            session,
            beside: [
                SaleFees.Sale(
                    saleID: saleID, soldOn: BusinessDate(soldAt), transfers: moved)
            ])
    }

    private func note(_ session: PostgresSession) throws -> RecordID {
        try ExceptionEvent(
            exceptionID: found.exceptionID, actor: actor, action: action, amount: amount,
            reason: reason
        ).write(session, at: at)
    }

    private var isShort: Bool { outcome == .card }

    private func storeException(_ session: PostgresSession, left: Money) throws {
        let isSettled = left == .zero
        try session.execute(
            """
            UPDATE exception
            SET disputed = \(left),
                state = CASE WHEN \(isSettled) THEN 'settled' ELSE state END,
                outcome = CASE WHEN \(isSettled) THEN \(outcome.rawValue) END,
                settled_at = CASE WHEN \(isSettled) THEN \(at) END,
                code = CASE WHEN \(isShort && !isSettled)
                            THEN \(RecordException.insufficientBalance.code) ELSE code END,
                write_off_by = NULL, write_off_at = NULL, write_off_reason = NULL
            WHERE exception_id = \(found.exceptionID)
            """)
        guard isSettled, found.code == RecordException.quarantined.code else { return }
        // Nobody looks at it in quarantine any more, and its sealed bytes have no use.
        try session.execute(
            """
            UPDATE quarantined_record AS quarantined
            SET sealed = NULL, decided_at = \(at), is_released = false, reason = \(reason)
            FROM exception
            WHERE exception.exception_id = \(found.exceptionID)
              AND quarantined.till_id = exception.till_id
              AND quarantined.epoch = exception.epoch AND quarantined.seq = exception.seq
              AND quarantined.decided_at IS NULL
            """)
    }

    private func storeSale(_ session: PostgresSession, left: Money) throws {
        guard let saleID = found.saleID, outcome != .closed else { return }
        let paid = outcome == .card ? amount : .zero
        try session.execute(
            """
            UPDATE sale
            SET paid_by_card = paid_by_card + \(paid),
                card_id = coalesce(card_id, \(found.names.cardID as Int64?)),
                state = CASE WHEN \(left == .zero) THEN 'posted' ELSE state END,
                code = CASE WHEN \(isShort && left > .zero)
                            THEN \(RecordException.insufficientBalance.code) ELSE code END
            WHERE sale_id = \(saleID)
            """)
    }

    /// The store learns how it ended; what it bears itself says so.
    private func publish(_ session: PostgresSession, left: Money) throws {
        guard let recordID = found.recordID, found.saleID != nil, outcome != .closed else {
            return
        }
        let body: VerdictChange
        if left > .zero {
            guard isShort else { return }
            body = VerdictChange(
                code: RecordException.insufficientBalance.code, state: .exception)
        } else {
            body = VerdictChange(
                code: outcome == .store ? "borne_by_store" : nil, state: .posted)
        }
        try ChangePublisher.publish(
            session,
            Change(
                scope: found.names.storeCode, topic: .verdict, key: recordID.description,
                body: PostgresJSON(String(decoding: body.bytes, as: UTF8.self))))
    }
}

/// One line of an exception's history.
struct ExceptionEvent {
    let exceptionID: Int64
    let actor: AuditActor
    let action: String
    var amount: Money = .zero
    var reason = ""

    /// Writes it, and gives the id by which its transfers name it.
    @discardableResult
    func write(_ session: PostgresSession, at: Instant) throws -> RecordID {
        let row = try session.queryOne(
            """
            INSERT INTO exception_event
                (exception_id, at, actor, person_id, action, amount, reason, decision_id)
            VALUES (\(exceptionID), \(at), \(actor.name), \(actor.personID as Int64?), \(action),
                    \(amount), \(reason), gen_random_uuid())
            RETURNING decision_id
            """)
        guard let id = try row?.decode("decision_id", as: RecordID.self) else {
            preconditionFailure("an event just written is not there")
        }
        return id
    }
}
