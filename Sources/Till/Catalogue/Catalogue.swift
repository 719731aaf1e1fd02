import GRDB

/// The catalogue: what changes it, and how a cashier finds things in it.
enum Catalogue {
    /// Puts a product in, or replaces it; an older version than the stored one changes nothing.
    static func apply(_ product: Product, version: Int64, in database: Database) throws {
        let stored = try Row.fetchOne(
            database, sql: "SELECT id, version FROM product WHERE sku = ?",
            arguments: [product.sku])
        if let stored, (stored["version"] as Int64) >= version { return }
        if let stored { try removeFromSearch(stored["id"], in: database) }
        try database.execute(
            sql: """
                INSERT INTO product
                    (sku, barcode, name, spec, price, status, pinyin, initials, version)
                VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
                ON CONFLICT (sku) DO UPDATE SET
                    barcode = excluded.barcode, name = excluded.name, spec = excluded.spec,
                    price = excluded.price, status = excluded.status, pinyin = excluded.pinyin,
                    initials = excluded.initials, version = excluded.version
                """,
            arguments: [
                product.sku, product.barcode, product.name, product.spec, product.price,
                product.isOnSale ? "on_sale" : "stopped", product.pinyin, product.initials,
                version,
            ])
        let id = try Int64.fetchOne(
            database, sql: "SELECT id FROM product WHERE sku = ?", arguments: [product.sku])
        guard product.isOnSale else { return }
        try database.execute(
            sql: "INSERT INTO product_search (rowid, words, readings, codes) VALUES (?, ?, ?, ?)",
            arguments: [
                id, product.searchWords, product.searchReadings,
                ProductQuery.spaced("\(product.sku) \(product.barcode)"),
            ])
    }

    /// Takes a product out, as far as head office's word is newer than the stored version.
    static func remove(sku: String, version: Int64, in database: Database) throws {
        let stored = try Row.fetchOne(
            database, sql: "SELECT id, version FROM product WHERE sku = ?", arguments: [sku])
        guard let stored, (stored["version"] as Int64) <= version else { return }
        try removeFromSearch(stored["id"], in: database)
        try database.execute(sql: "DELETE FROM product WHERE sku = ?", arguments: [sku])
    }

    private static func removeFromSearch(_ id: Int64, in database: Database) throws {
        try database.execute(sql: "DELETE FROM product_search WHERE rowid = ?", arguments: [id])
    }
}
