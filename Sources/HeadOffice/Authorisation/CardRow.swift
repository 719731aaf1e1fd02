import Domain
import Journal
import PostgresDriver

/// A card as a locked row says, with what judging a password needs.
struct CardRow: Sendable {
    let cardID: Int64
    let fingerprint: CardFingerprint
    let programme: String
    let programmeID: Int64
    let perSaleLimit: Money
    /// Who bears what the programme's cards do not pay, where nothing else is set.
    let bearer: ShortfallBearer
    let state: CardState
    let stateSince: Instant
    let isTest: Bool
    let isAccepted: Bool
    let mask: String
    let holderMask: String?
    let salt: [UInt8]
    let verifier: [UInt8]
    var lock: PasswordLock

    /// The card's own account.
    var account: LedgerAccount {
        LedgerAccount(.card, of: cardID, in: isTest ? .test : .real)
    }

    /// The password in force at that time.
    func verifier(at time: Instant, earlier: [CardVerifier]) -> (salt: [UInt8], bytes: [UInt8]) {
        let then = earlier.first { $0.validFrom <= time && time < $0.validUntil }
        return then.map { ($0.salt, $0.bytes) } ?? (salt, verifier)
    }

    /// Reads and locks the cards of those fingerprints, in the order of their ids; the lock keeps
    /// the count of wrong passwords exact.
    static func lock(
        _ session: PostgresSession, _ fingerprints: [CardFingerprint], province: String
    ) throws -> [CardFingerprint: CardRow] {
        guard !fingerprints.isEmpty else { return [:] }
        let rows = try session.query(
            """
            SELECT card.card_id, card.fingerprint, programme.code, card.programme_id,
                   programme.per_sale_limit, programme.shortfall_bearer, card.state,
                   card.state_since, card.test, card.mask, card.holder_mask, card.password_salt,
                   card.password_verifier, card.wrong_count, card.wrong_on, card.wrong_streak,
                   programme_acceptance.province IS NOT NULL AS accepted
            FROM card
            JOIN programme USING (programme_id)
            LEFT JOIN programme_acceptance
                   ON programme_acceptance.programme_id = card.programme_id
                  AND programme_acceptance.province = \(province)
            WHERE card.fingerprint = ANY (\(fingerprints))
            ORDER BY card.card_id
            FOR NO KEY UPDATE OF card
            """)
        var cards: [CardFingerprint: CardRow] = [:]
        for row in rows {
            let card = CardRow(
                cardID: try row["card_id"], fingerprint: try row["fingerprint"],
                programme: try row["code"], programmeID: try row["programme_id"],
                perSaleLimit: try row["per_sale_limit"],
                bearer: ShortfallBearer(rawValue: try row["shortfall_bearer"]) ?? .store,
                state: try row["state"], stateSince: try row["state_since"],
                isTest: try row["test"], isAccepted: try row["accepted"], mask: try row["mask"],
                holderMask: try row["holder_mask"], salt: try row["password_salt"],
                verifier: try row["password_verifier"],
                lock: PasswordLock(
                    wrongOnDay: Int(try row["wrong_count"] as Int32), day: try row["wrong_on"],
                    wrongInRow: Int(try row["wrong_streak"] as Int32)))
            cards[card.fingerprint] = card
        }
        return cards
    }

    /// Stores the counts of wrong passwords, in one statement.
    static func storeLocks(_ session: PostgresSession, _ locks: [Int64: PasswordLock]) throws {
        guard !locks.isEmpty else { return }
        let rows = locks.sorted { $0.key < $1.key }
        try session.execute(
            """
            UPDATE card
            SET wrong_count = row.wrong_count, wrong_on = row.wrong_on,
                wrong_streak = row.wrong_streak
            FROM unnest(\(rows.map(\.key)), \(rows.map { Int32($0.value.wrongOnDay) }),
                        \(rows.map(\.value.day)), \(rows.map { Int32($0.value.wrongInRow) }))
                 AS row (card_id, wrong_count, wrong_on, wrong_streak)
            WHERE card.card_id = row.card_id
            """)
    }
}

/// A password that a card had before, for sales made while it was in force (R-W4).
struct CardVerifier: Sendable {
    let validFrom: Instant
    let validUntil: Instant
    let salt: [UInt8]
    let bytes: [UInt8]

    /// How long earlier passwords are kept: 60 days.
    static let life: Int64 = 60 * 86_400_000

    static func read(
        _ session: PostgresSession, _ cardIDs: [Int64]
    ) throws -> [Int64: [CardVerifier]] {
        guard !cardIDs.isEmpty else { return [:] }
        var found: [Int64: [CardVerifier]] = [:]
        for row in try session.query(
            """
            SELECT card_id, valid_from, valid_until, salt, verifier FROM card_verifier
            WHERE card_id = ANY (\(cardIDs)) ORDER BY card_id, valid_from
            """)
        {
            found[try row["card_id"], default: []].append(
                CardVerifier(
                    validFrom: try row["valid_from"], validUntil: try row["valid_until"],
                    salt: try row["salt"], bytes: try row["verifier"]))
        }
        return found
    }
}
