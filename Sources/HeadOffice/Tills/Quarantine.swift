// What revoked tills delivered (S-7). It is stored and acknowledged; a person of finance lets each record be judged
// like any other, or leaves the sale to the store.

import Domain
import Journal
import PostgresDriver

/// Decides what came under revoked keys.
struct Quarantine: Sendable {
    let store: OfficeStore

    /// On head office's database.
    init(store: OfficeStore) {
        self.store = store
    }

    /// A record's place.
    struct Place: Sendable, Equatable {
        let till: String
        let epoch: Int
        let sequence: Int64
    }

    /// What a released record came to.
    struct Outcome: Sendable, Equatable {
        /// Nil when nothing is open any more.
        let code: String?
    }

    /// Longest reason, in characters.
    static let reasonLengthMax = 200

    /// Lets a record be judged as if its till had not been revoked, by what is known now.
    ///
    /// - Refuses, first match wins: `.roleMissing`, `.unknownTill`, `.unknownRecord`, `.alreadyDecided`, `.revokedByYou`,
    ///   `.saleRefunded` while a refund of the sale waits or was made, `OfficeKeysRefusal.keyElsewhere`.
    /// - Repetition: of two people one decides, the other gets `.alreadyDecided`.
    /// - Source: S-7, R-P5: a new transfer books what the card pays now, and as much leaves the dispute.
    func release(
        _ place: Place, by actor: StaffActor, at now: Instant
    ) async throws -> Outcome {
        try actor.require(.finance)
        guard let till = try await Tills(store).known(code: place.till, epoch: place.epoch) else {
            throw TillRefusal.unknownTill
        }
        let keys = IncomingRecord.Keys(store.secrets)
        return try await store.write { [store] session in
            let row = try IngestTill.lock(session, till)
            let waiting = try Self.lock(place, till, by: actor, in: session)
            guard
                try !OfficeKeys.areElsewhere(
                    [waiting.sealed].compactMap(\.self), opening: keys.opening, in: session)
            else { throw OfficeKeysRefusal.keyElsewhere }
            let incoming = IncomingRecord.read(
                BatchEntry(record: waiting.bytes, credential: waiting.sealed),
                at: JournalHead(sequence: place.sequence, hash: waiting.hash), with: keys)
            let world = try IngestWorld.load(session, [incoming], of: till)
            var judge = IngestJudge(
                till: till, cards: store.cards,
                signingKeys: keys.signing, received: now, row: row, world: world)
            let exception = judge.act(
                on: incoming, BusinessTime(instant: waiting.businessAt, flags: []))
            let settled = try Self.settle(judge.outcome, waiting, till, in: session)
            try IngestWriter(
                session: session, till: till, received: now, holdLife: store.holdLife,
                outcome: settled
            ).write(known: Set(world.payments.keys))
            try Self.close(
                place, till, isReleased: true, code: exception, reason: nil, by: actor, at: now,
                in: session)
            try Self.publish(waiting.recordID, exception, scope: till.storeCode, in: session)
            return Outcome(code: exception?.code)
        }
    }

    /// Leaves a record as it is: what it would have moved is borne by the store (R-L6).
    ///
    /// - Refuses, first match wins: `.roleMissing`, `.reasonMissing`, `.unknownTill`, `.unknownRecord`,
    ///   `.alreadyDecided`, `.revokedByYou`, `.saleRefunded`.
    func refuse(
        _ place: Place, reason: String, by actor: StaffActor, at now: Instant
    ) async throws {
        try actor.require(.finance)
        let reason = reason.trimmedText
        guard (1...Self.reasonLengthMax).contains(reason.count) else {
            throw TillRefusal.reasonMissing
        }
        guard let till = try await Tills(store).known(code: place.till, epoch: place.epoch) else {
            throw TillRefusal.unknownTill
        }
        try await store.write { session in
            _ = try IngestTill.lock(session, till)
            let waiting = try Self.lock(place, till, by: actor, in: session)
            if let id = waiting.recordID, let dispute = try Self.dispute(of: id, in: session) {
                try Ledger.post(
                    session,
                    [
                        NewTransfer(
                            .exceptionDecided,
                            from: LedgerAccount(
                                .storeInDispute, of: till.storeID, in: dispute.book),
                            to: LedgerAccount(
                                .exceptionsReceivable, of: till.storeID, in: dispute.book),
                            amount: dispute.amount, businessAt: now, sourceID: id,
                            storeID: till.storeID, cardID: dispute.cardID)
                    ], at: now)
            }
            try Self.close(
                place, till, isReleased: false, code: nil, reason: reason, by: actor, at: now,
                in: session)
        }
    }
}

