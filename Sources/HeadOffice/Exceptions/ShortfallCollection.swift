import Domain
import PostgresDriver

/// What a card, or one whose place it took, still owes for earlier sales, taken first from its next load (R-P5, R-R2).
///
/// Locked before the card, so that it and a decision at the desk never wait for each other.
struct ShortfallCollection: Sendable {
    private let due: [LockedException]
    private let cardID: Int64
    private let fingerprint: CardFingerprint

    /// Locks the exceptions that are to be collected from the card or one before it in its chain, oldest first.
    ///
    /// - Shape: what is put on collection after this waits for the load after.
    static func lock(cardID: Int64, in session: PostgresSession) throws -> ShortfallCollection {
        let candidates = try session.query(
            """
            SELECT exception_id FROM exception JOIN sale USING (sale_id)
            WHERE sale.card_id IN (\(fragment: CardChain.upTo(cardID)))
              AND exception.state = 'collecting'
            ORDER BY exception.opened_at, exception_id
            """
        ).map { try $0["exception_id"] as Int64 }
        let row = try session.queryOne("SELECT fingerprint FROM card WHERE card_id = \(cardID)")
        guard let fingerprint = try row?.decode("fingerprint", as: CardFingerprint.self) else {
            throw CardsRefusal.unknownCard
        }
        guard !candidates.isEmpty else {
            return ShortfallCollection(due: [], cardID: cardID, fingerprint: fingerprint)
        }
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
        let found = try LockedException.read(
            """
            exception.exception_id = ANY (\(candidates)) AND exception.state = 'collecting'
            AND exception.disputed > 0
            """, in: session)
        return ShortfallCollection(due: found, cardID: cardID, fingerprint: fingerprint)
    }

    /// Takes what the card has for them, in the transaction of the load, after it is posted.
    ///
    /// - Shape: how much was taken in all.
    @discardableResult
    func take(by actor: AuditActor, at now: Instant, in session: PostgresSession) throws -> Money {
        guard let first = due.first else { return .zero }
        let account = LedgerAccount(.card, of: cardID, in: first.isTest ? .test : .real)
        guard let locked = try Ledger.lock(session, [account])[account] else { return .zero }
        var available = Money(fen: max(locked.balance.fen - locked.held.fen, 0))
        var taken = Money.zero
        for found in due {
            let amount = min(available, found.disputed)
            guard amount > .zero else { break }
            try ExceptionEnd(
                found: found.paid(by: cardID, fingerprint), outcome: .card, action: "collected",
                amount: amount, reason: "",
                transfers: ExceptionPosting.paid(amount, by: fingerprint, found.facts),
                actor: actor, at: now
            ).write(session)
            available = Money(fen: available.fen - amount.fen)
            taken = Money(fen: taken.fen + amount.fen)
        }
        return taken
    }
}
