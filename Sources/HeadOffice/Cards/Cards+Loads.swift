public import Domain
import PostgresDriver

extension Cards {
    /// Asks to load a card.
    ///
    /// - Units: `amount` in fen, above zero.
    /// - Refuses, first match wins: `.roleMissing`, `.amountInvalid`, `.reasonEmpty`, `.unknownCard`, `.cardNotActive`,
    ///   `.balanceMaximum`, `.loadDiffers`.
    /// - Repetition: the same load id again changes nothing.
    public func askLoad(
        _ loadID: RecordID, card cardID: Int64, amount: Money, reason: String, by actor: StaffActor,
        at now: Instant
    ) async throws {
        try actor.require(.issuer, .issuingSupervisor)
        guard amount > .zero else { throw CardsRefusal.amountInvalid }
        let reason = try Self.reason(reason)
        try await store.write { session in
            let card = try Self.lockCard(cardID, in: session)
            guard card.state == .active else { throw CardsRefusal.cardNotActive }
            try Self.requireRoom(for: amount, on: card, in: session)
            let made = try session.execute(
                """
                INSERT INTO card_load (load_id, card_id, amount, reason, asked_by, asked_at)
                VALUES (\(loadID), \(cardID), \(amount), \(reason), \(actor.accountID),
                        \(now))
                ON CONFLICT (load_id) DO NOTHING
                """)
            guard made == 1 else {
                let same = try session.queryOne(
                    """
                    SELECT load_id FROM card_load
                    WHERE load_id = \(loadID) AND card_id = \(cardID) AND amount = \(amount)
                    """)
                guard same != nil else { throw CardsRefusal.loadDiffers }
                return
            }
            try session.audit(
                actor, "card_load.ask", card.mask,
                [
                    "card": String(cardID), "load": loadID.description,
                    "amount": String(amount.fen), "reason": reason,
                ],
                at: now)
        }
    }

    /// Agrees to a load: the money moves from the programme's funding to the card, and pays first what is to be
    /// collected from it (R-P5).
    ///
    /// - Refuses, first match wins: `.roleMissing`, `.unknownLoad`, `.alreadyDecided`, `.samePerson`, `.cardNotActive`,
    ///   `.balanceMaximum`.
    public func approveLoad(_ loadID: RecordID, by actor: StaffActor, at now: Instant) async throws
    {
        try actor.require(.issuingSupervisor)
        try await store.write { session in
            let load = try Self.lockLoad(loadID, for: actor, in: session)
            let owed = try ShortfallCollection.lock(cardIDs: [load.cardID], in: session)
            let card = try Self.lockCard(load.cardID, in: session)
            guard card.state == .active else { throw CardsRefusal.cardNotActive }
            try Self.requireRoom(for: load.amount, on: card, in: session)
            try Self.decideLoad(loadID, state: "loaded", by: actor, at: now, in: session)
            try Ledger.post(
                session,
                [
                    Self.loadTransfer(
                        load.amount, programmeID: card.programmeID, cardID: load.cardID,
                        isTest: card.isTest, loadID: loadID, at: now)
                ], at: now)
            try owed.take(by: .staff(actor), at: now, in: session)
            try session.audit(
                actor, "card_load.approve", card.mask,
                [
                    "card": String(load.cardID), "load": loadID.description,
                    "amount": String(load.amount.fen),
                ], at: now)
        }
    }

    /// Turns a load down.
    ///
    /// - Refuses, first match wins: `.roleMissing`, `.unknownLoad`, `.alreadyDecided`, `.samePerson`.
    public func refuseLoad(_ loadID: RecordID, by actor: StaffActor, at now: Instant) async throws {
        try actor.require(.issuingSupervisor)
        try await store.write { session in
            let load = try Self.lockLoad(loadID, for: actor, in: session)
            try Self.decideLoad(loadID, state: "refused", by: actor, at: now, in: session)
            let card = try Self.lockCard(load.cardID, in: session)
            try session.audit(
                actor, "card_load.refuse", card.mask,
                ["card": String(load.cardID), "load": loadID.description], at: now)
        }
    }

    struct LockedCard {
        let cardID: Int64
        let programmeID: Int64
        let mask: String
        let state: CardState
        let isTest: Bool
        /// The programme's for registered or bearer cards.
        let balanceMaximum: Money
        let isExpired: Bool

        var account: LedgerAccount {
            LedgerAccount(.card, of: cardID, in: isTest ? .test : .real)
        }
    }

    static func lockCard(
        _ cardID: Int64, in session: PostgresSession
    ) throws -> LockedCard {
        guard
            let row = try session.queryOne(
                """
                SELECT programme_id, mask, state, test, expired,
                       CASE WHEN holder_sealed IS NULL THEN bearer_maximum
                            ELSE balance_maximum END AS balance_maximum
                FROM card JOIN programme USING (programme_id)
                WHERE card_id = \(cardID) FOR NO KEY UPDATE OF card
                """)
        else { throw CardsRefusal.unknownCard }
        return LockedCard(
            cardID: cardID, programmeID: try row["programme_id"], mask: try row["mask"],
            state: try row["state"], isTest: try row["test"],
            balanceMaximum: try row["balance_maximum"], isExpired: try row["expired"])
    }

    static func requireRoom(
        for amount: Money, on card: LockedCard, in session: PostgresSession
    ) throws {
        let balance = try Ledger.lock(session, [card.account])[card.account]?.balance ?? .zero
        guard let sum = try? balance.adding(amount), sum <= card.balanceMaximum else {
            throw CardsRefusal.balanceMaximum
        }
    }

    private static func lockLoad(
        _ loadID: RecordID, for actor: StaffActor, in session: PostgresSession
    ) throws -> (cardID: Int64, amount: Money) {
        guard
            let row = try session.queryOne(
                """
                SELECT card_id, amount, state, person_id
                FROM card_load JOIN staff_account ON staff_account_id = asked_by
                WHERE load_id = \(loadID) AND card_load_file_id IS NULL
                FOR NO KEY UPDATE OF card_load
                """)
        else { throw CardsRefusal.unknownLoad }
        guard try row["state"] as String == "asked" else { throw CardsRefusal.alreadyDecided }
        guard try row["person_id"] as Int64 != actor.personID else {
            throw CardsRefusal.samePerson
        }
        return (cardID: try row["card_id"], amount: try row["amount"])
    }

    private static func decideLoad(
        _ loadID: RecordID, state: String, by actor: StaffActor, at now: Instant,
        in session: PostgresSession
    ) throws {
        let decided = try session.execute(
            """
            UPDATE card_load SET state = \(state), decided_by = \(actor.accountID),
                decided_at = \(now)
            WHERE load_id = \(loadID) AND state = 'asked'
              AND (SELECT person_id FROM staff_account WHERE staff_account_id = asked_by)
                  <> \(actor.personID)
            """)
        guard decided == 1 else { throw CardsRefusal.alreadyDecided }
    }
}