extension Quarantine {
    private struct Held {
        let recordID: RecordID?
        let bytes: [UInt8]
        let hash: RecordHash
        let sealed: [UInt8]?
        let businessAt: Instant
    }

    private static func lock(
        _ place: Place, _ till: KnownTill, by actor: StaffActor, in session: PostgresSession
    ) throws -> Held {
        let row = try session.queryOne(
            """
            SELECT record.record_id, record.bytes, record.hash, record.business_at,
                   quarantined.sealed, quarantined.decided_at IS NOT NULL AS decided,
                   exception.state, exception.code, exception.sale_id,
                   revoker.person_id AS revoked_by
            FROM quarantined_record AS quarantined
            JOIN journal_record AS record USING (till_id, epoch, seq)
            JOIN exception USING (till_id, epoch, seq)
            JOIN till_key USING (till_id, epoch)
            LEFT JOIN staff_account AS revoker ON staff_account_id = till_key.revoked_by
            WHERE till_id = \(till.tillID) AND epoch = \(Int32(place.epoch))
              AND seq = \(place.sequence)
            FOR NO KEY UPDATE OF quarantined, exception
            """)
        guard let row else { throw TillRefusal.unknownRecord }
        let code: String = try row["code"]
        guard try row["state"] == "open", code == RecordException.quarantined.code,
            try !row.decode("decided", as: Bool.self)
        else { throw TillRefusal.alreadyDecided }
        guard try row["revoked_by"] as Int64? != actor.personID else {
            throw TillRefusal.revokedByYou
        }
        let id: RecordID? = try row["record_id"]
        // A sale that was booked from its slip is not the exception's, and keeps what it has.
        if let sale = try row["sale_id"] as RecordID? {
            let refunded = try session.queryOne(
                """
                SELECT sale_id FROM sale
                WHERE sale_id = \(sale) AND refunded + refund_reserved > 0
                """)
            guard refunded == nil else { throw TillRefusal.saleRefunded }
        }
        return Held(
            recordID: id, bytes: try row["bytes"], hash: try row["hash"],
            sealed: try row["sealed"], businessAt: try row["business_at"])
    }

    private struct Dispute {
        let amount: Money
        let book: LedgerBook
        let cardID: Int64?
    }

    /// What was booked as in dispute when the sale arrived.
    private static func dispute(
        of saleID: RecordID, in session: PostgresSession
    ) throws -> Dispute? {
        try session.queryOne(
            """
            SELECT amount, card_id, account.book
            FROM transfer JOIN account ON account_id = to_account_id
            WHERE source_id = \(saleID) AND transfer.kind = 'shortfall'
            """
        ).map { row in
            Dispute(
                amount: try row["amount"], book: try row["book"], cardID: try row["card_id"])
        }
    }

