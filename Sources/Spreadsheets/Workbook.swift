// libxlsxwriter behind a Swift face. It keeps no rows: each goes to a temporary file as it is written, so a sheet of any
// length takes the same memory, and rows only go forward.

internal import CXLSXWriter

/// A cell, as text that says exactly what it is.
public enum SpreadsheetCell: Sendable, Equatable {
    /// Words, and digits that must stay as they are.
    case text(String)
    /// `-12.50`, shown with two decimals.
    case decimal(String)
    /// `17`.
    case whole(String)
    /// `12.50`, shown as a percentage.
    case percent(String)
    /// `2026-10-31`.
    case date(String)
    /// `2026-10-31 23:59:59`.
    case moment(String)
}

/// What libxlsxwriter refused.
public struct SpreadsheetError: Error, CustomStringConvertible {
    /// Its `lxw_error`.
    public let code: Int
    /// Its words.
    public let message: String

    /// Holds no cell's content.
    public var description: String { "libxlsxwriter error \(code): \(message)" }
}

/// A workbook while it is written: one thread, sheets row by row, then `close`.
public final class Workbook {
    /// Rows of a sheet, the heading included.
    public static let sheetRowsMax = 1_048_576

    private let book: UnsafeMutablePointer<lxw_workbook>
    private let formats: Formats
    private var isClosed = false

    /// Begins a file.
    ///
    /// - Refuses: `SpreadsheetError` when there is no memory; that the file cannot be written shows at `close`.
    public init(path: String) throws {
        var options = lxw_workbook_options()
        options.constant_memory = 1
        options.use_zip64 = 1
        guard let book = workbook_new_opt(path, &options) else {
            throw SpreadsheetError(code: 1, message: "no workbook")
        }
        self.book = book
        formats = Formats(book)
    }

    deinit {
        if !isClosed { lxw_workbook_free(book) }
    }

    /// A new sheet with a heading that stays in sight.
    public func addSheet(_ name: String, heading: [String], widths: [Int]) throws -> Sheet {
        guard let sheet = workbook_add_worksheet(book, name) else {
            throw SpreadsheetError(code: 2, message: "no sheet")
        }
        for (column, width) in widths.enumerated() {
            try check(spreadsheet_set_width(sheet, UInt16(column), Int32(width)))
        }
        worksheet_freeze_panes(sheet, 1, 0)
        let made = Sheet(sheet, formats)
        try made.appendHeading(heading)
        return made
    }

    /// Puts a column chart onto a sheet: `values` over `labels`, which are columns of that sheet's rows after the heading.
    public func addColumnChart(
        title: String, on sheet: Sheet, named name: String, labels: Int, values: Int, count: Int
    ) throws {
        guard count > 0, let chart = workbook_add_chart(book, UInt8(LXW_CHART_COLUMN.rawValue))
        else { return }
        func range(_ column: Int) -> String {
            let letter = Character(UnicodeScalar(UInt8(65 + column)))
            return "='\(name)'!$\(letter)$2:$\(letter)$\(count + 1)"
        }
        chart_add_series(chart, range(labels), range(values))
        chart_title_set_name(chart, title)
        chart_legend_set_position(chart, UInt8(LXW_CHART_LEGEND_NONE.rawValue))
        try check(worksheet_insert_chart(sheet.sheet, 1, UInt16(max(labels, values) + 2), chart))
    }

    /// Packs the file.
    ///
    /// - Refuses: `SpreadsheetError` when it cannot be written.
    public func close() throws {
        isClosed = true
        try check(workbook_close(book))
    }
}

func check(_ error: lxw_error) throws {
    guard error != LXW_NO_ERROR else { return }
    let words = lxw_strerror(error).map { String(cString: $0) } ?? ""
    throw SpreadsheetError(code: Int(error.rawValue), message: words)
}

/// How each kind of cell looks.
struct Formats {
    let heading: UnsafeMutablePointer<lxw_format>?
    let text: UnsafeMutablePointer<lxw_format>?
    let decimal: UnsafeMutablePointer<lxw_format>?
    let whole: UnsafeMutablePointer<lxw_format>?
    let percent: UnsafeMutablePointer<lxw_format>?
    let date: UnsafeMutablePointer<lxw_format>?
    let moment: UnsafeMutablePointer<lxw_format>?

    init(_ book: UnsafeMutablePointer<lxw_workbook>) {
        func format(_ pattern: String) -> UnsafeMutablePointer<lxw_format>? {
            let format = workbook_add_format(book)
            format_set_num_format(format, pattern)
            return format
        }
        heading = workbook_add_format(book)
        format_set_bold(heading)
        format_set_bg_color(heading, 0xEAF3F1)
        format_set_bottom(heading, UInt8(LXW_BORDER_THIN.rawValue))
        text = format("@")
        decimal = format("#,##0.00")
        whole = format("0")
        percent = format("0.00%")
        date = format("yyyy-mm-dd")
        moment = format("yyyy-mm-dd hh:mm:ss")
    }
}
