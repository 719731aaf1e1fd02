// Cards are issued, loaded and frozen here. Issue and load take two people: the second is compared by person, in the
// rule and again in the statement that decides.

public import Domain
import PostgresDriver

/// Issues, loads, freezes and finds cards.
public struct Cards: Sendable {
    let store: OfficeStore

    /// On head office's database.
    public init(store: OfficeStore) {
        self.store = store
    }

    /// Most cards of one batch.
    public static let batchQuantityMax = 10_000

    /// Asks for a batch of cards.
    ///
    /// - Units: `initialLoad` in fen for each card, 0 for none; new cards have no holder yet, so the bearer's maximum holds.
    /// - Refuses, first match wins: `.roleMissing`, `.quantityInvalid`, `.amountInvalid`, `.unknownProgramme`,
    ///   `.balanceMaximum`.
    @discardableResult
    public func askBatch(
        programme code: String, quantity: Int, initialLoad: Money, isTest: Bool = false,
        note: String = "", by actor: StaffActor, at now: Instant
    ) async throws -> Int64 {
        try actor.require(.issuer)
        guard (1...Self.batchQuantityMax).contains(quantity) else {
            throw CardsRefusal.quantityInvalid
        }
        guard initialLoad >= .zero else { throw CardsRefusal.amountInvalid }
        let note = String(note.trimmedText.prefix(200))
        return try await store.write { session in
            guard
                let programme = try session.queryOne(
                    "SELECT programme_id, bearer_maximum FROM programme WHERE code = \(code)")
            else { throw CardsRefusal.unknownProgramme }
            guard initialLoad <= (try programme["bearer_maximum"] as Money) else {
                throw CardsRefusal.balanceMaximum
            }
            let row = try session.queryOne(
                """
                INSERT INTO card_batch (programme_id, quantity, initial_load, test, asked_by,
                                        asked_at, note)
                VALUES (\(try programme["programme_id"] as Int64), \(Int32(quantity)),
                        \(initialLoad), \(isTest), \(actor.accountID), \(now), \(note))
                RETURNING card_batch_id
                """)
            guard let batchID = try row?.decode("card_batch_id", as: Int64.self) else {
                throw CardsRefusal.unknownBatch
            }
            try session.audit(
                actor, "card_batch.ask", String(batchID),
                [
                    "programme": code, "quantity": String(quantity),
                    "initialLoad": String(initialLoad.fen), "test": String(isTest),
                ], at: now)
            return batchID
        }
    }

    /// Agrees to a batch and issues its cards; their passwords are sealed to who prints the mailers.
    ///
    /// - Shape: how many cards; numbers and passwords leave by the card printer's file and the mailers only.
    /// - Refuses, first match wins: `.roleMissing`, `.unknownBatch`, `.alreadyDecided`, `.samePerson`,
    ///   `.numbersExhausted`, `.mailerRecipientMissing`.
    @discardableResult
    public func approveBatch(
        _ batchID: Int64, by actor: StaffActor, at now: Instant
    ) async throws -> Int {
        try actor.require(.issuingSupervisor)
        return try await store.write { [store] session in
            let batch = try Self.lockBatch(batchID, for: actor, in: session)
            let drawn = try CardNumbers.draw(
                batch.quantity, programmeID: batch.programmeID, on: now, store: store,
                in: session)
            let cards = try drawn.map {
                try CardMaterial(number: $0, password: nil, store: store)
            }
            let ids = try CardMaterial.insert(
                cards, programmeID: batch.programmeID, batchID: batchID, isTest: batch.isTest,
                at: now, in: session)
            try Self.sealPasswords(of: cards, batchID: batchID, at: now, in: session)
            try Self.loadInitially(
                ids, batch: batch, decidedBy: actor, store: store, at: now, in: session)
            try Self.decideBatch(batchID, state: "issued", by: actor, at: now, in: session)
            try ChangeItems.publishCards(ids, in: session)
            try session.audit(
                actor, "card_batch.approve", String(batchID),
                ["quantity": String(ids.count), "initialLoad": String(batch.initialLoad.fen)],
                at: now)
            return ids.count
        }
    }

    /// Cards of a batch are numbered from 1; mailer and printed card meet by that serial.
    static func sealPasswords(
        of cards: [CardMaterial], batchID: Int64, at now: Instant, in session: PostgresSession
    ) throws {
        try Mailers.seal(
            cards.enumerated().map { index, card in
                Mailers.Letter(
                    serial: serial(batchID, index), mask: card.mask,
                    holder: card.holder?.name.text ?? "", password: card.password)
            }, of: .batch(batchID), at: now, in: session)
    }

