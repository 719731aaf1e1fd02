import Domain
import PostgresDriver

/// A payment as stored.
struct PaymentRow: Sendable, Equatable {
    let id: RecordID
    let tillID: Int64
    var cardID: Int64?
    var payment: Payment

    /// Locks the payments of those ids, in the order of the ids.
    static func lock(
        _ session: PostgresSession, _ ids: [RecordID]
    ) throws -> [RecordID: PaymentRow] {
        guard !ids.isEmpty else { return [:] }
        let rows = try session.query(
            """
            SELECT payment_id, till_id, card_id, fingerprint, amount, state, held_at, by_phone
            FROM payment
            WHERE payment_id = ANY (\(ids))
            ORDER BY payment_id
            FOR NO KEY UPDATE
            """)
        var found: [RecordID: PaymentRow] = [:]
        for row in rows { found[try row["payment_id"]] = try PaymentRow(row) }
        return found
    }

    private init(_ row: PostgresRow) throws {
        id = try row["payment_id"]
        tillID = try row["till_id"]
        cardID = try row["card_id"]
        let amount: Money? = try row["amount"]
        let fingerprint: CardFingerprint? = try row["fingerprint"]
        var terms: Payment.Terms?
        if let amount, let fingerprint {
            terms = Payment.Terms(amount: amount, card: fingerprint)
        }
        payment = Payment(
            state: try row["state"], terms: terms, heldAt: try row["held_at"],
            isByPhone: try row["by_phone"])
    }

    init(id: RecordID, tillID: Int64, cardID: Int64?, payment: Payment) {
        self.id = id
        self.tillID = tillID
        self.cardID = cardID
        self.payment = payment
    }

    /// Stores payments whose rows are locked.
    ///
    /// - Shape: when a hold ends is fixed when it is made; another `holdLife` later moves none.
    static func update(
        _ session: PostgresSession, _ payments: [PaymentRow], at now: Instant, holdLife: Int64
    ) throws {
        guard !payments.isEmpty else { return }
        try session.execute(
            """
            UPDATE payment
            SET state = row.state, card_id = row.card_id, fingerprint = row.fingerprint,
                amount = row.amount, held_at = row.held_at,
                lapses_at = CASE WHEN row.lapses_at IS NULL THEN NULL
                                 ELSE coalesce(payment.lapses_at, row.lapses_at) END,
                by_phone = row.by_phone, updated_at = \(now)
            FROM \(fragment: rows(payments, holdLife: holdLife))
            WHERE payment.payment_id = row.payment_id
            """)
    }

    /// Stores payments that nobody has seen yet.
    ///
    /// - Shape: how many were new; fewer than given means that somebody was faster.
    static func insert(
        _ session: PostgresSession, _ payments: [PaymentRow], at now: Instant, holdLife: Int64
    ) throws -> Int {
        guard !payments.isEmpty else { return 0 }
        return try session.execute(
            """
            INSERT INTO payment (payment_id, state, till_id, card_id, fingerprint, amount, held_at,
                                 lapses_at, by_phone, updated_at)
            SELECT payment_id, state, till_id, card_id, fingerprint, amount, held_at, lapses_at,
                   by_phone, \(now)
            FROM \(fragment: rows(payments, holdLife: holdLife))
            ON CONFLICT (payment_id) DO NOTHING
            """)
    }

    private static func rows(_ payments: [PaymentRow], holdLife: Int64) -> SQL {
        let rows = payments.sorted { $0.id < $1.id }
        return """
            unnest(\(rows.map(\.id)), \(rows.map(\.payment.state)), \(rows.map(\.tillID)),
                   \(rows.map(\.cardID)), \(rows.map { $0.payment.terms?.card }),
                   \(rows.map { $0.payment.terms?.amount }), \(rows.map(\.payment.heldAt)),
                   \(rows.map { $0.lapsesAt(holdLife) }), \(rows.map(\.payment.isByPhone)))
                AS row (payment_id, state, till_id, card_id, fingerprint, amount, held_at,
                        lapses_at, by_phone)
            """
    }

    private func lapsesAt(_ holdLife: Int64) -> Instant? {
        payment.state == .held && !payment.isByPhone
            ? payment.heldAt?.adding(milliseconds: holdLife) : nil
    }
}
