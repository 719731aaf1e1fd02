// The interlock of replacement and closing. When a card is blocked for good, every till that may still stand in for it
// keeps its bound on the card until it has acknowledged the block and its journal up to there has arrived. What is free
// moves at once; the rest follows by itself as tills report (R-P3, R-P5).

import Domain
import PostgresDriver

/// What is held back on blocked cards.
enum CardHoldBacks {
    /// Notes what silent tills could still have taken of a card just blocked.
    ///
    /// - Shape: a till counts when its store's province takes the programme or took it since the till was last heard; for
    ///   `dated16` only when it saw the card approved in the last 90 days (R-P15). Its bound is the largest limit for one
    ///   card that it may go by (R-P3). Test cards hold back nothing: their charges are below ¥1.00.
    static func record(_ cardID: Int64, at now: Instant, in session: PostgresSession) throws {
        let since = now.adding(milliseconds: -StandInRules.verifiedFor)
        try session.execute(
            """
            INSERT INTO card_hold_back (card_id, till_id, amount, since, ends_at)
            SELECT \(cardID), till_id, bound, \(now),
                   \(now.adding(milliseconds: HoldBack.lasts))
            FROM (
                SELECT till.till_id, greatest(
                    programme.per_card_limit,
                    (SELECT max(earlier.per_card_limit) FROM programme_earlier_limit AS earlier
                     WHERE earlier.programme_id = programme.programme_id
                       AND earlier.valid_until >= till.last_contact_at)) AS bound
                FROM card JOIN programme USING (programme_id)
                CROSS JOIN till JOIN store USING (store_id)
                WHERE card.card_id = \(cardID) AND NOT card.test
                  AND till.last_contact_at IS NOT NULL
                  AND (EXISTS (SELECT FROM programme_acceptance AS acceptance
                               WHERE acceptance.programme_id = programme.programme_id
                                 AND acceptance.province = store.province)
                       OR EXISTS (SELECT FROM programme_earlier_acceptance AS earlier
                                  WHERE earlier.programme_id = programme.programme_id
                                    AND earlier.province = store.province
                                    AND earlier.valid_until >= till.last_contact_at))
                  AND (programme.scheme <> 'dated16'
                       OR EXISTS (SELECT FROM payment
                                  WHERE payment.card_id = card.card_id
                                    AND payment.till_id = till.till_id
                                    AND payment.held_at >= \(since)))) AS silent
            WHERE bound > 0
            ON CONFLICT (card_id, till_id) DO UPDATE
            SET amount = excluded.amount, since = excluded.since, ends_at = excluded.ends_at,
                heard_epoch = NULL, heard_seq = NULL, released_at = NULL
            """)
    }

    /// Lets go of everything, when a card is found again.
    static func drop(_ cardID: Int64, at now: Instant, in session: PostgresSession) throws {
        try session.execute(
            """
            UPDATE card_hold_back SET released_at = \(now)
            WHERE card_id = \(cardID) AND released_at IS NULL
            """)
    }

    /// Notes that a till knows the blocks up to `cursor` and had that head when it said so.
    ///
    /// - Shape: how many blocks it acknowledged for the first time under its epoch.
    static func hear(
        tillID: Int64, epoch: Int, headSequence: Int64, cursor: ChangeCursor,
        in session: PostgresSession
    ) throws -> Int {
        try session.execute(
            """
            UPDATE card_hold_back AS back
            SET heard_epoch = \(Int32(epoch)), heard_seq = \(headSequence)
            FROM card, change
            WHERE back.till_id = \(tillID) AND back.released_at IS NULL
              AND (back.heard_epoch IS NULL OR back.heard_epoch < \(Int32(epoch)))
              AND card.card_id = back.card_id
              AND change.scope = '*' AND change.topic = 'card'
              AND change.key = encode(card.fingerprint, 'hex')
              AND (change.changed_in, change.change_id)
                  <= (\(String(cursor.transaction))::xid8, \(cursor.changeID))
            """)
    }

    /// Lets go of what can no longer be taken.
    ///
    /// - Shape: how many hold-backs ended.
    static func release(
        tillID: Int64? = nil, at now: Instant, in session: PostgresSession
    ) throws -> Int {
        try session.execute(
            """
            UPDATE card_hold_back AS back SET released_at = \(now)
            FROM till
            WHERE till.till_id = back.till_id AND back.released_at IS NULL
              AND (\(tillID as Int64?) IS NULL OR back.till_id = \(tillID as Int64?))
              AND (back.ends_at <= \(now)
                   OR (back.heard_epoch = till.epoch AND back.heard_seq <= till.durable_seq))
            """)
    }

    /// Blocked cards whose money may move on, at most `limit` after `cardID`.
    static func due(
        after cardID: Int64, limit: Int64, in session: PostgresSession
    ) throws -> [Int64] {
        try session.query(
            """
            SELECT card.card_id FROM card
            JOIN account ON account.kind = 'card' AND account.owner_id = card.card_id
                 AND account.book = CASE WHEN card.test THEN 'test' ELSE 'real' END
            WHERE card.state IN ('lost', 'closed') AND card.card_id > \(cardID)
              AND (card.state = 'closed'
                   OR EXISTS (SELECT FROM card_chain WHERE card_chain.card_id = card.card_id))
              AND account.balance - account.held > coalesce(
                  (SELECT sum(amount) FROM card_hold_back AS back
                   WHERE back.card_id = card.card_id AND back.released_at IS NULL), 0)
            ORDER BY card.card_id LIMIT \(limit)
            """
        ).map { try $0["card_id"] }
    }

    /// Moves what may leave a blocked card: to the live end of its chain, or back to its programme's funding when it, or
    /// the end, is closed.
    ///
    /// - Shape: what moved, in fen; the caller's transaction keeps the card locked.
    static func settle(
        _ cardID: Int64, sourceID: RecordID, at now: Instant, in session: PostgresSession
    ) throws -> Money {
        let end = try CardChain.liveEnd(of: cardID, in: session)
        guard
            let row = try session.queryOne(
                """
                SELECT card.state, card.test, card.programme_id, last.state AS end_state,
                       coalesce((SELECT sum(amount) FROM card_hold_back AS back
                                 WHERE back.card_id = card.card_id
                                   AND back.released_at IS NULL), 0)::bigint AS held_back
                FROM card JOIN card AS last ON last.card_id = \(end)
                WHERE card.card_id = \(cardID) FOR NO KEY UPDATE OF card
                """)
        else { throw CardsRefusal.unknownCard }
        let state: CardState = try row["state"]
        guard state == .closed || (state == .lost && end != cardID) else { return .zero }
        let book: Book = try row.decode("test", as: Bool.self) ? .test : .real
        let card = LedgerAccount(.card, of: cardID, in: book)
        let isReturned = try end == cardID || row["end_state"] as CardState == .closed
        let target =
            isReturned
            ? LedgerAccount(.programmeFunding, of: try row["programme_id"], in: book)
            : LedgerAccount(.card, of: end, in: book)
        guard let account = try Ledger.lock(session, [card, target])[card] else { return .zero }
        let amount = HoldBack.movable(
            balance: account.balance, held: account.held, heldBack: try row["held_back"])
        guard amount > .zero else { return .zero }
        try Ledger.post(
            session,
            [
                NewTransfer(
                    isReturned ? .closing : .replacement, from: card, to: target, amount: amount,
                    businessAt: now, sourceID: sourceID, storeID: nil, cardID: cardID)
            ], at: now)
        return amount
    }
}
