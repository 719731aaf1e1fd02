// A lost card and the card that took its place. Refunds and remainders go to the live end (R-R2).

import Domain
import PostgresDriver

/// Follows replacement chains.
enum CardChain {
    /// The card that has taken the card's place at last; the card itself when it was never replaced.
    static func liveEnd(of cardID: Int64, in session: PostgresSession) throws -> Int64 {
        let row = try session.queryOne(
            """
            WITH RECURSIVE chain (card_id, place) AS (
                SELECT \(cardID)::bigint, 0
                UNION ALL
                SELECT next_card_id, place + 1 FROM chain JOIN card_chain USING (card_id))
            SELECT card_id FROM chain ORDER BY place DESC LIMIT 1
            """)
        return try row?.decode("card_id") ?? cardID
    }

    /// For each card, the cards that later took its place.
    ///
    /// - Shape: cards that were never replaced have no entry.
    static func later(
        than fingerprints: [CardFingerprint], in session: PostgresSession
    ) throws -> [CardFingerprint: Set<CardFingerprint>] {
        guard !fingerprints.isEmpty else { return [:] }
        var found: [CardFingerprint: Set<CardFingerprint>] = [:]
        for row in try session.query(
            """
            WITH RECURSIVE chain (first, card_id) AS (
                SELECT fingerprint, next_card_id FROM card JOIN card_chain USING (card_id)
                WHERE fingerprint = ANY (\(fingerprints))
                UNION ALL
                SELECT first, next_card_id FROM chain JOIN card_chain USING (card_id))
            SELECT first, fingerprint FROM chain JOIN card USING (card_id)
            """)
        { found[try row["first"], default: []].insert(try row["fingerprint"]) }
        return found
    }

    /// The card and every card whose place it took.
    static func upTo(_ cardID: Int64) -> SQL {
        """
        WITH RECURSIVE chain (card_id) AS (
            SELECT \(cardID)::bigint
            UNION ALL
            SELECT card_chain.card_id FROM chain
            JOIN card_chain ON card_chain.next_card_id = chain.card_id)
        SELECT card_id FROM chain
        """
    }
}
