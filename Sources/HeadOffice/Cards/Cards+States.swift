public import Domain
import PostgresDriver

// What one person may do to a card at once. Tills learn every block by the change feed.
extension Cards {
    /// Freezes a card: no payment until it is unfrozen; tills learn it.
    ///
    /// - Refuses, first match wins: `.roleMissing`, `.reasonEmpty`, `.unknownCard`, `.cardNotActive`.
    public func freeze(
        _ cardID: Int64, reason: String, by actor: StaffActor, at now: Instant
    ) async throws {
        try actor.require(.issuer, .issuingSupervisor)
        let reason = try Self.reason(reason)
        try await store.write { session in
            let card = try Self.lockCard(cardID, in: session)
            guard card.state == .active else { throw CardsRefusal.cardNotActive }
            try Self.move(card, to: .frozen, at: now, in: session)
            try Self.note(card, "card.freeze", reason, by: actor, at: now, in: session)
        }
    }

    /// Ends a freeze. A card that expired is reactivated by two people instead.
    ///
    /// - Refuses, first match wins: `.roleMissing`, `.reasonEmpty`, `.unknownCard`, `.cardNotFrozen`.
    public func unfreeze(
        _ cardID: Int64, reason: String, by actor: StaffActor, at now: Instant
    ) async throws {
        try actor.require(.issuingSupervisor)
        let reason = try Self.reason(reason)
        try await store.write { session in
            let card = try Self.lockCard(cardID, in: session)
            guard card.state == .frozen, !card.isExpired else {
                throw CardsRefusal.cardNotFrozen
            }
            try Self.move(card, to: .active, at: now, in: session)
            try Self.note(card, "card.unfreeze", reason, by: actor, at: now, in: session)
        }
    }

    /// Takes a report of loss: the card is blocked at once, and what silent tills could still have taken is held back.
    ///
    /// - Refuses, first match wins: `.roleMissing`, `.reasonEmpty`, `.unknownCard`, `.cardNotActive`.
    public func reportLost(
        _ cardID: Int64, reason: String, by actor: StaffActor, at now: Instant
    ) async throws {
        try actor.require(.issuer, .issuingSupervisor)
        let reason = try Self.reason(reason)
        try await store.write { session in
            let card = try Self.lockCard(cardID, in: session)
            guard card.state == .active || card.state == .frozen else {
                throw CardsRefusal.cardNotActive
            }
            try Self.move(card, to: .lost, at: now, in: session)
            try CardHoldBacks.record(cardID, at: now, in: session)
            try Self.note(card, "card.report_lost", reason, by: actor, at: now, in: session)
        }
    }

    /// Opens the lock of a card password; the password stays.
    ///
    /// - Refuses, first match wins: `.roleMissing`, `.reasonEmpty`, `.unknownCard`.
    public func resetLock(
        _ cardID: Int64, reason: String, by actor: StaffActor, at now: Instant
    ) async throws {
        try actor.require(.issuingSupervisor)
        let reason = try Self.reason(reason)
        try await store.write { session in
            let card = try Self.lockCard(cardID, in: session)
            try session.execute(
                """
                UPDATE card SET wrong_count = 0, wrong_on = NULL, wrong_streak = 0
                WHERE card_id = \(cardID)
                """)
            try Self.note(card, "card.reset_lock", reason, by: actor, at: now, in: session)
        }
    }

    /// Moves a locked card and tells tills. A card blocked before stays blocked since then: sales of the time between
    /// leave it alone (R-P5).
    static func move(
        _ card: LockedCard, to state: CardState, expired: Bool = false, at now: Instant,
        in session: PostgresSession
    ) throws {
        let keepsSince = card.state != .active && state != .active
        try session.execute(
            """
            UPDATE card SET state = \(state), expired = \(expired),
                state_since = CASE WHEN \(keepsSince) THEN state_since ELSE \(now) END
            WHERE card_id = \(card.cardID)
            """)
        try ChangeItems.publishCards([card.cardID], in: session)
    }

    static func note(
        _ card: LockedCard, _ action: String, _ reason: String, by actor: StaffActor,
        at now: Instant, in session: PostgresSession
    ) throws {
        try session.audit(
            actor, action, card.mask, ["card": String(card.cardID), "reason": reason], at: now)
    }

    /// 1–200 characters.
    static func reason(_ typed: String) throws(CardsRefusal) -> String {
        let reason = String(typed.trimmedText.prefix(200))
        guard !reason.isEmpty else { throw .reasonEmpty }
        return reason
    }
}
