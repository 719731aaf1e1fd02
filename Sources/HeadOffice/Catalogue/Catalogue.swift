public import Domain
import PostgresDriver

/// The catalogue every till sells from.
public struct Catalogue: Sendable {
    let store: OfficeStore

    /// On head office's database.
    public init(store: OfficeStore) {
        self.store = store
    }

    /// What applying a file did.
    public struct Applied: Sendable, Equatable {
        /// Products new or changed, published to tills.
        public let changedCount: Int
        /// Good rows that say what is known already.
        public let unchangedCount: Int
    }

    /// What a file would do; changes nothing.
    ///
    /// - Refuses: `.roleMissing`, then `CatalogueImport.init`'s.
    func preview(_ bytes: [UInt8], by actor: StaffActor) async throws -> CatalogueImport {
        try actor.require(.storeAdministrator)
        let read = try CatalogueImport(bytes: bytes)
        return try await store.read { session in
            try Self.refusingTakenBarcodes(read, in: session)
        }
    }

    /// Applies a file's good rows and publishes those that differ.
    ///
    /// - Refuses: `.roleMissing`, `CatalogueImport.init`'s, `.nothingToApply`.
    /// - Repetition: the same file again changes and publishes nothing.
    @discardableResult
    public func apply(
        _ bytes: [UInt8], by actor: StaffActor, at now: Instant
    ) async throws -> Applied {
        try actor.require(.storeAdministrator)
        let read = try CatalogueImport(bytes: bytes)
        return try await store.write { session in
            // One import at a time: two files could otherwise take one barcode in turns.
            try session.execute("LOCK TABLE product IN SHARE ROW EXCLUSIVE MODE")
            let file = try Self.refusingTakenBarcodes(read, in: session)
            guard !file.good.isEmpty else { throw CatalogueRefusal.nothingToApply }
            let changed = try Self.upsert(file.good, at: now, in: session)
            try Self.keepPrices(changed, by: actor, at: now, in: session)
            let published = try ChangeItems.publishProducts(changed, in: session)
            try session.audit(
                actor, "catalogue.import", "product",
                [
                    "good": String(file.good.count), "bad": String(file.bad.count),
                    "changed": String(changed.count), "published": String(published),
                ], at: now)
            return Applied(
                changedCount: changed.count, unchangedCount: file.good.count - changed.count)
        }
    }

    /// A barcode may move between products of one file, but not away from a product outside it.
    private static func refusingTakenBarcodes(
        _ read: CatalogueImport, in session: PostgresSession
    ) throws -> CatalogueImport {
        let rows = try session.query(
            """
            SELECT barcode, sku FROM product
            WHERE barcode = ANY(\(read.good.compactMap(\.barcode)))
              AND sku <> ALL(\(read.good.map(\.sku)))
            """)
        var owners: [String: String] = [:]
        for row in rows { owners[try row["barcode"]] = try row["sku"] as String }
        var file = read
        file.refuseTakenBarcodes(owners)
        return file
    }

    /// Writes the products that differ and gives their SKUs.
    private static func upsert(
        _ products: [CatalogueProduct], at now: Instant, in session: PostgresSession
    ) throws -> [String] {
        let skus = products.map(\.sku)
        let barcodes = products.map(\.barcode)
        // Barcodes that change hands are let go first, or the unique key would refuse a swap.
        try session.execute(
            """
            UPDATE product SET barcode = NULL
            FROM unnest(\(skus), \(barcodes)) AS row (sku, barcode)
            WHERE product.sku = row.sku AND product.barcode IS DISTINCT FROM row.barcode
            """)
        return try session.query(
            """
            INSERT INTO product (sku, barcode, name, spec, price, status, updated_at)
            SELECT sku, barcode, name, spec, price, CASE WHEN on_sale THEN 'on_sale' ELSE 'stopped' END,
                   \(now)
            FROM unnest(\(skus), \(barcodes), \(products.map(\.name)), \(products.map(\.spec)),
                        \(products.map(\.price)), \(products.map(\.isOnSale)))
                 AS row (sku, barcode, name, spec, price, on_sale)
            ON CONFLICT (sku) DO UPDATE
            SET barcode = excluded.barcode, name = excluded.name, spec = excluded.spec,
                price = excluded.price, status = excluded.status, updated_at = excluded.updated_at
            WHERE (product.barcode, product.name, product.spec, product.price, product.status)
                  IS DISTINCT FROM
                  (excluded.barcode, excluded.name, excluded.spec, excluded.price, excluded.status)
            RETURNING sku
            """
        ).map { try $0["sku"] as String }
    }

