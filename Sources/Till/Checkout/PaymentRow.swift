import Domain
import GRDB

/// A payment as it stands on disk.
struct PaymentRow: Sendable, Equatable {
    let id: RecordID
    let login: String
    let amount: Money
    /// The highest attempt sent; stored before it was.
    let attempt: Int
    let card: PaymentCard?
    let refusalCode: String?
    let triesLeft: Int?
    let begunAt: Instant
    /// `sale`, or why it was cancelled; nil while open.
    let ending: String?
    /// A manager's word for this payment, used only where it is needed.
    let override: Override?

    /// What a manager allowed, and the limit it was given against.
    struct Override: Sendable, Equatable {
        let by: String
        let reason: String
        let limit: Money
    }

    private static let selection = """
        SELECT id, login, amount, attempt, fingerprint, mask, programme, test, refusal_code,
            tries_left, begun_at, ending, override_by, override_reason, override_limit
        FROM payment
        """

    static func find(_ id: RecordID, in database: Database) throws -> PaymentRow? {
        try Row.fetchOne(
            database, sql: "\(selection) WHERE id = ?", arguments: [id.description]
        ).flatMap(row)
    }

    /// Payments without an ending, oldest first.
    static func open(in database: Database) throws -> [PaymentRow] {
        try Row.fetchAll(database, sql: "\(selection) WHERE ended_at IS NULL ORDER BY begun_at")
            .compactMap(row)
    }

    private static func row(_ row: Row) throws -> PaymentRow? {
        guard let id = RecordID(row["id"] as String) else { return nil }
        var card: PaymentCard?
        if let fingerprint = row["fingerprint"] as String? {
            card = PaymentCard(
                fingerprint: try CardFingerprint(fingerprint), mask: row["mask"],
                programme: row["programme"], isTest: row["test"])
        }
        return PaymentRow(
            id: id, login: row["login"], amount: Money(fen: row["amount"]),
            attempt: row["attempt"], card: card, refusalCode: row["refusal_code"],
            triesLeft: row["tries_left"], begunAt: Instant(milliseconds: row["begun_at"]),
            ending: row["ending"],
            override: (row["override_by"] as String?).map {
                Override(
                    by: $0, reason: row["override_reason"],
                    limit: Money(fen: row["override_limit"]))
            })
    }
}

/// The card of a payment as the till knows it: never its number (R-W3).
struct PaymentCard: Sendable, Equatable {
    let fingerprint: CardFingerprint
    let mask: String
    let programme: String
    let isTest: Bool
}

/// Why a payment does not go on.
enum PaymentRefusal: String, Error, CaseIterable {
    /// Head office stopped this till: another journal under its name (S-5).
    case tillForked = "till_forked"
    /// Head office revoked this till.
    case tillRevoked = "till_revoked"
    /// The store is suspended.
    case storeSuspended = "store_suspended"
    /// There is no such payment.
    case unknown = "unknown_payment"
    /// It was ended already.
    case ended = "payment_ended"
    /// Another card was tried for it: one payment keeps its first card.
    case otherCard = "payment_other_card"
    /// An attempt is under way.
    case busy = "payment_busy"
    /// The flow does not offer this now.
    case notOffered = "payment_not_offered"
    /// The sale needs no manager's word: it is within the limit.
    case overrideNotNeeded = "override_not_needed"
    /// No programme has cards of that number.
    case unknownProgramme = "unknown_programme"
    /// A test card pays less than ¥1.00, and little a day (R-P7).
    case testCardLimit = "test_card_limit"
    /// A QR was shown for it: a phone may have paid.
    case shownToPhone = "payment_shown_to_phone"
    /// A card was tried for it: a phone must not pay as well.
    case cardTried = "payment_card_tried"
    /// Head office has not given this till a confirmation key yet.
    case noConfirmationKey = "no_confirmation_key"
    /// Not eight digits.
    case codeMalformed = "confirmation_code_malformed"
    /// Another code; the try is counted.
    case codeWrong = "confirmation_code_wrong"
    /// Five codes were wrong.
    case codesUsedUp = "confirmation_codes_used_up"
    /// Number and password could not be sealed.
    case notSealed = "credential_not_sealed"
}
