// Who prints the password mailers, and handing the sealed files over, each once.

import Crypto
public import Domain
import Foundation
import PostgresDriver
import WebSupport

/// Registers the mailers' recipient and hands out sealed passwords.
public struct Mailers: Sendable {
    let store: OfficeStore

    /// On head office's database.
    public init(store: OfficeStore) {
        self.store = store
    }

    /// Registers who prints the mailers from now on; the earlier one retires.
    ///
    /// - Shape: `publicKey` is an X25519 key, 64 hexadecimal digits or base64.
    /// - Refuses, first match wins: `.roleMissing`, `.recipientNameEmpty`, `.mailerKeyInvalid`, `.mailerKeyTaken`.
    public func register(
        name: String, publicKey: String, by actor: StaffActor, at now: Instant
    ) async throws {
        try actor.require(.issuingSupervisor)
        let name = name.trimmedText
        guard (1...60).contains(name.unicodeScalars.count) else {
            throw CardsRefusal.recipientNameEmpty
        }
        guard let key = Self.key(publicKey.trimmedText) else {
            throw CardsRefusal.mailerKeyInvalid
        }
        let bytes = Array(key.rawRepresentation)
        try await store.write { session in
            try session.execute("LOCK TABLE mailer_recipient IN SHARE ROW EXCLUSIVE MODE")
            let known = try session.query(
                "SELECT public_key FROM mailer_recipient WHERE public_key = \(bytes)")
            guard known.isEmpty else { throw CardsRefusal.mailerKeyTaken }
            try session.execute(
                "UPDATE mailer_recipient SET retired_at = \(now) WHERE retired_at IS NULL")
            try session.execute(
                """
                INSERT INTO mailer_recipient (name, public_key, registered_by, registered_at)
                VALUES (\(name), \(bytes), \(actor.accountID), \(now))
                """)
            try session.audit(
                actor, "mailer_recipient.register", name, ["key": SealedMailers.keyID(key)],
                at: now)
        }
    }

    /// A key whose point is fit for agreement; nil for anything else.
    private static func key(_ text: String) -> Curve25519.KeyAgreement.PublicKey? {
        let bytes = [UInt8](hex: text) ?? Data(base64Encoded: text).map { Array($0) }
        guard let bytes, bytes.count == 32,
            let key = try? Curve25519.KeyAgreement.PublicKey(rawRepresentation: bytes),
            let secret = try? Curve25519.KeyAgreement.PrivateKey()
                .sharedSecretFromKeyAgreement(with: key)
        else { return nil }
        // A point of small order makes the same secret with everybody (RFC 7748 §6.1).
        return secret.withUnsafeBytes { $0.allSatisfy { $0 == 0 } } ? nil : key
    }

    /// Who prints the mailers now.
    struct Recipient: Sendable {
        let recipientID: Int64
        let name: String
        let key: Curve25519.KeyAgreement.PublicKey
        let registeredAt: Instant
    }

    /// The present recipient, nil before the first.
    func present(by actor: StaffActor) async throws -> Recipient? {
        try Cards.requireReader(actor)
        return try await store.read { try Self.present(in: $0) }
    }

    static func present(in session: PostgresSession) throws -> Recipient? {
        guard
            let row = try session.queryOne(
                """
                SELECT mailer_recipient_id, name, public_key, registered_at
                FROM mailer_recipient WHERE retired_at IS NULL
                """)
        else { return nil }
        let bytes: [UInt8] = try row["public_key"]
        return Recipient(
            recipientID: try row["mailer_recipient_id"], name: try row["name"],
            key: try Curve25519.KeyAgreement.PublicKey(rawRepresentation: bytes),
            registeredAt: try row["registered_at"])
    }

    /// What a mailer says of one card.
    struct Letter {
        let serial: String
        let mask: String
        let holder: String
        let password: String
    }

    /// Which deed made the passwords.
    enum Origin {
        case batch(Int64)
        case request(RecordID)
    }

