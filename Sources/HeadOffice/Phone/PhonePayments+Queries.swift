import Domain
import Foundation
import Journal
import PostgresDriver

extension PhonePayments {
    /// The payment's row, made when the id is new, and locked, with what the request asks for beside it.
    ///
    /// - Refuses: `AuthorisationRefusal.paymentDiffers`.
    static func lock(
        _ demand: PhoneDemand, items: [PhoneItem]?, at now: Instant, in session: PostgresSession
    ) throws -> PaymentRow {
        let request = demand.request
        try session.execute(
            """
            INSERT INTO payment (payment_id, state, till_id, updated_at)
            VALUES (\(request.payment), 'none', \(demand.till.tillID), \(now))
            ON CONFLICT (payment_id) DO NOTHING
            """)
        guard let row = try PaymentRow.lock(session, [request.payment])[request.payment] else {
            preconditionFailure("a payment just made is not there")
        }
        let json = items.map { PostgresJSON(String(decoding: $0.bytes, as: UTF8.self)) }
        try session.execute(
            """
            INSERT INTO phone_payment
                (payment_id, epoch, amount, key_number, items_hash, items, seen_at)
            VALUES (\(request.payment), \(Int32(request.epoch)), \(request.amount),
                    \(Int32(request.key)), \(request.itemsHash), \(json as PostgresJSON?), \(now))
            ON CONFLICT (payment_id) DO UPDATE SET items = coalesce(phone_payment.items, excluded.items)
            WHERE phone_payment.items IS NULL AND excluded.items IS NOT NULL
              AND phone_payment.items_hash = excluded.items_hash
            """)
        let same = try session.queryOne(
            """
            SELECT 1 AS found FROM phone_payment
            WHERE payment_id = \(request.payment) AND amount = \(request.amount)
              AND epoch = \(Int32(request.epoch)) AND key_number = \(Int32(request.key))
              AND items_hash = \(request.itemsHash)
            """)
        guard row.tillID == demand.till.tillID, same != nil else {
            throw AuthorisationRefusal.paymentDiffers
        }
        return row
    }

    static func storedAnswer(
        _ form: RecordID, _ payment: RecordID, _ receipt: String, in session: PostgresSession
    ) throws -> Answer? {
        let row = try session.queryOne(
            """
            SELECT code, tries_left FROM phone_attempt
            WHERE payment_id = \(payment) AND form_id = \(form)
            """)
        guard let row else { return nil }
        let code: String? = try row["code"]
        let triesLeft: Int32? = try row["tries_left"]
        return code.map { .refused(code: $0, triesLeft: triesLeft.map(Int.init)) }
            ?? .held(receipt: receipt)
    }

    static func store(
        _ answer: Answer, form: RecordID, payment: RecordID, at now: Instant,
        in session: PostgresSession
    ) throws {
        var (code, triesLeft): (String?, Int32?) = (nil, nil)
        if case .refused(let why, let left) = answer {
            (code, triesLeft) = (why, left.map { Int32(clamping: $0) })
        }
        try session.execute(
            """
            INSERT INTO phone_attempt (payment_id, form_id, code, tries_left, answered_at)
            VALUES (\(payment), \(form), \(code as String?), \(triesLeft as Int32?), \(now))
            """)
    }

    static func storeConfirmation(
        _ payment: RecordID, receipt: String, remaining: Money?, at now: Instant,
        in session: PostgresSession
    ) throws {
        try session.execute(
            """
            UPDATE phone_payment SET confirmed_at = \(now), remaining = \(remaining as Money?),
                receipt_hash = \(hash(ofReceipt: receipt))
            WHERE payment_id = \(payment)
            """)
    }

    /// What stands of a payment, for its till and for its phone.
    struct Standing: Sendable {
        let state: PaymentState
        let isByPhone: Bool
        let items: [PhoneItem]?
        let card: SaleCompleted.Card?
        let holder: String?
        let isTest: Bool
        let remaining: Money?
    }

