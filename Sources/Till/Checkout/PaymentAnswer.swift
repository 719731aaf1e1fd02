import Domain
import Journal
import WebSupport

/// A payment as the page and the JSON endpoints tell it (Docs/TILL-API.md, "payment").
struct PaymentAnswer: Encodable {
    struct Card: Encodable {
        let title: String
        let name: String
        let colour: String
        let mask: String
        let programme: String
        let picture: String?
        let test: Bool

        /// The face of a programme's card, with the card's masked number and whether it is a test card.
        init(_ programme: Programme, mask: String, isTest: Bool) {
            title = programme.faceTitle
            name = programme.name
            colour = programme.faceColour
            self.mask = mask
            self.programme = programme.code
            picture = programme.facePicture
            test = isTest
        }
    }

    struct StandIn: Encodable {
        let allowed: Bool
        let code: String?
        let message: String?
        /// The limit that a manager may lift for this sale, whole fen; absent where none may.
        let overrideLimit: Int64?
    }

    /// The QR of a payment by phone.
    struct Phone: Encodable {
        /// Milliseconds since 1970, by head office's time.
        let expires: Int64
        let isExpired: Bool
        let triesLeft: Int
    }

    let id: String
    /// `begun`, `phone`, `asking`, `no_answer`, `not_stored`, `refused`, `completed` or `cancelled`.
    let state: String
    let amount: Int64
    let code: String?
    let message: String?
    let mayRetype: Bool
    let triesLeft: Int?
    let card: Card?
    let standIn: StandIn
    let receipt: String?
    let mode: String?
    let holder: String?
    let remaining: Int64?
    let phone: Phone?

    enum CodingKeys: String, CodingKey {
        case id, state, amount, code, message, mayRetype, triesLeft, card, standIn, receipt, mode
        case holder, remaining, phone
    }

    /// Writes absent values as `null`, so that a reader finds every key.
    func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(id, forKey: .id)
        try container.encode(state, forKey: .state)
        try container.encode(amount, forKey: .amount)
        try container.encode(code, forKey: .code)
        try container.encode(message, forKey: .message)
        try container.encode(mayRetype, forKey: .mayRetype)
        try container.encode(triesLeft, forKey: .triesLeft)
        try container.encode(card, forKey: .card)
        try container.encode(standIn, forKey: .standIn)
        try container.encode(receipt, forKey: .receipt)
        try container.encode(mode, forKey: .mode)
        try container.encode(holder, forKey: .holder)
        try container.encode(remaining, forKey: .remaining)
        try container.encode(phone, forKey: .phone)
    }
}

/// Everything an answer is made from.
struct PaymentFacts: Sendable {
    let row: PaymentRow
    let flow: PaymentFlow?
    let triesLeft: Int?
    let sale: CommittedSale?
    let programme: Programme?
    let standInRefusal: StandInRefusal?
    let overrideLimit: Money?
    let phone: PhoneRow?
    /// Head office's time, as far as the till knows it.
    let time: Instant

    func answer(_ words: Words) -> PaymentAnswer {
        let (state, code) = stateAndCode
        let message: String? =
            switch state {
            case "refused":
                [
                    code.map { words.refusal($0) },
                    // That none is left, the refusal itself says.
                    (triesLeft ?? row.triesLeft).flatMap { count in
                        count > 0 ? words("till.pay.triesLeft", ["count": String(count)]) : nil
                    },
                ].compactMap(\.self).joined(separator: " ")
            case "cancelled": words("till.pay.ended.\(row.ending ?? "cashier")")
            case "not_stored": words("till.pay.notStored")
            default: nil
            }
        let mayTakeOffline = flow?.choices.contains(.takeOffline) ?? false
        let shown = standInRefusal.flatMap { ShownRefusal($0) }
        return PaymentAnswer(
            id: row.id.description, state: state, amount: row.amount.fen, code: code,
            message: message, mayRetype: flow?.choices.contains(.retype) ?? (row.ending == nil),
            triesLeft: state == "refused" ? triesLeft ?? row.triesLeft : nil,
            card: row.card.flatMap { card in
                programme.map { .init($0, mask: card.mask, isTest: card.isTest) }
            },
            standIn: .init(
                allowed: mayTakeOffline && standInRefusal == nil, code: shown?.code,
                message: shown.map { words.refusal($0) }, overrideLimit: overrideLimit?.fen),
            receipt: sale?.receipt, mode: sale?.mode.rawValue, holder: sale?.holder,
            remaining: sale?.remaining,
            phone: phone.map {
                .init(
                    expires: $0.expires.milliseconds, isExpired: time >= $0.expires,
                    triesLeft: $0.triesLeft)
            })
    }

    private var stateAndCode: (state: String, code: String?) {
        if sale != nil { return ("completed", nil) }
        if row.ending != nil { return ("cancelled", row.refusalCode) }
        if phone != nil { return ("phone", nil) }
        switch flow?.state {
        case nil, .begun: return ("begun", nil)
        case .authorising, .committing, .committed, .cancelling, .cancelled:
            return ("asking", nil)
        case .unanswered: return ("no_answer", nil)
        case .accepted: return ("not_stored", nil)
        case .refused(_, let code): return ("refused", code)
        }
    }
}
