import GRDB

extension Catalogue {
    static let resultCountMax = 30
    /// How many index hits are looked at; a wider query is answered from its first hits.
    static let hitCountMax = 400

    /// The product of a SKU or barcode exactly as scanned, when it is on sale.
    static func product(scanned code: String, in database: Database) throws -> Product? {
        try Product.fetchOne(
            database,
            sql: """
                SELECT sku, barcode, name, spec, price, status, pinyin, initials FROM product
                WHERE barcode = ? AND barcode <> '' AND status = 'on_sale'
                UNION ALL
                SELECT sku, barcode, name, spec, price, status, pinyin, initials FROM product
                WHERE sku = ? COLLATE NOCASE AND status = 'on_sale'
                LIMIT 1
                """,
            arguments: [code, code])
    }

    /// Products that fit what was typed, the likeliest first.
    ///
    /// - Shape: an exact barcode or SKU alone; else products whose name holds each run of Chinese
    ///   characters typed and whose reading or code begins with the rest. At most
    ///   ``resultCountMax``; empty when nothing can be meant.
    static func search(_ typed: String, in database: Database) throws -> [Product] {
        let query = ProductQuery(typed)
        if let exact = try product(scanned: query.text, in: database) { return [exact] }
        guard let pattern = query.pattern else { return [] }
        let hits = try Product.fetchAll(
            database,
            sql: """
                SELECT p.sku, p.barcode, p.name, p.spec, p.price, p.status, p.pinyin, p.initials
                FROM (SELECT rowid FROM product_search WHERE product_search MATCH ? LIMIT ?) AS hit
                JOIN product AS p ON p.id = hit.rowid
                """,
            arguments: [pattern, hitCountMax])
        let runs = query.hanRuns
        let ranked =
            hits
            .filter { product in runs.allSatisfy { product.name.contains($0) } }
            .map { (rank: rank(of: $0, for: query.text), product: $0) }
            .sorted { first, second in
                first.rank != second.rank
                    ? first.rank < second.rank : first.product.sku < second.product.sku
            }
        return ranked.prefix(resultCountMax).map(\.product)
    }

    private static func rank(of product: Product, for text: String) -> Int {
        let compact = text.filter { $0 != " " }
        if product.name == text { return 0 }
        if product.initials == compact { return 1 }
        if product.name.hasPrefix(text) { return 2 }
        if product.initials.hasPrefix(compact) { return 3 }
        if product.pinyin.filter({ $0 != " " }).hasPrefix(compact) { return 4 }
        return 5
    }
}