    /// Where a payment stands; nil when nobody has asked for it yet.
    func standing(_ payment: RecordID) async throws -> Standing? {
        try await store.read { session in
            let row = try session.queryOne(
                """
                SELECT payment.state, payment.by_phone, phone_payment.items,
                       phone_payment.remaining, card.fingerprint, card.mask, card.holder_mask,
                       card.test, programme.code AS programme
                FROM payment
                JOIN phone_payment USING (payment_id)
                LEFT JOIN card USING (card_id)
                LEFT JOIN programme USING (programme_id)
                WHERE payment.payment_id = \(payment)
                """)
            guard let row else { return nil }
            let json: PostgresJSON? = try row["items"]
            var card: SaleCompleted.Card?
            if let fingerprint = try row["fingerprint"] as CardFingerprint? {
                card = .init(
                    fingerprint: fingerprint, mask: try row["mask"],
                    programme: try row["programme"])
            }
            return Standing(
                state: try row["state"], isByPhone: try row["by_phone"],
                items: try json.map { try [PhoneItem](bytes: Array($0.text.utf8)) }, card: card,
                holder: try row["holder_mask"],
                isTest: (try row["test"] as Bool?) ?? false, remaining: try row["remaining"])
        }
    }

    /// What a phone shows after it has paid.
    struct Receipt: Sendable {
        let payment: RecordID
        let code: ConfirmationCode
        let amount: Money
        let storeName: String
        let storeTelephone: String
        let mask: String
        let state: PaymentState
        let remaining: Money?
        let confirmed: Instant
        let items: [PhoneItem]
    }

    /// How long a receipt can be opened.
    static let receiptLife: Int64 = 30 * 86_400_000

    /// The receipt that a token opens.
    ///
    /// - Refuses: `PhoneRefusal.unknownReceipt`.
    func receipt(_ token: String) async throws -> Receipt {
        let earliest = store.clock.now().adding(milliseconds: -Self.receiptLife)
        let keys = keys
        return try await store.read { session in
            let row = try session.queryOne(
                """
                SELECT payment.payment_id, payment.state, phone_payment.amount,
                       phone_payment.key_number, phone_payment.epoch, phone_payment.items,
                       phone_payment.remaining, phone_payment.confirmed_at, till.code AS till,
                       store.name AS store_name, store.telephone, card.mask
                FROM phone_payment
                JOIN payment USING (payment_id)
                JOIN till USING (till_id)
                JOIN store USING (store_id)
                JOIN card USING (card_id)
                WHERE receipt_hash = \(Self.hash(ofReceipt: token)) AND confirmed_at > \(earliest)
                """)
            guard let row else { throw PhoneRefusal.unknownReceipt }
            let (till, payment): (String, RecordID) = (try row["till"], try row["payment_id"])
            let amount: Money = try row["amount"]
            let key = keys.key(
                Int(try row["key_number"] as Int32), of: till,
                epoch: Int(try row["epoch"] as Int32))
            let json: PostgresJSON? = try row["items"]
            return Receipt(
                payment: payment, code: key.code(till: till, payment: payment, amount: amount),
                amount: amount, storeName: try row["store_name"],
                storeTelephone: try row["telephone"], mask: try row["mask"],
                state: try row["state"], remaining: try row["remaining"],
                confirmed: try row["confirmed_at"],
                items: try json.map { try [PhoneItem](bytes: Array($0.text.utf8)) } ?? [])
        }
    }

    /// Whether the token is the receipt of that payment: the phone that paid has come back.
    func isReceipt(_ token: String, of payment: RecordID) async throws -> Bool {
        try await store.read { session in
            try session.queryOne(
                """
                SELECT 1 AS found FROM phone_payment
                WHERE payment_id = \(payment) AND receipt_hash = \(Self.hash(ofReceipt: token))
                """) != nil
        }
    }
}
