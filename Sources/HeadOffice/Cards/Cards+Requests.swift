// What two people do to a card. The second is compared by person, in the rule and again in the statement that decides;
// everything is judged when it is asked and again, under the card's lock, when it is agreed to.

public import Domain
import PostgresDriver

/// What is asked for a card.
public enum CardRequestKind: String, Sendable, CaseIterable {
    /// A lost card's money moves to a new card.
    case replace
    /// The card ends, its balance goes back to the programme.
    case close
    /// A new random password by mailer.
    case resetPassword = "reset_password"
    /// An expired card gets new validity, a lost one is found again.
    case reactivate
    /// The card becomes a test card.
    case flagTest = "flag_test"
}

extension Cards {
    /// Asks for something that takes a second person.
    ///
    /// - Refuses, first match wins: `.roleMissing`, `.reasonEmpty`, `.unknownCard`, what the kind refuses,
    ///   `.requestWaiting` while another request for the card waits.
    /// - Repetition: the same request id again changes nothing.
    public func ask(
        _ kind: CardRequestKind, _ requestID: RecordID, card cardID: Int64, reason: String,
        by actor: StaffActor, at now: Instant
    ) async throws {
        try actor.require(.issuer, .issuingSupervisor)
        let reason = try Self.reason(reason)
        try await store.write { session in
            let card = try Self.lockCard(cardID, in: session)
            let known = try session.query(
                "SELECT state FROM card_request WHERE request_id = \(requestID)")
            guard known.isEmpty else { return }
            try Self.requireFit(kind, card, in: session)
            let made = try session.execute(
                """
                INSERT INTO card_request (request_id, card_id, kind, reason, asked_by, asked_at)
                VALUES (\(requestID), \(cardID), \(kind.rawValue), \(reason),
                        \(actor.accountID), \(now))
                ON CONFLICT DO NOTHING
                """)
            guard made == 1 else { throw CardsRefusal.requestWaiting }
            try session.audit(
                actor, "card_request.ask", card.mask,
                [
                    "card": String(cardID), "kind": kind.rawValue, "reason": reason,
                    "request": requestID.description,
                ], at: now)
        }
    }

    /// Whether the kind fits the card as it is now.
    private static func requireFit(
        _ kind: CardRequestKind, _ card: LockedCard, in session: PostgresSession
    ) throws {
        if card.state == .closed { throw CardsRefusal.cardClosed }
        let isReplaced = try CardChain.liveEnd(of: card.cardID, in: session) != card.cardID
        switch kind {
        case .replace:
            guard card.state == .lost else { throw CardsRefusal.cardNotLost }
            if isReplaced { throw CardsRefusal.cardReplaced }
        case .close, .resetPassword:
            if isReplaced { throw CardsRefusal.cardReplaced }
        case .reactivate:
            if isReplaced { throw CardsRefusal.cardReplaced }
            guard card.isExpired || card.state == .lost else {
                throw CardsRefusal.cardNotExpired
            }
        case .flagTest:
            if card.isTest { throw CardsRefusal.alreadyTest }
            let used = try session.query(
                "SELECT transfer_id FROM transfer WHERE card_id = \(card.cardID) LIMIT 1")
            let paid = try session.query(
                "SELECT payment_id FROM payment WHERE card_id = \(card.cardID) AND held_at IS NOT NULL LIMIT 1"
            )
            guard used.isEmpty, paid.isEmpty else { throw CardsRefusal.cardWasUsed }
        }
    }

    /// Agrees to a request and does it.
    ///
    /// - Refuses, first match wins: `.roleMissing`, `.unknownCardRequest`, `.alreadyDecided`, `.samePerson`, what the
    ///   kind refuses, `.mailerRecipientMissing` where a password is made.
    public func approveRequest(
        _ requestID: RecordID, by actor: StaffActor, at now: Instant
    ) async throws {
        try actor.require(.issuingSupervisor)
        try await store.write { [store] session in
            let request = try Self.lockRequest(requestID, for: actor, in: session)
            let card = try Self.lockCard(request.cardID, in: session)
            try Self.requireFit(request.kind, card, in: session)
            try Self.decideRequest(requestID, state: "done", by: actor, at: now, in: session)
            let act = CardAct(
                store: store, request: request, card: card, actor: actor, now: now,
                session: session)
            var detail = try act.perform()
            detail["card"] = String(card.cardID)
            detail["kind"] = request.kind.rawValue
            detail["request"] = requestID.description
            try session.audit(actor, "card_request.approve", card.mask, detail, at: now)
        }
    }

    /// Turns a request down.
    ///
    /// - Refuses, first match wins: `.roleMissing`, `.unknownCardRequest`, `.alreadyDecided`, `.samePerson`.
    public func refuseRequest(
        _ requestID: RecordID, by actor: StaffActor, at now: Instant
    ) async throws {
        try actor.require(.issuingSupervisor)
        try await store.write { session in
            let request = try Self.lockRequest(requestID, for: actor, in: session)
            let card = try Self.lockCard(request.cardID, in: session)
            try Self.decideRequest(requestID, state: "refused", by: actor, at: now, in: session)
            try session.audit(
                actor, "card_request.refuse", card.mask,
                [
                    "card": String(card.cardID), "kind": request.kind.rawValue,
                    "request": requestID.description,
                ], at: now)
        }
    }

    struct LockedRequest {
        let requestID: RecordID
        let cardID: Int64
        let kind: CardRequestKind
        let askedBy: Int64
    }

    private static func lockRequest(
        _ requestID: RecordID, for actor: StaffActor, in session: PostgresSession
    ) throws -> LockedRequest {
        guard
            let row = try session.queryOne(
                """
                SELECT card_id, kind, state, asked_by, person_id
                FROM card_request JOIN staff_account ON staff_account_id = asked_by
                WHERE request_id = \(requestID) FOR NO KEY UPDATE OF card_request
                """),
            let kind = CardRequestKind(rawValue: try row["kind"])
        else { throw CardsRefusal.unknownCardRequest }
        guard try row["state"] as String == "asked" else { throw CardsRefusal.alreadyDecided }
        guard try row["person_id"] as Int64 != actor.personID else {
            throw CardsRefusal.samePerson
        }
        return LockedRequest(
            requestID: requestID, cardID: try row["card_id"], kind: kind,
            askedBy: try row["asked_by"])
    }

    private static func decideRequest(
        _ requestID: RecordID, state: String, by actor: StaffActor, at now: Instant,
        in session: PostgresSession
    ) throws {
        let decided = try session.execute(
            """
            UPDATE card_request SET state = \(state), decided_by = \(actor.accountID),
                decided_at = \(now)
            WHERE request_id = \(requestID) AND state = 'asked'
              AND (SELECT person_id FROM staff_account WHERE staff_account_id = asked_by)
                  <> \(actor.personID)
            """)
        guard decided == 1 else { throw CardsRefusal.alreadyDecided }
    }
}
