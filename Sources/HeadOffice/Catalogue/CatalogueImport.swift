// What a catalogue file would do, decided without a database: good rows, and every bad row with line, column and
// reason. Nothing here guesses: a decimal comma, a thousands separator or a second row of a SKU is refused, not mended.

/// A product as the catalogue knows it.
struct CatalogueProduct: Equatable, Sendable {
    var sku: String
    var barcode: String?
    var name: String
    var spec: String
    /// In fen, not negative.
    var price: Int64
    var isOnSale: Bool
}

/// Why a row of a catalogue file is not taken.
enum CatalogueRowFault: String, Sendable, CaseIterable {
    case malformedQuotes = "malformed_quotes"
    case tooFewColumns = "too_few_columns"
    case tooManyColumns = "too_many_columns"
    case skuEmpty = "sku_empty"
    case skuTooLong = "sku_too_long"
    case skuInvalid = "sku_invalid"
    case skuRepeated = "sku_repeated"
    case barcodeNotDigits = "barcode_not_digits"
    case barcodeLength = "barcode_length"
    case barcodeCheckDigit = "barcode_check_digit"
    case barcodeRepeated = "barcode_repeated"
    case barcodeTaken = "barcode_taken"
    case nameEmpty = "name_empty"
    case nameTooLong = "name_too_long"
    case specTooLong = "spec_too_long"
    case lineBreak = "line_break"
    case priceEmpty = "price_empty"
    case priceNegative = "price_negative"
    case priceDecimals = "price_decimals"
    case priceSeparator = "price_separator"
    case priceNotANumber = "price_not_a_number"
    case priceTooLarge = "price_too_large"
    case statusUnknown = "status_unknown"
}

/// A row that is not taken.
struct CatalogueBadRow: Equatable, Sendable {
    /// Line of the file the row starts on, from 1.
    let line: Int
    /// Number of the column at fault, from 1.
    let column: Int
    let fault: CatalogueRowFault
    /// What stands in that column, shortened.
    let value: String
}

/// The preview of a catalogue file.
struct CatalogueImport: Equatable, Sendable {
    var good: [CatalogueProduct] = []
    var bad: [CatalogueBadRow] = []
    /// Line of the file of each good row, in the same order.
    var goodLines: [Int] = []

    /// The header a file must start with, in this order.
    static let columns = ["商品编码", "条码", "品名", "规格", "零售价", "状态"]
    /// Most rows of one file.
    static let rowCountMax = 200_000
    /// Highest price, in fen.
    static let priceMax: Int64 = 100_000_000

    /// Reads a file.
    ///
    /// - Shape: UTF-8 with or without byte order mark, or GB18030.
    /// - Refuses: `.notText`, `.headerDiffers`, `.tooManyRows`.
    init(bytes: [UInt8]) throws(CatalogueRefusal) {
        guard let text = ImportedText.utf8(of: bytes) else { throw .notText }
        let records = CSVReader.records(of: text)
        guard let header = records.first, header.fields.map(\.trimmedText) == Self.columns else {
            throw .headerDiffers
        }
        guard records.count <= Self.rowCountMax else { throw .tooManyRows }
        var skus: Set<String> = []
        var barcodes: Set<String> = []
        for record in records.dropFirst() {
            switch Self.product(of: record) {
            case .failure(let row): bad.append(row)
            case .success(let product):
                if !skus.insert(product.sku).inserted {
                    bad.append(
                        CatalogueBadRow(
                            line: record.line, column: 1, fault: .skuRepeated, value: product.sku))
                } else if let barcode = product.barcode, !barcodes.insert(barcode).inserted {
                    bad.append(
                        CatalogueBadRow(
                            line: record.line, column: 2, fault: .barcodeRepeated, value: barcode))
                } else {
                    good.append(product)
                    goodLines.append(record.line)
                }
            }
        }
    }

    /// Moves good rows whose barcode another product owns to the bad ones.
    mutating func refuseTakenBarcodes(_ owners: [String: String]) {
        var kept: [CatalogueProduct] = []
        var lines: [Int] = []
        for (product, line) in zip(good, goodLines) {
            if let barcode = product.barcode, let owner = owners[barcode], owner != product.sku {
                bad.append(
                    CatalogueBadRow(line: line, column: 2, fault: .barcodeTaken, value: barcode))
            } else {
                kept.append(product)
                lines.append(line)
            }
        }
        good = kept
        goodLines = lines
        bad.sort { ($0.line, $0.column) < ($1.line, $1.column) }
    }

