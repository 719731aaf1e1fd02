import Domain
import PostgresDriver

/// Holds of phones that neither a sale's record nor a cancellation has ended (R-P11).
struct PhoneHolds: Sendable {
    let store: OfficeStore

    /// The exception's code.
    static let unresolved = "phone_hold_unresolved"

    /// Makes an exception of each phone hold that is seven days old, unless its sale waits in quarantine.
    ///
    /// - Repetition: each hold once.
    /// - Shape: how many exceptions are new.
    func flagOverdue(at now: Instant) async throws -> Int {
        let before = now.adding(milliseconds: -Payment.phoneHoldOverdueAfter)
        return try await store.write { session in
            try session.execute(
                """
                INSERT INTO exception
                    (till_id, epoch, seq, record_id, store_id, code, amount, bearer, opened_at)
                SELECT payment.till_id, 0, nextval('own_finding'), payment.payment_id,
                       till.store_id, \(Self.unresolved), payment.amount, 'none', \(now)
                FROM payment JOIN till USING (till_id)
                WHERE payment.state = 'held' AND payment.by_phone
                  AND payment.held_at <= \(before)
                  AND NOT EXISTS (SELECT 1 FROM exception
                                  WHERE record_id = payment.payment_id
                                    AND (exception.code = \(Self.unresolved)
                                         OR exception.code = \(RecordException.quarantined.code)
                                            AND exception.state = 'open'
                                            AND exception.sale_id IS NOT NULL))
                """)
        }
    }

    /// Settles the exception of holds that a record has ended after all.
    static func settle(
        _ payments: [RecordID], at now: Instant, in session: PostgresSession
    ) throws {
        guard !payments.isEmpty else { return }
        try session.execute(
            """
            UPDATE exception SET state = 'settled', outcome = 'closed', settled_at = \(now)
            WHERE record_id = ANY (\(payments)) AND code = \(unresolved) AND state = 'open'
            """)
    }
}
