// What the desk's services put on the change feed (PROTOCOL §7). Items are made in SQL from the rows themselves, so that
// a feed item can never say anything else than the table, and only items that differ get a new position.

import PostgresDriver

/// The change items of stores, accounts, limits, programmes, products and cards.
enum ChangeItems {
    /// Any number that nothing else locks: one transaction publishes rows at a time. A second one would
    /// read what the first has not committed yet as it was, and put that over the first one's item.
    private static let lockKey: Int64 = 0x4855_4959_494B_4102

    /// Publishes what a query selects. Waits for whoever publishes rows just now.
    ///
    /// - Shape: `items` gives scope, topic, key, body (jsonb) and removed.
    /// - Repetition: an item equal to the newest one keeps its position.
    @discardableResult
    static func publish(_ items: SQL, in session: PostgresSession) throws -> Int {
        try session.execute("SELECT pg_advisory_xact_lock(\(lockKey))")
        return try session.execute(
            """
            INSERT INTO change (scope, topic, key, body, removed, changed_in, change_id)
            SELECT scope, topic, key, body, removed, pg_current_xact_id(),
                   nextval('change_position')
            FROM (\(fragment: items)) AS item (scope, topic, key, body, removed)
            ORDER BY scope, topic, key
            ON CONFLICT (scope, topic, key) DO UPDATE
            SET body = excluded.body, removed = excluded.removed,
                changed_in = excluded.changed_in, change_id = excluded.change_id
            WHERE change.body IS DISTINCT FROM excluded.body
               OR change.removed <> excluded.removed
            """)
    }

    /// A store's own facts and its till limits; nil means every store.
    static func publishStore(
        _ storeID: Int64?, telephones: OfficeTelephones, in session: PostgresSession
    ) throws {
        try publish(
            """
            SELECT code, 'store', 'self', jsonb_build_object(
                'address', address, 'code', code, 'name', name, 'province', province,
                'serviceTelephone', coalesce(
                    nullif(service_telephone, ''),
                    (SELECT nullif(service, '') FROM office_telephones), \(telephones.service)),
                'faultTelephone', coalesce(
                    nullif(fault_telephone, ''),
                    (SELECT nullif(fault, '') FROM office_telephones), \(telephones.fault)),
                'suspended', suspended, 'telephone', telephone), false
            FROM store WHERE \(storeID as Int64?) IS NULL OR store_id = \(storeID as Int64?)
            UNION ALL
            SELECT code, 'limits', '*', jsonb_build_object(
                'amberAfter', amber_after, 'redAfter', red_after,
                'tillCount', till_count_limit, 'tillTotal', till_total_limit), false
            FROM store WHERE \(storeID as Int64?) IS NULL OR store_id = \(storeID as Int64?)
            """, in: session)
    }

    /// All accounts of a store.
    static func publishAccounts(ofStore storeID: Int64, in session: PostgresSession) throws {
        try publish(
            """
            SELECT store.code, 'account', account.login, jsonb_build_object(
                'disabled', account.disabled, 'login', account.login, 'name', account.name,
                'roles', to_jsonb(account.roles), 'verifier', account.verifier), false
            FROM store_account AS account JOIN store USING (store_id)
            WHERE store_id = \(storeID)
            """, in: session)
    }

    /// Which programmes are taken where, and their limits; `storeID` nil means every store.
    static func publishProgrammes(
        toStore storeID: Int64? = nil, in session: PostgresSession
    ) throws {
        try publish(
            """
            SELECT store.code, 'programme', programme.code, jsonb_build_object(
                'accepted', EXISTS (
                    SELECT 1 FROM programme_acceptance AS acceptance
                    WHERE acceptance.programme_id = programme.programme_id
                      AND acceptance.province = store.province),
                'face', jsonb_strip_nulls(jsonb_build_object(
                    'colour', programme.face_colour, 'title', programme.face_title,
                    'picture', encode(programme_face.content, 'hex'))),
                'name', programme.name, 'prefix', programme.prefix,
                'province', programme.province, 'scheme', programme.scheme)
                || CASE WHEN verified_only THEN '{"verifiedOnly":true}'::jsonb ELSE '{}' END,
                false
            FROM store CROSS JOIN programme LEFT JOIN programme_face USING (programme_id)
            WHERE \(storeID as Int64?) IS NULL OR store.store_id = \(storeID as Int64?)
            UNION ALL
            SELECT '*', 'limits', code, jsonb_build_object(
                'perCard', per_card_limit, 'perSale', per_sale_limit), false
            FROM programme
            """, in: session)
    }

    /// Products by SKU.
    static func publishProducts(_ skus: [String], in session: PostgresSession) throws -> Int {
        try publish(
            """
            SELECT '*', 'product', sku, jsonb_build_object(
                'barcode', coalesce(barcode, ''), 'name', name, 'price', price, 'sku', sku,
                'spec', spec, 'status', status), false
            FROM product WHERE sku = ANY(\(skus))
            """, in: session)
    }

    /// Cards that tills must know of: test cards, and those that are not active. A card that is neither any more is
    /// published once as unblocked.
    static func publishCards(_ cardIDs: [Int64], in session: PostgresSession) throws {
        try publish(
            """
            SELECT '*', 'card', encode(fingerprint, 'hex'), jsonb_build_object(
                'blocked', state <> 'active', 'test', test), false
            FROM card
            WHERE card_id = ANY(\(cardIDs))
              AND (test OR state <> 'active' OR EXISTS (
                  SELECT 1 FROM change
                  WHERE scope = '*' AND topic = 'card' AND key = encode(card.fingerprint, 'hex')))
            """, in: session)
    }
}

/// The numbers that stand on tills, error pages and slips.
public struct OfficeTelephones: Sendable, Equatable {
    /// Customer service 客服.
    public let service: String
    /// Fault reports 报修.
    public let fault: String

    /// Customer service and fault reports.
    public init(service: String, fault: String) {
        self.service = service
        self.fault = fault
    }
}