    /// Seals passwords to the present recipient in the transaction that makes them.
    ///
    /// - Refuses: `.mailerRecipientMissing`.
    static func seal(
        _ letters: [Letter], of origin: Origin, at now: Instant, in session: PostgresSession
    ) throws {
        guard let recipient = try present(in: session) else {
            throw CardsRefusal.mailerRecipientMissing
        }
        let writer = CSVWriter()
        var text = writer.header(["序号", "卡号", "持卡人", "初始密码"])
        for letter in letters {
            text += writer.row([
                .identifier(letter.serial), .text(letter.mask), .text(letter.holder),
                .identifier(letter.password),
            ])
        }
        let bytes = try SealedMailers(text, to: recipient.key).bytes
        let (batchID, requestID): (Int64?, RecordID?) =
            switch origin {
            case .batch(let id): (id, nil)
            case .request(let id): (nil, id)
            }
        try session.execute(
            """
            INSERT INTO password_mailer (card_batch_id, request_id, mailer_recipient_id, card_count,
                                         sealed, made_at)
            VALUES (\(batchID), \(requestID), \(recipient.recipientID), \(Int32(letters.count)),
                    \(bytes), \(now))
            """)
    }

    /// Hands a sealed file over; head office keeps no copy.
    ///
    /// - Refuses, first match wins: `.roleMissing`, `.unknownMailer`, `.alreadyFetched`.
    func fetch(
        _ mailerID: Int64, by actor: StaffActor, at now: Instant
    ) async throws -> [UInt8] {
        try actor.require(.issuer, .issuingSupervisor)
        return try await store.write { session in
            guard
                let row = try session.queryOne(
                    """
                    SELECT sealed, card_count FROM password_mailer
                    WHERE password_mailer_id = \(mailerID) FOR NO KEY UPDATE
                    """)
            else { throw CardsRefusal.unknownMailer }
            guard let sealed = try row.decode("sealed", as: [UInt8]?.self) else {
                throw CardsRefusal.alreadyFetched
            }
            try session.execute(
                """
                UPDATE password_mailer SET sealed = NULL, fetched_by = \(actor.accountID),
                    fetched_at = \(now)
                WHERE password_mailer_id = \(mailerID)
                """)
            try session.audit(
                actor, "password_mailer.fetch", String(mailerID),
                ["cards": String(try row["card_count"] as Int64)], at: now)
            return sealed
        }
    }

    /// A sealed file as lists show it.
    struct Listed: Sendable {
        let mailerID: Int64
        let batchID: Int64?
        let mask: String?
        let recipient: String
        let cardCount: Int64
        let madeAt: Instant
        let isFetched: Bool
    }

    /// Files a page.
    static let pageSize = 50

    /// A page of sealed files older than `before`, the newest first; one more than a page tells that there is more.
    func list(
        waitingOnly: Bool = false, before: Int64? = nil, by actor: StaffActor
    ) async throws -> [Listed] {
        try Cards.requireReader(actor)
        return try await store.read { session in
            try session.query(
                """
                SELECT password_mailer_id, password_mailer.card_batch_id, card.mask,
                       recipient.name AS recipient, card_count, made_at,
                       sealed IS NULL AS fetched
                FROM password_mailer
                JOIN mailer_recipient AS recipient USING (mailer_recipient_id)
                LEFT JOIN card_request USING (request_id)
                LEFT JOIN card ON card.card_id = card_request.card_id
                WHERE (NOT \(waitingOnly) OR sealed IS NOT NULL)
                  AND (\(before as Int64?) IS NULL OR password_mailer_id < \(before as Int64?))
                ORDER BY password_mailer_id DESC LIMIT \(Int64(Self.pageSize + 1))
                """
            ).map { row in
                Listed(
                    mailerID: try row["password_mailer_id"], batchID: try row["card_batch_id"],
                    mask: try row["mask"], recipient: try row["recipient"],
                    cardCount: try row["card_count"], madeAt: try row["made_at"],
                    isFetched: try row["fetched"])
            }
        }
    }
}
