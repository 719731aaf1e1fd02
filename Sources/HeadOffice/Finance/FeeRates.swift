import Domain
import PostgresDriver

/// The rates at which stores pay the network's fee, and since when.
struct FeeRates: Sendable {
    let store: OfficeStore

    /// On head office's database.
    init(store: OfficeStore) {
        self.store = store
    }

    /// Highest rate: 20 %.
    static let perMillionMax = 200_000

    /// A store's rate from a day on.
    ///
    /// Units and signs: millionths. `from` nil: since the store was opened.
    struct Rate: Sendable {
        let storeCode: String
        let storeName: String
        let from: BusinessDate?
        let perMillion: Int64
        let setBy: String
        let setAt: Instant?
    }

    /// Lets a rate hold from a day that has not begun, so that no sale already booked changes its fee.
    ///
    /// - Refuses, first match wins: `.roleMissing`, `.feeInvalid`, `.feeDatePast`, `.storeUnknown`.
    /// - Repetition: a rate of a day that has not begun may be set again.
    /// - Source: R-L7.
    func set(
        _ perMillion: Int, store code: String, from day: BusinessDate, by actor: StaffActor,
        at now: Instant
    ) async throws {
        try actor.require(.finance, .storeAdministrator)
        guard (0...Self.perMillionMax).contains(perMillion) else {
            throw FeeRatesRefusal.feeInvalid
        }
        guard day > BusinessDate(now) else { throw FeeRatesRefusal.feeDatePast }
        try await store.write { session in
            let set = try session.execute(
                """
                INSERT INTO store_fee_rate (store_id, from_date, fee_per_million, set_by, set_at)
                SELECT store_id, \(day), \(Int32(perMillion)), \(actor.accountID), \(now)
                FROM store WHERE code = \(code)
                ON CONFLICT (store_id, from_date) DO UPDATE
                SET fee_per_million = EXCLUDED.fee_per_million, set_by = EXCLUDED.set_by,
                    set_at = EXCLUDED.set_at
                """)
            guard set == 1 else { throw FeeRatesRefusal.storeUnknown }
            try session.audit(
                actor, "fee_rate.set", code,
                ["from": day.description, "perMillion": String(perMillion)], at: now)
        }
    }

    /// Every store's rates, the newest first.
    ///
    /// - Refuses: `.roleMissing`.
    func list(by actor: StaffActor) async throws -> [Rate] {
        try actor.require(.finance, .auditor, .storeAdministrator)
        return try await store.read { session in
            try session.query(
                """
                SELECT store.code, store.name, rate.from_date,
                       rate.fee_per_million, coalesce(login, '') AS set_by, rate.set_at
                FROM store
                JOIN (SELECT store_id, from_date, fee_per_million, set_by, set_at
                      FROM store_fee_rate
                      UNION ALL
                      SELECT store_id, NULL, fee_per_million, NULL, NULL FROM store) AS rate
                     USING (store_id)
                LEFT JOIN staff_account ON staff_account_id = rate.set_by
                ORDER BY store.code, rate.from_date DESC NULLS LAST
                """
            ).map { row in
                Rate(
                    storeCode: try row["code"], storeName: try row["name"],
                    from: try row["from_date"], perMillion: try row["fee_per_million"] as Int64,
                    setBy: try row["set_by"], setAt: try row["set_at"])
            }
        }
    }
}

/// Why a rate is not set; cases in the order they are checked.
enum FeeRatesRefusal: String, OfficeRefusal, CaseIterable {
    case feeInvalid = "fee_invalid"
    case feeDatePast = "fee_date_past"
    case storeUnknown = "unknown_store"
}