    static func serial(_ batchID: Int64, _ index: Int) -> String { "\(batchID)-\(index + 1)" }

    /// Turns a batch down.
    ///
    /// - Refuses, first match wins: `.roleMissing`, `.unknownBatch`, `.alreadyDecided`, `.samePerson`.
    public func refuseBatch(_ batchID: Int64, by actor: StaffActor, at now: Instant) async throws {
        try actor.require(.issuingSupervisor)
        try await store.write { session in
            _ = try Self.lockBatch(batchID, for: actor, in: session)
            try Self.decideBatch(batchID, state: "refused", by: actor, at: now, in: session)
            try session.audit(actor, "card_batch.refuse", String(batchID), at: now)
        }
    }

    // MARK: Parts of a batch

    struct Batch {
        let programmeID: Int64
        let quantity: Int
        let initialLoad: Money
        let isTest: Bool
        let askedBy: Int64
    }

    private static func lockBatch(
        _ batchID: Int64, for actor: StaffActor, in session: PostgresSession
    ) throws -> Batch {
        guard
            let row = try session.queryOne(
                """
                SELECT programme_id, quantity, initial_load, test, state, asked_by, person_id
                FROM card_batch JOIN staff_account ON staff_account_id = asked_by
                WHERE card_batch_id = \(batchID) FOR NO KEY UPDATE OF card_batch
                """)
        else { throw CardsRefusal.unknownBatch }
        guard try row["state"] as String == "asked" else { throw CardsRefusal.alreadyDecided }
        guard try row["person_id"] as Int64 != actor.personID else {
            throw CardsRefusal.samePerson
        }
        return Batch(
            programmeID: try row["programme_id"], quantity: Int(try row["quantity"] as Int64),
            initialLoad: try row["initial_load"], isTest: try row["test"],
            askedBy: try row["asked_by"])
    }

    private static func decideBatch(
        _ batchID: Int64, state: String, by actor: StaffActor, at now: Instant,
        in session: PostgresSession
    ) throws {
        let decided = try session.execute(
            """
            UPDATE card_batch SET state = \(state), decided_by = \(actor.accountID),
                decided_at = \(now)
            WHERE card_batch_id = \(batchID) AND state = 'asked'
              AND (SELECT person_id FROM staff_account WHERE staff_account_id = asked_by)
                  <> \(actor.personID)
            """)
        guard decided == 1 else { throw CardsRefusal.alreadyDecided }
    }

    /// Each card's first load is a load of its own, asked by who asked for the batch.
    private static func loadInitially(
        _ cardIDs: [Int64], batch: Batch, decidedBy actor: StaffActor, store: OfficeStore,
        at now: Instant, in session: PostgresSession
    ) throws {
        guard batch.initialLoad > .zero else { return }
        let loads = cardIDs.map { (id: store.clock.makeID(), cardID: $0) }
        try session.execute(
            """
            INSERT INTO card_load (load_id, card_id, amount, reason, state, asked_by, asked_at,
                                   decided_by, decided_at)
            SELECT load_id, card_id, \(batch.initialLoad), '', 'loaded', \(batch.askedBy),
                   \(now), \(actor.accountID), \(now)
            FROM unnest(\(loads.map(\.id)), \(loads.map(\.cardID))) AS row (load_id, card_id)
            """)
        try Ledger.post(
            session,
            loads.map {
                loadTransfer(
                    batch.initialLoad, programmeID: batch.programmeID, cardID: $0.cardID,
                    isTest: batch.isTest, loadID: $0.id, at: now)
            }, at: now)
    }

    static func loadTransfer(
        _ amount: Money, programmeID: Int64, cardID: Int64, isTest: Bool, loadID: RecordID,
        at now: Instant
    ) -> NewTransfer {
        let book: Book = isTest ? .test : .real
        return NewTransfer(
            .load, from: LedgerAccount(.programmeFunding, of: programmeID, in: book),
            to: LedgerAccount(.card, of: cardID, in: book), amount: amount,
            businessAt: now, sourceID: loadID, storeID: nil, cardID: cardID)
    }
}

extension OfficeStore {
    /// A random number below `bound`, every one as likely: values that would favour some are skipped.
    func randomNumber(below bound: UInt64) -> UInt64 {
        let fair = UInt64.max - UInt64.max % bound
        while true {
            let value = clock.randomBytes(8).reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
            if value < fair { return value % bound }
        }
    }
}
