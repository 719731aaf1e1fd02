import Domain
import Journal
import PostgresDriver
import WebSupport

/// Cards that phones remember: the phone keeps a random token, head office its hash.
struct PhoneCards: Sendable {
    let store: OfficeStore

    /// A remembered card, as its holder sees it.
    struct Remembered: Sendable, Equatable {
        let cardID: Int64
        let fingerprint: CardFingerprint
        let mask: String
        let programme: String
        let state: CardState
        let balance: Money
        let held: Money
    }

    /// A movement of the card. `amount` in fen, below zero when it was spent.
    struct Movement: Sendable {
        let kind: String
        let amount: Money
        let storeName: String?
        let businessAt: Instant
    }

    /// Remembers a card after its password was right; a wrong one counts like any other (R-W1).
    ///
    /// - Refuses, as `AuthorisationRefusal`: `unknown_card`, `card_closed`, `card_lost`,
    ///   `password_locked`, `wrong_password`.
    func remember(
        _ fingerprint: CardFingerprint, password: CardPassword, token: SessionToken
    ) async throws -> PhonePayments.Answer {
        let now = store.clock.now()
        let cards = store.cards
        return try await store.write { session in
            guard let card = try CardRow.lock(session, [fingerprint], province: "")[fingerprint]
            else { return Self.refused(.unknownCard) }
            switch card.state {
            case .closed: return Self.refused(.cardClosed)
            case .lost: return Self.refused(.cardLost)
            case .active, .frozen: break
            }
            let today = BusinessDate(now)
            guard !card.lock.isLocked(on: today) else {
                return Self.refused(.passwordLocked, triesLeft: 0)
            }
            let isRight = cards.isPassword(
                password.digits, salt: card.salt, verifier: card.verifier)
            let lock = card.lock.registering(right: isRight, on: today)
            try CardRow.storeLocks(session, [card.cardID: lock])
            guard isRight else {
                return Self.refused(.wrongPassword, triesLeft: lock.triesLeft(on: today))
            }
            try session.execute(
                """
                INSERT INTO remembered_card (token_hash, card_id, created_at, last_seen_at)
                VALUES (\(token.hash), \(card.cardID), \(now), \(now))
                """)
            return .held(receipt: token.text)
        }
    }

    private static func refused(
        _ refusal: AuthorisationRefusal, triesLeft: Int? = nil
    ) -> PhonePayments.Answer {
        .refused(code: refusal.code, triesLeft: triesLeft)
    }

    /// How long an unused memory lasts.
    static let memoryLife: Int64 = 180 * 86_400_000

    /// The card that a phone's token stands for; nil when there is none, or it is closed or lost.
    func remembered(_ token: SessionToken) async throws -> Remembered? {
        let now = store.clock.now()
        let earliest = now.adding(milliseconds: -Self.memoryLife)
        return try await store.read { session in
            let row = try session.queryOne(
                """
                UPDATE remembered_card SET last_seen_at = \(now)
                FROM card JOIN programme USING (programme_id)
                LEFT JOIN account ON account.kind = 'card' AND account.owner_id = card.card_id
                WHERE token_hash = \(token.hash) AND card.card_id = remembered_card.card_id
                  AND last_seen_at > \(earliest) AND card.state IN ('active', 'frozen')
                RETURNING card.card_id, card.fingerprint, card.mask, programme.name, card.state,
                          coalesce(account.balance, 0) AS balance, coalesce(account.held, 0) AS held
                """)
            guard let row else { return nil }
            return Remembered(
                cardID: try row["card_id"], fingerprint: try row["fingerprint"],
                mask: try row["mask"], programme: try row["name"], state: try row["state"],
                balance: try row["balance"], held: try row["held"])
        }
    }

    /// Forgets the card; the token opens nothing afterwards.
    func forget(_ token: SessionToken) async throws {
        try await store.write { session in
            try session.execute("DELETE FROM remembered_card WHERE token_hash = \(token.hash)")
        }
    }

    /// The card's newest movements, at most 50.
    func history(_ cardID: Int64) async throws -> [Movement] {
        try await store.read { session in
            try session.query(
                """
                SELECT transfer.kind, store.name AS store_name, transfer.business_at,
                       CASE WHEN payee.kind = 'card' THEN transfer.amount
                            ELSE -transfer.amount END AS amount
                FROM transfer
                JOIN account AS payer ON payer.account_id = from_account_id
                JOIN account AS payee ON payee.account_id = to_account_id
                LEFT JOIN store ON store.store_id = transfer.store_id
                WHERE transfer.card_id = \(cardID) AND 'card' IN (payer.kind, payee.kind)
                ORDER BY transfer_id DESC LIMIT 50
                """
            ).map { row in
                Movement(
                    kind: try row["kind"], amount: try row["amount"],
                    storeName: try row["store_name"], businessAt: try row["business_at"])
            }
        }
    }
}