    /// Keeps every price and status a product has had.
    private static func keepPrices(
        _ skus: [String], by actor: StaffActor, at now: Instant, in session: PostgresSession
    ) throws {
        try session.execute(
            """
            INSERT INTO product_price (sku, valid_from, price, status, changed_by)
            SELECT product.sku, \(now), product.price, product.status, \(actor.login)
            FROM product
            LEFT JOIN LATERAL (
                SELECT price, status FROM product_price
                WHERE product_price.sku = product.sku
                ORDER BY valid_from DESC LIMIT 1) AS earlier ON true
            WHERE product.sku = ANY(\(skus))
              AND (product.price, product.status)
                  IS DISTINCT FROM (earlier.price, earlier.status)
            ON CONFLICT (sku, valid_from) DO UPDATE
            SET price = excluded.price, status = excluded.status,
                changed_by = excluded.changed_by
            """)
    }

    /// A price a product had from then on.
    struct Price: Sendable, Equatable {
        let validFrom: Instant
        let price: Money
        let isOnSale: Bool
        let changedBy: String
    }

    /// A product and its newest 200 prices, newest first.
    ///
    /// - Refuses: `.roleMissing`, `.unknownProduct`.
    func prices(
        of sku: String, by actor: StaffActor
    ) async throws -> (product: Listed, prices: [Price]) {
        try actor.require(.storeAdministrator, .auditor)
        return try await store.read { session in
            guard
                let row = try session.queryOne(
                    """
                    SELECT sku, barcode, name, spec, price, status, updated_at FROM product
                    WHERE sku = \(sku)
                    """)
            else { throw CatalogueRefusal.unknownProduct }
            let prices = try session.query(
                """
                SELECT valid_from, price, status, changed_by FROM product_price
                WHERE sku = \(sku) ORDER BY valid_from DESC LIMIT 200
                """
            ).map { row in
                Price(
                    validFrom: try row["valid_from"], price: try row["price"],
                    isOnSale: try row["status"] as String == "on_sale",
                    changedBy: try row["changed_by"])
            }
            return (try Self.listed(row), prices)
        }
    }

    private static func listed(_ row: PostgresRow) throws -> Listed {
        Listed(
            product: CatalogueProduct(
                sku: try row["sku"], barcode: try row["barcode"], name: try row["name"],
                spec: try row["spec"], price: try row["price"],
                isOnSale: try row["status"] as String == "on_sale"),
            updatedAt: try row["updated_at"])
    }

    /// A product as lists show it.
    struct Listed: Sendable {
        let product: CatalogueProduct
        let updatedAt: Instant
    }

    /// Products by SKU, at most 100 after `after`; `text` narrows by SKU, barcode or part of the name.
    func list(
        text: String = "", after: String = "", by actor: StaffActor
    ) async throws -> [Listed] {
        try actor.require(.storeAdministrator, .auditor)
        let pattern = "%" + text.likeEscaped + "%"
        return try await store.read { session in
            try session.query(
                """
                SELECT sku, barcode, name, spec, price, status, updated_at FROM product
                WHERE sku > \(after)
                  AND (\(text) = '' OR sku = \(text) OR barcode = \(text) OR name ILIKE \(pattern))
                ORDER BY sku LIMIT 101
                """
            ).map(Self.listed)
        }
    }
}
