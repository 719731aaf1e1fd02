// The keys by which confirmation codes are made (R-P12). No database holds one: each is derived from
// a master key in a file, and the table says only which numbers a till was given.

import Crypto
import Domain
import Journal
import PostgresDriver

/// Gives tills their confirmation keys and knows which are still good.
struct ConfirmationKeys: Sendable {
    let store: OfficeStore

    /// A key is replaced at this age, so that it changes at least daily while a till is in contact.
    static let lifeMilliseconds: Int64 = 20 * 3_600_000
    /// How long after its successor's acknowledgement a key is taken: a QR may be on its way.
    static let graceMilliseconds: Int64 = 900_000

    init(_ store: OfficeStore) {
        self.store = store
    }

    /// The key that a till is to use now; a new one when the last is old or distrusted.
    ///
    /// - Parameter holds: the newest number on the till's disk: it and all before it are settled.
    func current(for till: KnownTill, holds: Int?) async throws -> ConfirmationKey {
        let now = store.clock.now()
        let number = try await store.write { session in
            // The till's row keeps two of its requests from making two keys.
            _ = try session.queryOne(
                "SELECT till_id FROM till WHERE till_id = \(till.tillID) FOR NO KEY UPDATE")
            if let holds { try acknowledge(holds, till, at: now, in: session) }
            let row = try session.queryOne(
                """
                SELECT number, issued_at, distrusted FROM confirmation_key
                WHERE till_id = \(till.tillID) AND epoch = \(Int32(till.epoch))
                ORDER BY number DESC LIMIT 1
                """)
            var last = 0
            if let row {
                last = Int(try row["number"] as Int32)
                let age = now.milliseconds(since: try row["issued_at"])
                let isTrusted = try !row.decode("distrusted", as: Bool.self)
                if isTrusted, age < Self.lifeMilliseconds { return last }
            }
            try session.execute(
                """
                INSERT INTO confirmation_key (till_id, epoch, number, issued_at)
                VALUES (\(till.tillID), \(Int32(till.epoch)), \(Int32(last + 1)), \(now))
                """)
            return last + 1
        }
        return key(number, of: till.code, epoch: till.epoch)
    }

    private func acknowledge(
        _ number: Int, _ till: KnownTill, at now: Instant, in session: PostgresSession
    ) throws {
        let known = try session.execute(
            """
            UPDATE confirmation_key SET acknowledged_at = coalesce(acknowledged_at, \(now))
            WHERE till_id = \(till.tillID) AND epoch = \(Int32(till.epoch))
              AND number = \(Int32(clamping: number))
            """)
        guard known == 1 else { return }
        try session.execute(
            """
            UPDATE confirmation_key SET superseded_at = \(now)
            WHERE till_id = \(till.tillID) AND epoch = \(Int32(till.epoch))
              AND number < \(Int32(clamping: number)) AND superseded_at IS NULL
            """)
    }

    /// A till's key of a number.
    func key(_ number: Int, of till: String, epoch: Int) -> ConfirmationKey {
        .derived(
            master: store.secrets.confirmationMaster.withUnsafeBytes { Array($0) }, till: till,
            epoch: epoch, number: number)
    }

    /// Whether a QR that names the key may still be paid.
    static func isGood(
        _ number: Int, till tillID: Int64, epoch: Int, at now: Instant,
        in session: PostgresSession
    ) throws -> Bool {
        let row = try session.queryOne(
            """
            SELECT superseded_at FROM confirmation_key
            WHERE till_id = \(tillID) AND epoch = \(Int32(clamping: epoch))
              AND number = \(Int32(clamping: number))
            """)
        guard let row else { return false }
        let superseded: Instant? = try row["superseded_at"]
        return superseded.map { now.milliseconds(since: $0) < graceMilliseconds } ?? true
    }

    /// Head office was shown a code that it never issued: the alarm stands in the audit, and the till
    /// gets a new key at its next contact (R-P12).
    static func distrust(
        _ till: KnownTill, sales: [RecordID], at now: Instant, in session: PostgresSession
    ) throws {
        try session.execute(
            """
            UPDATE confirmation_key SET distrusted = true
            WHERE till_id = \(till.tillID) AND epoch = \(Int32(till.epoch))
            """)
        for sale in sales {
            try AuditEntry(
                actor: .till(till.code), action: "alarm.code_without_payment",
                subject: till.code, detail: ["sale": sale.description]
            ).write(session, at: now)
        }
    }
}
