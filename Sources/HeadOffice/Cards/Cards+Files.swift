// What leaves head office for the card printer: once for each batch, by a person, in the audit.

import Domain
import PostgresDriver
import WebSupport

extension Cards {
    /// A card as the printer embosses it.
    struct PrintedCard: Sendable, Equatable {
        /// Batch and place in it; the mailer carries the same.
        let serial: String
        let number: CardNumber
        let holder: String
        let faceTitle: String
        let programme: String
        let expiresOn: BusinessDate?
    }

    /// The cards of a batch with their full numbers.
    ///
    /// - Refuses, first match wins: `.roleMissing`, `.unknownBatch`, `.batchNotIssued`, `.alreadyExported`.
    func printerFile(
        _ batchID: Int64, by actor: StaffActor, at now: Instant
    ) async throws -> [PrintedCard] {
        try actor.require(.issuer, .issuingSupervisor)
        return try await store.write { [store] session in
            guard
                let row = try session.queryOne(
                    """
                    SELECT state, exported_at IS NOT NULL AS exported FROM card_batch
                    WHERE card_batch_id = \(batchID) FOR NO KEY UPDATE
                    """)
            else { throw CardsRefusal.unknownBatch }
            guard try row["state"] as String == "issued" else {
                throw CardsRefusal.batchNotIssued
            }
            guard try !row.decode("exported", as: Bool.self) else {
                throw CardsRefusal.alreadyExported
            }
            try session.execute(
                """
                UPDATE card_batch SET exported_by = \(actor.accountID), exported_at = \(now)
                WHERE card_batch_id = \(batchID)
                """)
            let cards = try Self.printed(batchID, secrets: store.cards, in: session)
            try session.audit(
                actor, "card_batch.export", String(batchID), ["cards": String(cards.count)],
                at: now)
            return cards
        }
    }

    private static func printed(
        _ batchID: Int64, secrets: CardSecrets, in session: PostgresSession
    ) throws -> [PrintedCard] {
        try session.query(
            """
            SELECT number_sealed, holder_sealed, face_title, programme.code, expires_on
            FROM card JOIN programme USING (programme_id)
            WHERE card_batch_id = \(batchID) ORDER BY card_id
            """
        ).enumerated().map { index, row in
            let holder = try row.decode("holder_sealed", as: [UInt8]?.self)
            return PrintedCard(
                serial: serial(batchID, index),
                number: try CardNumber(
                    try secrets.open(try row["number_sealed"], use: .number)),
                holder: try holder.map { try secrets.open($0, use: .holder) } ?? "",
                faceTitle: try row["face_title"], programme: try row["code"],
                expiresOn: try row["expires_on"])
        }
    }

    /// The printer's file.
    ///
    /// - Shape: CSV; numbers in groups of four as they are embossed, which spreadsheets leave alone.
    static func printerText(_ cards: [PrintedCard]) -> String {
        let writer = CSVWriter()
        var text = writer.header(["序号", "卡号", "持卡人", "卡面", "发卡项目", "有效期至"])
        for card in cards {
            text += writer.row([
                .identifier(card.serial), .text(grouped(card.number)), .text(card.holder),
                .text(card.faceTitle), .text(card.programme),
                .text(card.expiresOn?.description ?? ""),
            ])
        }
        return text
    }

    /// `6232 0012 3456 7890 123`.
    static func grouped(_ number: CardNumber) -> String {
        var text = ""
        for (index, digit) in number.text.enumerated() {
            if index > 0, index.isMultiple(of: 4) { text += " " }
            text.append(digit)
        }
        return text
    }
}
