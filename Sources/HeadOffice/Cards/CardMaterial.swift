// What is made when a card is issued, and what of it is stored: never the number or the password in clear.

import Domain
import Foundation
import PostgresDriver

/// A card about to be stored.
struct CardMaterial: Sendable {
    let number: CardNumber
    let password: String
    let mask: String
    let fingerprint: [UInt8]
    let sealedNumber: [UInt8]
    let salt: [UInt8]
    let verifier: [UInt8]

    /// A card with that number; nil makes a random password of six digits.
    init(number: CardNumber, password: String?, store: OfficeStore) throws {
        self.number = number
        let digits = password ?? Self.sixDigits(store.randomNumber(below: 1_000_000))
        self.password = digits
        mask = number.masked
        fingerprint = store.cards.fingerprint(ofNumber: number.text)
        sealedNumber = try store.cards.seal(number.text, use: .number)
        salt = store.clock.randomBytes(16)
        verifier = store.cards.passwordVerifier(salt: salt, password: digits)
    }

    private static func sixDigits(_ value: UInt64) -> String {
        let text = String(value)
        return String(repeating: "0", count: 6 - text.utf8.count) + text
    }

    /// Stores the cards and gives their ids in the same order.
    static func insert(
        _ cards: [CardMaterial], programmeID: Int64, batchID: Int64?, isTest: Bool,
        at now: Instant, in session: PostgresSession
    ) throws -> [Int64] {
        let rows = try session.query(
            """
            INSERT INTO card (programme_id, card_batch_id, fingerprint, mask, number_sealed,
                              state_since, test, password_salt, password_verifier, issued_at)
            SELECT \(programmeID), \(batchID as Int64?), fingerprint, mask, number_sealed,
                   \(now), \(isTest), salt, verifier, \(now)
            FROM unnest(\(cards.map(\.fingerprint)), \(cards.map(\.mask)),
                        \(cards.map(\.sealedNumber)), \(cards.map(\.salt)),
                        \(cards.map(\.verifier)))
                 WITH ORDINALITY AS row (fingerprint, mask, number_sealed, salt, verifier, place)
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
