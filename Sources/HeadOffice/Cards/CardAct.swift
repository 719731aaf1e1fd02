import Domain
import PostgresDriver

/// One agreed request, carried out in the approving transaction under the card's lock.
struct CardAct {
    let store: OfficeStore
    let request: Cards.LockedRequest
    let card: Cards.LockedCard
    let actor: StaffActor
    let now: Instant
    let session: PostgresSession

    /// Does it and gives what the audit adds.
    func perform() throws -> [String: String] {
        switch request.kind {
        case .replace: try replace()
        case .close: try close()
        case .resetPassword: try resetPassword()
        case .reactivate: try reactivate()
        case .flagTest: try flagTest()
        }
    }

    /// A new card of the same programme and holder takes the lost card's place; it is printed and its password mailed as a
    /// batch of one, asked and agreed to by the same two people.
    private func replace() throws -> [String: String] {
        let batchID = try makeBatch()
        let drawn = try CardNumbers.draw(
            1, programmeID: card.programmeID, on: now, store: store, in: session)
        let made = try drawn.map {
            try CardMaterial(number: $0, password: nil, holder: try holder(), store: store)
        }
        let ids = try CardMaterial.insert(
            made, programmeID: card.programmeID, batchID: batchID, isTest: card.isTest, at: now,
            in: session)
        guard let newID = ids.first else { throw CardsRefusal.unknownCard }
        try session.execute(
            """
            INSERT INTO card_chain (card_id, next_card_id, replaced_at)
            VALUES (\(card.cardID), \(newID), \(now))
            """)
        try Cards.sealPasswords(of: made, batchID: batchID, at: now, in: session)
        try ChangeItems.publishCards(ids, in: session)
        let moved = try settle()
        return [
            "replacement": String(newID), "moved": String(moved.fen), "batch": String(batchID),
        ]
    }

    private func makeBatch() throws -> Int64 {
        let row = try session.queryOne(
            """
            INSERT INTO card_batch (programme_id, quantity, initial_load, test, state, asked_by,
                                    asked_at, decided_by, decided_at, note)
            SELECT \(card.programmeID), 1, 0, \(card.isTest), 'issued', asked_by, asked_at,
                   \(actor.accountID), \(now), \(card.mask)
            FROM card_request WHERE request_id = \(request.requestID)
            RETURNING card_batch_id
            """)
        guard let batchID = try row?.decode("card_batch_id", as: Int64.self) else {
            throw CardsRefusal.unknownCardRequest
        }
        return batchID
    }

    private func holder() throws -> HolderName? {
        let row = try session.queryOne(
            "SELECT holder_sealed FROM card WHERE card_id = \(card.cardID)")
        guard let sealed = try row?.decode("holder_sealed", as: [UInt8]?.self) else { return nil }
        return try HolderName(try store.cards.open(sealed, use: .holder))
    }

    private func settle() throws -> Money {
        try CardHoldBacks.settle(
            card.cardID, sourceID: store.clock.makeID(), at: now, in: session)
    }

    /// A card reported lost has its hold-backs already.
    private func close() throws -> [String: String] {
        try Cards.move(card, to: .closed, at: now, in: session)
        if card.state != .lost {
            try CardHoldBacks.record(card.cardID, at: now, in: session)
        }
        return ["returned": String(try settle().fen)]
    }

    private func resetPassword() throws -> [String: String] {
        let secret = PasswordMaterial(nil, store: store)
        try secret.store(on: card.cardID, at: now, in: session)
        let letter = Mailers.Letter(
            serial: card.cardID.description, mask: card.mask,
            holder: try holder()?.text ?? "", password: secret.password)
        try Mailers.seal([letter], of: .request(request.requestID), at: now, in: session)
        return [:]
    }

    private func reactivate() throws -> [String: String] {
        try Cards.move(card, to: .active, at: now, in: session)
        try CardHoldBacks.drop(card.cardID, at: now, in: session)
        let today = BusinessDate(now)
        try session.execute(
            """
            UPDATE card SET expires_on =
                CASE WHEN expires_on < \(today)
                     THEN (\(today) + make_interval(months => validity_months))::date
                     ELSE expires_on END
            FROM programme
            WHERE programme.programme_id = card.programme_id AND card_id = \(card.cardID)
            """)
        return [:]
    }

    private func flagTest() throws -> [String: String] {
        try session.execute("UPDATE card SET test = true WHERE card_id = \(card.cardID)")
        try ChangeItems.publishCards([card.cardID], in: session)
        return [:]
    }
}
