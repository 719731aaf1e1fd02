import GRDB

/// What a till sells: an item of the catalogue head office publishes.
struct Product: Sendable, Equatable, FetchableRecord {
    let sku: String
    let barcode: String
    let name: String
    let spec: String
    /// Whole fen.
    let price: Int64
    let isOnSale: Bool
    let pinyin: String
    let initials: String

    init(
        sku: String, barcode: String, name: String, spec: String, price: Int64, isOnSale: Bool,
        pinyin suppliedPinyin: String? = nil
    ) {
        self.sku = sku
        self.barcode = barcode
        self.name = name
        self.spec = spec
        self.price = price
        self.isOnSale = isOnSale
        let syllables =
            suppliedPinyin.flatMap { $0.isEmpty ? nil : Product.split($0) }
            ?? Pinyin.syllables(of: name)
        pinyin = syllables.joined(separator: " ")
        initials = syllables.compactMap { $0.first.map(String.init) }.joined()
    }

    init(row: Row) throws {
        sku = row["sku"]
        barcode = row["barcode"]
        name = row["name"]
        spec = row["spec"]
        price = row["price"]
        isOnSale = row["status"] == "on_sale"
        pinyin = row["pinyin"]
        initials = row["initials"]
    }

    private static func split(_ pinyin: String) -> [String] {
        pinyin.lowercased().split { !$0.isLetter && !$0.isNumber }.map(String.init)
    }

    /// The name's characters, one word each, as the search index keeps them.
    var searchWords: String { ProductQuery.spaced(name) }

    /// The reading from every syllable on, in full and by initials: `keli` finds 感冒颗粒.
    var searchReadings: String {
        let syllables = pinyin.split(separator: " ")
        let tails = syllables.indices.map { syllables[$0...] }
        let full = tails.map { $0.joined() }
        let short = tails.map { $0.compactMap(\.first).map(String.init).joined() }
        return (full + short).joined(separator: " ")
    }
}
