// A report as a workbook: numbers as numbers, identifiers as text, days as days, the heading in sight, and a sheet that
// says as of when and up to which transfer. Rows stream from the server into libxlsxwriter; none is kept.

import Crypto
import Domain
import PostgresDriver
import Spreadsheets

/// Writes a report as XLSX.
enum ReportWorkbook {
    static func write(
        _ source: ReportSource, to path: String, asOf now: Instant, progress: ExportProgress,
        in session: PostgresSession
    ) throws -> MonthExport.Written {
        let book = try Workbook(path: path)
        let columns = source.report.columns
        let title = title(of: source.report)
        var sheet = try newSheet(book, title, columns)
        var sheetCount = 1
        var lines = 0
        var hash = SHA256()
        var reader = CellReader()
        var days = DaySums(source.report)
        try session.copyOut(source.plain, format: .csv(header: false)) { chunk in
            hash.update(data: chunk)
            let before = lines
            try reader.feed(chunk) { cells in
                if sheet.rowCount == Workbook.sheetRowsMax {
                    sheetCount += 1
                    sheet = try newSheet(book, "\(title) \(sheetCount)", columns)
                }
                try sheet.append(zip(columns, cells).map { cell($1, $0.kind) })
                days.add(cells)
                lines += 1
            }
            try progress.add(lines - before)
        }
        if !days.isEmpty { try days.write(to: book) }
        if source.report == .provinceClearing {
            try write(try ClearingMatrix(source, in: session), to: book)
        }
        let rowCount = lines - source.report.totalLineCount
        let cellsHash = hash.finalize().hexText
        let stamp = try book.addSheet("说明", heading: ["项目", "内容"], widths: [18, 70])
        let facts = [
            ("报表", title), ("账期", source.month.description),
            ("截至时间（北京时间）", ReportTime.text(now)), ("截至分录", String(source.position)),
            ("行数", String(rowCount)), ("内容 SHA-256", cellsHash),
            ("月结", source.closing.map { "第 \($0.number) 次月结的冻结数据" } ?? "未月结，数据可能变化"),
        ]
        for (name, value) in facts { try stamp.append([.text(name), .text(value)]) }
        try book.close()
        return MonthExport.Written(
            rowCount: rowCount, sha256: try ExportFiles.sha256(ofFile: path),
            cellsSHA256: cellsHash)
    }

    private static func write(_ matrix: ClearingMatrix, to book: Workbook) throws {
        let lines = matrix.lines
        let sheet = try book.addSheet(
            "省际矩阵", heading: lines[0], widths: lines[0].indices.map { $0 == 0 ? 20 : 15 })
        for line in lines.dropFirst() {
            try sheet.append([.text(line[0])] + line.dropFirst().map { .decimal($0) })
        }
    }

    private static func newSheet(
        _ book: Workbook, _ name: String, _ columns: [MonthReport.Column]
    ) throws -> Sheet {
        try book.addSheet(
            name, heading: columns.map(\.heading), widths: columns.map { width($0.kind) })
    }

    private static func width(_ kind: MonthReport.CellKind) -> Int {
        switch kind {
        case .count, .percent: 10
        case .date: 12
        case .money: 15
        case .text: 18
        case .moment: 20
        case .typed, .identifier: 24
        }
    }

    static func cell(_ text: String, _ kind: MonthReport.CellKind) -> SpreadsheetCell {
        switch kind {
        case .text, .typed, .identifier: .text(text)
        // A line of totals leaves out what cannot be added up.
        case .money: MonthReport.number(text) != nil ? .decimal(text) : .text(text)
        case .count: MonthReport.number(text) != nil ? .whole(text) : .text(text)
        case .percent: text.hasSuffix("%") ? .percent(String(text.dropLast())) : .text(text)
        case .date: .date(text)
        case .moment: .moment(text)
        }
    }

    static func title(of report: MonthReport) -> String {
        switch report {
        case .monthlySales: "月度销售汇总"
        case .provinceClearing: "省际清算"
        case .cardLiability: "卡余额变动表"
        case .storeSettlement: "门店结算单"
        case .exceptions: "异常与调整"
        case .ledgerDetail: "交易明细"
        case .trialBalance: "试算平衡"
        }
    }
}

/// Sales by day over all stores, for the chart of the monthly sales.
private struct DaySums {
    private let day: Int?
    private let net: Int?
    private var sums: [String: Int64] = [:]

    init(_ report: MonthReport) {
        let isCharted = report == .monthlySales
        day = isCharted ? report.columns.firstIndex { $0.key == "day" } : nil
        net = isCharted ? report.columns.firstIndex { $0.key == "net" } : nil
    }

    var isEmpty: Bool { sums.isEmpty }

    mutating func add(_ cells: [String]) {
        guard let day, let net, !cells[day].isEmpty,
            let fen = MonthReport.number(cells[net])
        else { return }
        sums[cells[day], default: 0] += fen
    }

    func write(to book: Workbook) throws {
        let name = "日汇总"
        let sheet = try book.addSheet(name, heading: ["业务日期", "净额"], widths: [14, 16])
        for (day, fen) in sums.sorted(by: { $0.key < $1.key }) {
            try sheet.append([.date(day), .decimal(Money(fen: fen).description)])
        }
        try book.addColumnChart(
            title: "每日净额", on: sheet, named: name, labels: 0, values: 1, count: sums.count)
    }
}

/// Moments as reports show them.
enum ReportTime {
    /// `2026-11-01 09:30:00`, Asia/Shanghai.
    static func text(_ instant: Instant) -> String {
        let date = BusinessDate(instant)
        let seconds = instant.milliseconds(since: date.start) / 1_000
        func two(_ number: Int64) -> String { number < 10 ? "0\(number)" : "\(number)" }
        return "\(date) \(two(seconds / 3_600)):\(two(seconds / 60 % 60)):\(two(seconds % 60))"
    }
}
