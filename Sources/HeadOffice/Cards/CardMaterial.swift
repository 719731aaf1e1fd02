// What is made when a card is issued, and what of it is stored: never the number or the password in clear.

import Domain
import Foundation
import PostgresDriver

/// A new password and what is stored of it.
struct PasswordMaterial: Sendable {
    let password: String
    let salt: [UInt8]
    let verifier: [UInt8]

    /// That password; nil makes a random one of six digits.
    init(_ password: String?, store: OfficeStore) {
        let digits = password ?? Self.sixDigits(store.randomNumber(below: 1_000_000))
        self.password = digits
        salt = store.clock.randomBytes(16)
        verifier = store.cards.passwordVerifier(salt: salt, password: digits)
    }

    private static func sixDigits(_ value: UInt64) -> String {
        let text = String(value)
        return String(repeating: "0", count: 6 - text.utf8.count) + text
    }

    /// Puts it in force; the earlier one stays for late sales (R-W4), the lock opens, and phones that remembered the card
    /// forget it.
    func store(on cardID: Int64, at now: Instant, in session: PostgresSession) throws {
        try session.execute(
            """
            INSERT INTO card_verifier (card_id, valid_from, valid_until, salt, verifier)
            SELECT card_id, least(coalesce(password_since, issued_at), \(now)), \(now),
                   password_salt, password_verifier
            FROM card WHERE card_id = \(cardID)
            ON CONFLICT (card_id, valid_until) DO NOTHING
            """)
        try session.execute(
            """
            UPDATE card SET password_salt = \(salt), password_verifier = \(verifier),
                password_since = \(now), wrong_count = 0, wrong_on = NULL, wrong_streak = 0
            WHERE card_id = \(cardID)
            """)
        // A phone that knew the earlier password is a stranger now.
        try session.execute("DELETE FROM remembered_card WHERE card_id = \(cardID)")
    }
}

/// Whom a card is registered to, as stored.
struct HolderMaterial: Sendable {
    let name: HolderName
    let sealed: [UInt8]
    let fingerprint: [UInt8]

    init(_ name: HolderName, store: OfficeStore) throws {
        self.name = name
        sealed = try store.cards.seal(name.text, use: .holder)
        fingerprint = store.cards.fingerprint(ofHolder: name.text)
    }
}

/// A card about to be stored.
struct CardMaterial: Sendable {
    let number: CardNumber
    let secret: PasswordMaterial
    let mask: String
    let fingerprint: [UInt8]
    let sealedNumber: [UInt8]
    let holder: HolderMaterial?

    var password: String { secret.password }

    /// A card with that number; nil makes a random password of six digits.
    init(
        number: CardNumber, password: String?, holder: HolderName? = nil, store: OfficeStore
    ) throws {
        self.number = number
        secret = PasswordMaterial(password, store: store)
        mask = number.masked
        fingerprint = store.cards.fingerprint(ofNumber: number.text)
        sealedNumber = try store.cards.seal(number.text, use: .number)
        self.holder = try holder.map { try HolderMaterial($0, store: store) }
    }

    /// Stores the cards and gives their ids in the same order.
    static func insert(
        _ cards: [CardMaterial], programmeID: Int64, batchID: Int64?, isTest: Bool,
        at now: Instant, in session: PostgresSession
    ) throws -> [Int64] {
        let rows = try session.query(
            """
            INSERT INTO card (programme_id, card_batch_id, fingerprint, mask, number_sealed,
                              state_since, test, password_salt, password_verifier, issued_at,
                              expires_on, holder_sealed, holder_mask, holder_fingerprint)
            SELECT programme_id, \(batchID as Int64?), fingerprint, mask, number_sealed,
                   \(now), \(isTest), salt, verifier, \(now),
                   (\(BusinessDate(now)) + make_interval(months => validity_months))::date,
                   holder_sealed, holder_mask, holder_fingerprint
            FROM programme
            CROSS JOIN unnest(\(cards.map(\.fingerprint)), \(cards.map(\.mask)),
                        \(cards.map(\.sealedNumber)), \(cards.map(\.secret.salt)),
                        \(cards.map(\.secret.verifier)), \(cards.map(\.holder?.sealed)),
                        \(cards.map(\.holder?.name.masked)), \(cards.map(\.holder?.fingerprint)))
                 WITH ORDINALITY AS row (fingerprint, mask, number_sealed, salt, verifier,
                                         holder_sealed, holder_mask, holder_fingerprint, place)
            WHERE programme_id = \(programmeID)
            ORDER BY place
            RETURNING card_id, fingerprint
            """)
        var ids: [[UInt8]: Int64] = [:]
        for row in rows { ids[try row["fingerprint"]] = try row["card_id"] as Int64 }
        return try cards.map { card in
            guard let id = ids[card.fingerprint] else { throw CardsRefusal.unknownCard }
            return id
        }
    }
}