    /// The sale and its exception are rows already: they are brought up to date, and what the card pays now leaves the
    /// dispute. Everything else of the outcome is written as at any other arrival.
    private static func settle(
        _ outcome: IngestOutcome, _ waiting: Held, _ till: KnownTill,
        in session: PostgresSession
    ) throws -> IngestOutcome {
        var rest = outcome
        rest.sales = []
        rest.exceptions = []
        for sale in outcome.sales {
            try session.execute(
                """
                UPDATE sale SET state = \(sale.code == nil ? "posted" : "exception"),
                    code = \(sale.code as String?), paid_by_card = \(sale.paidByCard),
                    card_id = \(sale.cardID as Int64?), test = \(sale.isTest)
                WHERE sale_id = \(sale.id)
                """)
        }
        let left = outcome.exceptions.reduce(Int64(0)) { $0 + $1.disputed.fen }
        guard let id = waiting.recordID, let dispute = try dispute(of: id, in: session) else {
            return rest
        }
        try session.execute("UPDATE exception SET disputed = \(left) WHERE sale_id = \(id)")
        let short = outcome.transfers.filter { $0.kind == .shortfall }
        rest.transfers.removeAll { $0.kind == .shortfall }
        let staying = short.reduce(Int64(0)) { $0 + $1.amount.fen }
        precondition(
            short.allSatisfy { $0.from.book == dispute.book } && staying <= dispute.amount.fen,
            "\(staying) of \(dispute.amount.fen) fen stay in dispute in another book")
        if dispute.amount.fen > staying {
            rest.transfers.append(
                NewTransfer(
                    .shortfallUndone,
                    from: LedgerAccount(.storeInDispute, of: till.storeID, in: dispute.book),
                    to: LedgerAccount(.exceptionsReceivable, of: till.storeID, in: dispute.book),
                    amount: Money(fen: dispute.amount.fen - staying),
                    businessAt: waiting.businessAt, sourceID: id, storeID: till.storeID,
                    cardID: dispute.cardID))
        }
        return rest
    }

    private static func close(
        _ place: Place, _ till: KnownTill, isReleased: Bool, code: RecordException?,
        reason: String?, by actor: StaffActor, at now: Instant, in session: PostgresSession
    ) throws {
        try session.execute(
            """
            UPDATE quarantined_record
            SET sealed = NULL, decided_by = \(actor.accountID), decided_at = \(now),
                is_released = \(isReleased), reason = \(reason as String?)
            WHERE till_id = \(till.tillID) AND epoch = \(Int32(place.epoch))
              AND seq = \(place.sequence)
            """)
        let newCode = code?.code ?? RecordException.quarantined.code
        try session.execute(
            """
            UPDATE exception
            SET code = \(newCode), state = \(code == nil ? "settled" : "open"),
                settled_at = CASE WHEN \(code == nil) THEN \(now) END,
                outcome = CASE WHEN \(code == nil)
                               THEN CASE WHEN sale_id IS NULL THEN 'closed'
                                         WHEN \(isReleased) THEN 'card' ELSE 'store' END END,
                disputed = CASE WHEN \(isReleased) THEN disputed ELSE 0 END,
                amount = coalesce((SELECT sale.total - sale.paid_by_card FROM sale
                                   WHERE sale.sale_id = exception.record_id
                                     AND sale.total >= sale.paid_by_card), amount)
            WHERE till_id = \(till.tillID) AND epoch = \(Int32(place.epoch))
              AND seq = \(place.sequence)
            """)
        try session.audit(
            actor, isReleased ? "quarantine.release" : "quarantine.refuse", till.code,
            [
                "epoch": String(place.epoch), "sequence": String(place.sequence),
                "code": code?.code ?? "", "reason": reason ?? "",
            ].filter { !$0.value.isEmpty }, at: now)
    }

    private static func publish(
        _ id: RecordID?, _ exception: RecordException?, scope: String,
        in session: PostgresSession
    ) throws {
        guard let id else { return }
        let body = VerdictChange(
            code: exception?.code, state: exception == nil ? .posted : .exception)
        try ChangePublisher.publish(
            session,
            Change(
                scope: scope, topic: .verdict, key: id.description,
                body: PostgresJSON(String(decoding: body.wire.canonicalBytes, as: UTF8.self))))
    }
}
