import Domain
import PostgresDriver

/// What cards, or ones whose place they took, still owe for earlier sales, taken first from their next load (R-P5, R-R2).
///
/// Locked before the cards, so that it and a decision at the desk never wait for each other.
struct ShortfallCollection: Sendable {
    /// Of one card that owes something.
    private struct Owing: Sendable {
        let cardID: Int64
        let fingerprint: CardFingerprint
        /// Oldest first.
        var due: [LockedException] = []
    }

    /// In the order of the cards' ids.
    private let owing: [Owing]

    /// Locks the exceptions that are to be collected from the cards or ones before them in their chains.
    ///
    /// - Shape: a constant number of statements, however many cards; sales, then exceptions, each in the order of their
    ///   ids. What is put on collection after this waits for the load after.
    static func lock(
        cardIDs: [Int64], in session: PostgresSession
    ) throws -> ShortfallCollection {
        var payers: [Int64: Owing] = [:]
        for row in try session.query(
            """
            WITH RECURSIVE chain (payer_id, card_id) AS (
                SELECT card_id, card_id FROM unnest(\(cardIDs)) AS loaded (card_id)
                UNION ALL
                SELECT payer_id, card_chain.card_id FROM chain
                JOIN card_chain ON card_chain.next_card_id = chain.card_id)
            SELECT exception_id, payer_id, payer.fingerprint
            FROM chain JOIN sale USING (card_id) JOIN exception USING (sale_id)
            JOIN card AS payer ON payer.card_id = payer_id
            WHERE exception.state = 'collecting'
            """)
        {
            payers[try row["exception_id"]] = Owing(
                cardID: try row["payer_id"], fingerprint: try row["fingerprint"])
        }
        guard !payers.isEmpty else { return ShortfallCollection(owing: []) }
        let candidates = Array(payers.keys)
        _ = try session.query(
            """
            SELECT sale_id FROM sale
            WHERE sale_id IN (SELECT sale_id FROM exception
                              WHERE exception_id = ANY (\(candidates)))
            ORDER BY sale_id FOR NO KEY UPDATE
            """)
        _ = try session.query(
            """
            SELECT exception_id FROM exception WHERE exception_id = ANY (\(candidates))
            ORDER BY exception_id FOR NO KEY UPDATE
            """)
        var owing: [Int64: Owing] = [:]
        for found in try LockedException.read(
            """
            exception.exception_id = ANY (\(candidates)) AND exception.state = 'collecting'
            AND exception.disputed > 0
            """, in: session)
        {
            guard let payer = payers[found.exceptionID] else { continue }
            owing[payer.cardID, default: payer].due.append(found)
        }
        return ShortfallCollection(owing: owing.values.sorted { $0.cardID < $1.cardID })
    }

    /// Takes what the cards have for them, in the transaction of the loads, after they are posted.
    func take(by actor: AuditActor, at now: Instant, in session: PostgresSession) throws {
        for card in owing {
            try Self.take(from: card, by: actor, at: now, in: session)
        }
    }

    private static func take(
        from card: Owing, by actor: AuditActor, at now: Instant, in session: PostgresSession
    ) throws {
        guard let first = card.due.first else { return }
        let account = LedgerAccount(.card, of: card.cardID, in: first.isTest ? .test : .real)
        guard let locked = try Ledger.lock(session, [account])[account] else { return }
        var available = Money(fen: max(locked.balance.fen - locked.held.fen, 0))
        for found in card.due {
            let amount = min(available, found.disputed)
            guard amount > .zero else { break }
            try ExceptionEnd(
                found: found.paid(by: card.cardID, card.fingerprint), outcome: .card,
                action: "collected", amount: amount, reason: "",
                transfers: ExceptionPosting.paid(amount, by: card.fingerprint, found.facts),
                actor: actor, at: now
            ).write(session)
            available = Money(fen: available.fen - amount.fen)
        }
    }
}