    private static func product(
        of record: CSVRecord
    ) -> Result<CatalogueProduct, CatalogueBadRow> {
        let fields = record.fields.map(\.trimmedText)
        func bad(_ column: Int, _ fault: CatalogueRowFault) -> CatalogueBadRow {
            let value = column <= fields.count ? String(fields[column - 1].prefix(40)) : ""
            return CatalogueBadRow(
                line: record.line, column: column, fault: fault, value: value)
        }
        if record.isMalformed { return .failure(bad(1, .malformedQuotes)) }
        if fields.count < columns.count {
            return .failure(bad(fields.count + 1, .tooFewColumns))
        }
        if fields.count > columns.count {
            return .failure(bad(columns.count + 1, .tooManyColumns))
        }
        if let column = fields.firstIndex(where: { $0.contains(where: \.isNewline) }) {
            return .failure(bad(column + 1, .lineBreak))
        }
        if let fault = skuFault(fields[0]) { return .failure(bad(1, fault)) }
        let barcode = fields[1].halfWidth
        if let fault = barcodeFault(barcode) { return .failure(bad(2, fault)) }
        if fields[2].isEmpty { return .failure(bad(3, .nameEmpty)) }
        if fields[2].unicodeScalars.count > 120 { return .failure(bad(3, .nameTooLong)) }
        if fields[3].unicodeScalars.count > 120 { return .failure(bad(4, .specTooLong)) }
        let price: Int64
        switch CataloguePrice.read(fields[4].halfWidth) {
        case .failure(let fault): return .failure(bad(5, fault))
        case .success(let value): price = value
        }
        guard let isOnSale = ["在售": true, "停售": false][fields[5]] else {
            return .failure(bad(6, .statusUnknown))
        }
        return .success(
            CatalogueProduct(
                sku: fields[0].halfWidth, barcode: barcode.isEmpty ? nil : barcode,
                name: fields[2], spec: fields[3], price: price, isOnSale: isOnSale))
    }

    private static func skuFault(_ text: String) -> CatalogueRowFault? {
        let sku = text.halfWidth
        if sku.isEmpty { return .skuEmpty }
        if sku.utf8.count > 32 { return .skuTooLong }
        let isValid = sku.utf8.allSatisfy { byte in
            (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte)
                || (0x61...0x7A).contains(byte) || byte == 0x2D || byte == 0x2E || byte == 0x5F
        }
        return isValid ? nil : .skuInvalid
    }

    /// GTIN-8, -12, -13 or -14 with its check digit (GS1 General Specifications 7.9).
    private static func barcodeFault(_ barcode: String) -> CatalogueRowFault? {
        if barcode.isEmpty { return nil }
        let digits = barcode.utf8.map { Int($0) - 0x30 }
        guard digits.allSatisfy((0...9).contains) else { return .barcodeNotDigits }
        guard [8, 12, 13, 14].contains(digits.count) else { return .barcodeLength }
        var sum = 0
        for (position, digit) in digits.reversed().enumerated() {
            sum += position % 2 == 1 ? digit * 3 : digit
        }
        return sum % 10 == 0 ? nil : .barcodeCheckDigit
    }
}

/// A price in yuan as a file writes it.
enum CataloguePrice {
    /// Reads `12`, `12.8` or `12.80` into fen; anything that could be meant in two ways is refused.
    static func read(_ text: String) -> Outcome {
        if text.isEmpty { return .failure(.priceEmpty) }
        if text.hasPrefix("-") { return .failure(.priceNegative) }
        if text.contains(where: { $0 == "," || $0 == "'" || $0 == " " }) {
            return .failure(.priceSeparator)
        }
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        let allDigits = parts.allSatisfy { part in
            !part.isEmpty && part.utf8.allSatisfy { (0x30...0x39).contains($0) }
        }
        guard allDigits, parts.count <= 2, let whole = parts.first else {
            return .failure(.priceNotANumber)
        }
        let decimals = parts.count == 2 ? parts[1] : ""
        guard decimals.count <= 2 else { return .failure(.priceDecimals) }
        let fraction = String(decimals) + String(repeating: "0", count: 2 - decimals.count)
        guard let fen = Int64(whole + fraction), fen <= CatalogueImport.priceMax else {
            return .failure(.priceTooLarge)
        }
        return .success(fen)
    }

    enum Outcome: Equatable {
        case success(Int64)
        case failure(CatalogueRowFault)
    }
}

extension CatalogueBadRow: Error {}

extension String {
    /// Without the white space around it.
    var trimmedText: String {
        var scalars = Substring(self)
        while let first = scalars.first, first.isWhitespace { scalars.removeFirst() }
        while let last = scalars.last, last.isWhitespace { scalars.removeLast() }
        return String(scalars)
    }

    /// Full-width ASCII forms (U+FF01…U+FF5E, as Chinese input methods type them) made half-width.
    var halfWidth: String {
        var text = ""
        for scalar in unicodeScalars {
            if (0xFF01...0xFF5E).contains(scalar.value),
                let half = Unicode.Scalar(scalar.value - 0xFEE0)
            {
                text.unicodeScalars.append(half)
            } else {
                text.unicodeScalars.append(scalar)
            }
        }
        return text
    }
}
