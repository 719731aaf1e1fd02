internal import CXLSXWriter

/// A sheet of a workbook; rows are appended and never gone back to.
public final class Sheet {
    let sheet: UnsafeMutablePointer<lxw_worksheet>
    private let formats: Formats
    /// Rows so far, the heading included.
    public private(set) var rowCount = 0

    init(_ sheet: UnsafeMutablePointer<lxw_worksheet>, _ formats: Formats) {
        self.sheet = sheet
        self.formats = formats
    }

    func appendHeading(_ names: [String]) throws {
        for (column, name) in names.enumerated() {
            try check(
                worksheet_write_string(sheet, 0, UInt16(column), name, formats.heading))
        }
        rowCount = 1
    }

    /// Appends a row.
    ///
    /// - Refuses: `SpreadsheetError`: a sheet that is full, text over 32,767 characters.
    public func append(_ cells: [SpreadsheetCell]) throws {
        let row = UInt32(rowCount)
        for (index, cell) in cells.enumerated() {
            try check(write(cell, row, UInt16(index)))
        }
        rowCount += 1
    }

    private func write(_ cell: SpreadsheetCell, _ row: UInt32, _ column: UInt16) -> lxw_error {
        switch cell {
        case .text(let text):
            guard !text.isEmpty else { return LXW_NO_ERROR }
            return worksheet_write_string(sheet, row, column, text, formats.text)
        case .decimal(let text):
            return spreadsheet_write_decimal(sheet, row, column, text, formats.decimal)
        case .whole(let text):
            return spreadsheet_write_decimal(sheet, row, column, text, formats.whole)
        case .percent(let text):
            return spreadsheet_write_percent(sheet, row, column, text, formats.percent)
        case .date(let text): return write(moment: text, row, column, formats.date)
        case .moment(let text): return write(moment: text, row, column, formats.moment)
        }
    }

    /// What does not read as a moment is written as the text that it is.
    private func write(
        moment text: String, _ row: UInt32, _ column: UInt16,
        _ format: UnsafeMutablePointer<lxw_format>?
    ) -> lxw_error {
        guard !text.isEmpty else { return LXW_NO_ERROR }
        let numbers = text.split { "- :".contains($0) }.compactMap { Int32($0) }
        guard numbers.count == 3 || numbers.count == 6, (1900...9999).contains(numbers[0]) else {
            return worksheet_write_string(sheet, row, column, text, formats.text)
        }
        let time = numbers.count == 6 ? Array(numbers[3...]) : [0, 0, 0]
        return spreadsheet_write_moment(
            sheet, row, column, numbers[0], numbers[1], numbers[2], time[0], time[1], time[2],
            format)
    }
}
