// Paid by phone is a hold (R-P11): the confirmation holds the money under the QR's payment id, the
// sale's record pays the store, the cancellation's record gives it back. The rules are those of an
// authorisation; what differs is who asks, and that the hold does not lapse.

import Crypto
import Domain
import Foundation
import Journal
import PostgresDriver

/// Takes payments that phones confirm.
struct PhonePayments: Sendable {
    let store: OfficeStore
    let keys: ConfirmationKeys

    init(_ store: OfficeStore) {
        self.store = store
        keys = ConfirmationKeys(store)
    }

    /// What a phone sent: who pays.
    struct Entry: Sendable {
        let card: CardFingerprint
        let password: CardPassword
        /// Made with the form: the same form sent twice is one attempt.
        let form: RecordID
    }

    /// What became of a form.
    enum Answer: Sendable, Equatable {
        /// The money is held; the token opens the receipt.
        case held(receipt: String)
        /// A definite no.
        case refused(code: String, triesLeft: Int?)
    }

    /// Keeps what a request asks for.
    ///
    /// - Shape: `items` when they are known and are the request's own; what is known stays.
    /// - Refuses: `AuthorisationRefusal.paymentDiffers` for an id that is another till's or had
    ///   another amount or other items.
    func register(_ demand: PhoneDemand, items: [PhoneItem]?) async throws {
        let now = store.clock.now()
        try await store.write { session in
            _ = try Self.lock(demand, items: items, at: now, in: session)
        }
    }

    /// Confirms a payment from a phone.
    ///
    /// - Repetition: the same form is answered as the first time.
    /// - Refuses, first match wins: `PhoneRefusal.alreadyPaid`, `.paymentEnded`, `.requestExpired`,
    ///   then as `AuthorisationRules.decide`.
    func confirm(_ demand: PhoneDemand, _ entry: Entry) async throws -> Answer {
        let now = store.clock.now()
        let receipt = receiptToken(demand.request.payment, form: entry.form)
        let cards = store.cards
        return try await store.write { session in
            var row: PaymentRow
            do {
                row = try Self.lock(demand, items: demand.request.items, at: now, in: session)
            } catch let refusal as AuthorisationRefusal {
                return .refused(code: refusal.code, triesLeft: nil)
            }
            if let stored = try Self.storedAnswer(entry.form, row.id, receipt, in: session) {
                return stored
            }
            if let refusal = Self.refusal(of: row.payment.state, demand, at: now) {
                return .refused(code: refusal.code, triesLeft: nil)
            }
            let card = try CardRow.lock(
                session, [entry.card], province: demand.till.province)[entry.card]
            let account = try card.flatMap { try Ledger.lock(session, [$0.account])[$0.account] }
            let asked = Payment.Terms(amount: demand.request.amount, card: entry.card)
            let verdict = AuthorisationRules.decide(
                asked, payment: row.payment,
                credential: .opened(
                    passwordIsRight: card.map {
                        cards.isPassword(
                            entry.password.digits, salt: $0.salt, verifier: $0.verifier)
                    } ?? false),
                card: card.map { Authorisations.facts($0, account) }, unsentForCard: .zero,
                testUsage: try TestCardUsage.today(card, tillID: row.tillID, at: now, in: session),
                now: now, byPhone: true)
            if let lock = verdict.lock, let card {
                try CardRow.storeLocks(session, [card.cardID: lock])
            }
            if case .makeHold(let terms) = verdict.action, let card {
                try Ledger.post(
                    session, [], releasing: [card.account: Money(fen: -terms.amount.fen)],
                    at: now)
                row.payment = verdict.payment
                row.cardID = card.cardID
                try PaymentRow.update(session, [row], at: now, holdLife: store.holdLife)
                try Self.storeConfirmation(
                    row.id, receipt: receipt, remaining: verdict.remaining, at: now, in: session)
            }
            let answer: Answer =
                if let refusal = verdict.refusal {
                    .refused(code: refusal.code, triesLeft: verdict.triesLeft)
                } else {
                    .held(receipt: receipt)
                }
            try Self.store(answer, form: entry.form, payment: row.id, at: now, in: session)
            return answer
        }
    }

    /// Why nobody may pay this any more; nil while it may be paid.
    static func refusal(
        of state: PaymentState, _ demand: PhoneDemand, at now: Instant
    ) -> PhoneRefusal? {
        switch state {
        case .held: return .alreadyPaid
        case .captured, .cancelled, .lapsed: return .paymentEnded
        case .none: break
        }
        let ends = demand.request.expires.adding(milliseconds: clockTolerance)
        return now < ends ? nil : .requestExpired
    }

    /// A token that only the phone that sent the form gets; it is not stored, only its hash.
    private func receiptToken(_ payment: RecordID, form: RecordID) -> String {
        var code = HMAC<SHA256>(key: store.secrets.confirmationMaster)
        code.update(data: Data("huiyika/phone-receipt/1".utf8))
        code.update(data: Data(payment.bytes))
        code.update(data: Data(form.bytes))
        return Base64.url.text(Array(code.finalize()).prefix(18))
    }

    static func hash(ofReceipt token: String) -> [UInt8] {
        Array(SHA256.hash(data: Data(token.utf8)))
    }
}
