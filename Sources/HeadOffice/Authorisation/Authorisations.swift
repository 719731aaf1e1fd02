// Online first (R-P1): the till asks, head office holds. One transaction locks the payment, then the
// card, then its account; it counts a wrong password before the answer leaves, and stores the answer so
// that repeating the attempt repeats it (R-P9).

import Domain
import Journal
import PostgresDriver

/// Authorises payments.
struct Authorisations: Sendable {
    let store: OfficeStore
    private let openingKeys: [OpeningKey]

    init(_ store: OfficeStore) {
        self.store = store
        openingKeys = store.secrets.openingKeys
    }

    /// Decides one attempt, or repeats its first answer.
    ///
    /// - Shape: the answer carries an empty beacon; the endpoint puts in the request's own.
    /// - Refuses: `OfficeKeysRefusal.keyElsewhere`, which is no answer for the payment.
    func authorise(
        _ request: AuthorisationRequest, from till: KnownTill
    ) async throws -> AuthorisationReply {
        let now = store.clock.now()
        let content = opened(request)
        let cards = store.cards
        return try await store.write { session in
            let attempt = Attempt(session: session, request: request, till: till, now: now)
            var row = try attempt.lockPayment()
            guard row.tillID == till.tillID else {
                // Another till's id: nothing of it may change, and nothing of it is told.
                return attempt.answer(.paymentDiffers, .unseen, verdict: nil, card: nil)
            }
            if let answer = try attempt.storedAnswer() { return answer }
            guard
                try !OfficeKeys.areElsewhere(
                    [request.credential], opening: openingKeys, in: session)
            else { throw OfficeKeysRefusal.keyElsewhere }
            let asked = Payment.Terms(amount: request.amount, card: request.fingerprint)
            let card = try CardRow.lock(
                session, [request.fingerprint], province: till.province)[request.fingerprint]
            let account = try card.flatMap { card in
                try Ledger.lock(session, [card.account])[card.account]
            }
            let verdict = AuthorisationRules.decide(
                asked, payment: row.payment,
                credential: Self.judged(content, card: card, cards: cards),
                card: card.map { Self.facts($0, account) }, unsentForCard: request.unsentForCard,
                testUsage: try TestCardUsage.today(
                    card, tillID: till.tillID, at: now, in: session), now: now,
                storeIsSuspended: till.isStoreSuspended)
            if let lock = verdict.lock, let card {
                try CardRow.storeLocks(session, [card.cardID: lock])
            }
            if case .makeHold(let terms) = verdict.action, let card {
                try Ledger.post(
                    session, [], releasing: [card.account: Money(fen: -terms.amount.fen)],
                    at: now)
            }
            row.payment = verdict.payment
            if verdict.payment.terms?.card == request.fingerprint {
                row.cardID = card?.cardID ?? row.cardID
            }
            try PaymentRow.update(session, [row], at: now, holdLife: store.holdLife)
            let answer = attempt.answer(
                verdict.refusal, verdict.payment, verdict: verdict, card: card)
            try attempt.store(answer)
            return answer
        }
    }

    /// The number and password, when the sealed bytes are this payment's and this card's.
    private func opened(_ request: AuthorisationRequest) -> SealedCredential.Content? {
        guard let sealed = SealedCredential(bytes: request.credential),
            let content = try? sealed.open(
                payment: request.payment, amount: request.amount, with: openingKeys),
            store.secrets.wireFingerprintKey.fingerprint(of: content.number)
                == request.fingerprint
        else { return nil }
        return content
    }

    private static func judged(
        _ content: SealedCredential.Content?, card: CardRow?, cards: CardSecrets
    ) -> AuthorisationRules.Credential {
        guard let content else { return .unreadable }
        guard let card else { return .opened(passwordIsRight: false) }
        return .opened(
            passwordIsRight: cards.isPassword(
                content.password.digits, salt: card.salt, verifier: card.verifier))
    }

    static func facts(
        _ card: CardRow, _ account: Ledger.LockedAccount?
    ) -> AuthorisationRules.Card {
        AuthorisationRules.Card(
            state: card.state, balance: account?.balance ?? .zero, held: account?.held ?? .zero,
            isTest: card.isTest, programmeAccepted: card.isAccepted, lock: card.lock)
    }
}

/// The SQL of one attempt.
private struct Attempt {
    let session: PostgresSession
    let request: AuthorisationRequest
    let till: KnownTill
    let now: Instant

    /// The payment's row, made when the id is new, and locked.
    func lockPayment() throws -> PaymentRow {
        try session.execute(
            """
            INSERT INTO payment (payment_id, state, till_id, updated_at)
            VALUES (\(request.payment), 'none', \(till.tillID), \(now))
            ON CONFLICT (payment_id) DO NOTHING
            """)
        guard let row = try PaymentRow.lock(session, [request.payment])[request.payment] else {
            preconditionFailure("a payment just made is not there")
        }
        return row
    }

    func storedAnswer() throws -> AuthorisationReply? {
        let row = try session.queryOne(
            """
            SELECT answer FROM authorisation_attempt
            WHERE payment_id = \(request.payment) AND attempt = \(Int32(clamping: request.attempt))
            """)
        guard let row else { return nil }
        let json: PostgresJSON = try row["answer"]
        return try AuthorisationReply(bytes: Array(json.text.utf8))
    }

    func store(_ answer: AuthorisationReply) throws {
        let json = PostgresJSON(String(decoding: answer.bytes, as: UTF8.self))
        try session.execute(
            """
            INSERT INTO authorisation_attempt (payment_id, attempt, answer, answered_at)
            VALUES (\(request.payment), \(Int32(clamping: request.attempt)), \(json), \(now))
            """)
    }

    func answer(
        _ refusal: AuthorisationRefusal?, _ payment: Payment,
        verdict: AuthorisationRules.Verdict?, card: CardRow?
    ) -> AuthorisationReply {
        // Who the holder is shows only to whom gave the right password.
        let isApproved = verdict?.isApproved ?? false
        return AuthorisationReply(
            attempt: request.attempt, beacon: "", code: refusal?.code,
            holder: isApproved ? card?.holderMask : nil, mask: isApproved ? card?.mask : nil,
            payment: request.payment, programme: isApproved ? card?.programme : nil,
            remaining: verdict?.remaining, result: refusal == nil ? .approved : .refused,
            state: payment.state, triesLeft: verdict?.triesLeft)
    }
}
