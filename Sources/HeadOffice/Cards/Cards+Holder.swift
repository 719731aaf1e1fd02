public import Domain
import PostgresDriver

// Whom a card belongs to, its full number, and its password as the holder changes it.
extension Cards {
    /// Registers a card to a holder, or corrects the name.
    ///
    /// - Refuses, first match wins: `.roleMissing`, Domain's `CardRefusal.holderNameInvalid`, `.unknownCard`, `.cardClosed`.
    public func setHolder(
        _ name: String, of cardID: Int64, by actor: StaffActor, at now: Instant
    ) async throws {
        try actor.require(.issuer, .issuingSupervisor)
        let holder = try HolderMaterial(try HolderName(name), store: store)
        try await store.write { session in
            let card = try Self.lockCard(cardID, in: session)
            guard card.state != .closed else { throw CardsRefusal.cardClosed }
            try session.execute(
                """
                UPDATE card SET holder_sealed = \(holder.sealed),
                    holder_mask = \(holder.name.masked), holder_fingerprint = \(holder.fingerprint)
                WHERE card_id = \(cardID)
                """)
            try session.audit(
                actor, "card.set_holder", card.mask,
                ["card": String(cardID), "holder": holder.name.masked], at: now)
        }
    }

    /// The full number and the holder's name, for one look.
    struct Revealed: Sendable, Equatable {
        let number: String
        let holder: String?
    }

    /// Shows a card's full number and holder; the look is in the audit before it is shown.
    ///
    /// - Refuses, first match wins: `.roleMissing`, `.reasonEmpty`, `.unknownCard`.
    func reveal(
        _ cardID: Int64, reason: String, by actor: StaffActor, at now: Instant
    ) async throws -> Revealed {
        try actor.require(.issuer, .issuingSupervisor)
        let reason = try Self.reason(reason)
        return try await store.write { [store] session in
            let card = try Self.lockCard(cardID, in: session)
            guard
                let row = try session.queryOne(
                    "SELECT number_sealed, holder_sealed FROM card WHERE card_id = \(cardID)")
            else { throw CardsRefusal.unknownCard }
            try Self.note(card, "card.reveal", reason, by: actor, at: now, in: session)
            let holder = try row.decode("holder_sealed", as: [UInt8]?.self)
            let number = try CardNumber(
                try store.cards.open(try row["number_sealed"], use: .number))
            return Revealed(
                number: Self.grouped(number),
                holder: try holder.map { try store.cards.open($0, use: .holder) })
        }
    }

    /// Changes a password at the counter: the holder types the present one and the new one.
    ///
    /// - Refuses, first match wins: `.roleMissing`, Domain's `CardRefusal`, `.unknownCard`, `.cardClosed`,
    ///   `.passwordLocked`, `.passwordWrong` (counted, R-W1).
    public func changePassword(
        of cardID: Int64, from present: String, to new: String, by actor: StaffActor,
        at now: Instant
    ) async throws {
        try actor.require(.issuer, .issuingSupervisor)
        let present = try CardPassword(present)
        let secret = PasswordMaterial(try CardPassword(new).digits, store: store)
        let today = BusinessDate(now)
        // A wrong try is counted, so its transaction commits before the refusal is thrown.
        let refusal = try await store.write { [store] session -> CardsRefusal? in
            let card = try Self.lockCard(cardID, in: session)
            guard card.state != .closed else { return .cardClosed }
            guard
                let row = try session.queryOne(
                    """
                    SELECT password_salt, password_verifier, wrong_count, wrong_on, wrong_streak
                    FROM card WHERE card_id = \(cardID)
                    """)
            else { return .unknownCard }
            let lock = PasswordLock(
                wrongOnDay: Int(try row["wrong_count"] as Int32), day: try row["wrong_on"],
                wrongInRow: Int(try row["wrong_streak"] as Int32))
            if lock.isLocked(on: today) { return .passwordLocked }
            let isRight = store.cards.isPassword(
                present.digits, salt: try row["password_salt"],
                verifier: try row["password_verifier"])
            try CardRow.storeLocks(
                session, [cardID: lock.registering(right: isRight, on: today)])
            guard isRight else { return .passwordWrong }
            try secret.store(on: cardID, at: now, in: session)
            try session.audit(
                actor, "card.change_password", card.mask, ["card": String(cardID)], at: now)
            return nil
        }
        if let refusal { throw refusal }
    }
}
