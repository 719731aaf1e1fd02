// What a load file would do, decided without a database. Nothing guesses: a decimal comma or a card named twice is a bad
// row, not a mended one.

import Domain

/// Why a row of a load file cannot be loaded.
enum LoadRowFault: String, Sendable, CaseIterable {
    case malformedQuotes = "malformed_quotes"
    case tooFewColumns = "too_few_columns"
    case tooManyColumns = "too_many_columns"
    case lineBreak = "line_break"
    case cardNumberInvalid = "card_number_invalid"
    case cardRepeated = "card_repeated"
    case amountEmpty = "amount_empty"
    case amountNotPositive = "amount_not_positive"
    case amountDecimals = "amount_decimals"
    case amountSeparator = "amount_separator"
    case amountNotANumber = "amount_not_a_number"
    case amountTooLarge = "amount_too_large"
    case reasonEmpty = "reason_empty"
    case reasonTooLong = "reason_too_long"
    case cardUnknown = "card_unknown"
    case cardTest = "card_test"
    case cardNotActive = "card_not_active"
    case overMaximum = "over_maximum"
}

/// A row that cannot be loaded. Never a whole card number.
struct LoadBadRow: Error, Equatable, Sendable {
    /// Line of the file, from 1.
    let line: Int
    /// Column at fault, from 1.
    let column: Int
    let fault: LoadRowFault
    /// What stands there, a card number masked.
    let value: String
}

/// A row of a load file. `amount` in fen.
struct LoadRow: Equatable, Sendable {
    let line: Int
    let number: CardNumber
    let amount: Money
    let reason: String
}

/// A load file as read.
struct LoadFileImport: Equatable, Sendable {
    var good: [LoadRow] = []
    var bad: [LoadBadRow] = []

    /// The header a file must start with, in this order.
    static let columns = ["卡号", "金额", "事由"]
    /// Most rows of one file.
    static let rowCountMax = 5_000

    /// Reads a file.
    ///
    /// - Shape: UTF-8 or GB18030.
    /// - Refuses: `.loadFileHeader`, `.loadFileTooLong`, `.loadFileEmpty`.
    init(bytes: [UInt8]) throws(CardsRefusal) {
        guard let text = ImportedText.utf8(of: bytes) else { throw .loadFileHeader }
        let records = CSVReader.records(of: text)
        guard let header = records.first, header.fields.map(\.trimmedText) == Self.columns else {
            throw .loadFileHeader
        }
        guard records.count <= Self.rowCountMax + 1 else { throw .loadFileTooLong }
        guard records.count > 1 else { throw .loadFileEmpty }
        var numbers: Set<CardNumber> = []
        for record in records.dropFirst() {
            do throws(LoadBadRow) {
                let row = try Self.row(of: record)
                guard numbers.insert(row.number).inserted else {
                    throw LoadBadRow(
                        line: row.line, column: 1, fault: .cardRepeated, value: row.number.masked)
                }
                good.append(row)
            } catch {
                bad.append(error)
            }
        }
    }

    /// The sum of the good rows.
    var total: Money { Money(fen: good.reduce(0) { $0 + $1.amount.fen }) }

    private static func row(of record: CSVRecord) throws(LoadBadRow) -> LoadRow {
        let fields = record.fields.map(\.trimmedText)
        func bad(_ column: Int, _ fault: LoadRowFault, _ value: String = "") -> LoadBadRow {
            LoadBadRow(
                line: record.line, column: column, fault: fault, value: String(value.prefix(40)))
        }
        if record.isMalformed { throw bad(1, .malformedQuotes) }
        if fields.count < columns.count { throw bad(fields.count + 1, .tooFewColumns) }
        if fields.count > columns.count { throw bad(columns.count + 1, .tooManyColumns) }
        if let column = fields.firstIndex(where: { $0.contains(where: \.isNewline) }) {
            throw bad(column + 1, .lineBreak)
        }
        guard let number = try? CardNumber(fields[0]) else {
            throw bad(1, .cardNumberInvalid, hidden(fields[0]))
        }
        let amount: Money
        switch CataloguePrice.read(fields[1].halfWidth) {
        case .failure(let fault): throw bad(2, amountFault(fault), fields[1])
        case .success(let fen): amount = Money(fen: fen)
        }
        guard amount > .zero else { throw bad(2, .amountNotPositive, fields[1]) }
        if fields[2].isEmpty { throw bad(3, .reasonEmpty) }
        if fields[2].count > 200 { throw bad(3, .reasonTooLong, fields[2]) }
        return LoadRow(line: record.line, number: number, amount: amount, reason: fields[2])
    }

    /// A number that is no card number may still be most of one: its last four characters only.
    private static func hidden(_ text: String) -> String {
        text.count > 4 ? "…" + text.suffix(4) : text
    }

    private static func amountFault(_ fault: CatalogueRowFault) -> LoadRowFault {
        switch fault {
        case .priceEmpty: .amountEmpty
        case .priceNegative: .amountNotPositive
        case .priceDecimals: .amountDecimals
        case .priceSeparator: .amountSeparator
        case .priceTooLarge: .amountTooLarge
        default: .amountNotANumber
        }
    }
}
