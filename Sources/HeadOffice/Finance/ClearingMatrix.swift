// The clearing seen at once: what cards of each province came to in each province's stores.

import Domain
import PostgresDriver
import WebSupport

/// Net sales by the issuing programme's province and the store's, from the cells of the province clearing, so that frozen
/// figures have their matrix too.
struct ClearingMatrix: Sendable, Equatable {
    /// Cards of one province.
    struct Row: Sendable, Equatable {
        /// The programme's province, GB/T 2260; empty for cards that nobody knows.
        let issuing: String
        /// Fen in each of `selling`, in that order.
        let cells: [Int64]
        /// Of them all.
        var sum: Int64 { cells.reduce(0, +) }
    }

    /// The stores' provinces, in the order of their codes.
    let selling: [String]
    /// The issuing provinces in the order of their codes, unknown cards last.
    let rows: [Row]

    /// Of each of `selling`.
    var sums: [Int64] {
        selling.indices.map { index in rows.reduce(0) { $0 + $1.cells[index] } }
    }
    /// Of everything.
    var total: Int64 { rows.reduce(0) { $0 + $1.sum } }

    /// From the cells of `MonthReport.provinceClearing`; its totals are left out.
    init(_ cells: [[String]]) {
        let columns = MonthReport.provinceClearing.columns
        func place(_ key: String) -> Int {
            guard let place = columns.firstIndex(where: { $0.key == key }) else {
                preconditionFailure("the province clearing has no column \(key)")
            }
            return place
        }
        let (issuing, selling) = (place("issuingProvince"), place("storeProvince"))
        let (mark, net) = (place("programme"), place("net"))
        var sums: [String: [String: Int64]] = [:]
        for row in cells where row[mark] != "合计" {
            sums[row[issuing], default: [:]][row[selling], default: 0] +=
                MonthReport.number(row[net]) ?? 0
        }
        let provinces = Set(sums.values.flatMap(\.keys)).sorted()
        self.selling = provinces
        rows = sums.sorted { ($0.key.isEmpty ? 1 : 0, $0.key) < ($1.key.isEmpty ? 1 : 0, $1.key) }
            .map { issuing, cells in
                Row(issuing: issuing, cells: provinces.map { cells[$0] ?? 0 })
            }
    }

    /// The matrix of a source of the province clearing.
    init(_ source: ReportSource, in session: PostgresSession) throws {
        self.init(try source.allRows(in: session))
    }

    /// As lines of text: a heading, the rows, the sums.
    var lines: [[String]] {
        let heading = ["发卡省份＼门店省份"] + selling + ["合计"]
        let body = rows.map { row in
            [row.issuing.isEmpty ? "未知卡" : row.issuing]
                + (row.cells + [row.sum]).map { Money(fen: $0).description }
        }
        return [heading] + body
            + [["合计"] + (sums + [total]).map { Money(fen: $0).description }]
    }

    /// Writes it as CSV beside the hash of the clearing's own cells.
    static func writeCSV(
        _ source: ReportSource, to path: String, in session: PostgresSession
    ) throws -> MonthExport.Written {
        let matrix = try ClearingMatrix(source, in: session)
        let text = matrix.lines.map { $0.joined(separator: ",") + "\r\n" }.joined()
        let file = try ExportFile(path: path)
        try file.append(Array(("\u{FEFF}" + text).utf8))
        return MonthExport.Written(
            rowCount: matrix.rows.count, sha256: try file.finish(),
            cellsSHA256: try MonthExport.cellsHash(source, in: session))
    }
}

/// The matrix on screen.
struct ClearingMatrixView {
    struct Line {
        let name: String
        let cells: [Cell]
    }

    struct Cell {
        let text: String
        let isNegative: Bool
        /// Where card and store are of one province, nothing is to be cleared.
        let isOwn: Bool
    }

    let headings: [String]
    let lines: [Line]
    let sums: Line

    init(_ matrix: ClearingMatrix, _ text: PageText) {
        func cell(_ fen: Int64, isOwn: Bool = false) -> Cell {
            Cell(text: text.money(Money(fen: fen)), isNegative: fen < 0, isOwn: isOwn)
        }
        headings = matrix.selling.map(text.province) + [text.words("finance.sum")]
        lines = matrix.rows.map { row in
            Line(
                name: row.issuing.isEmpty
                    ? text.words("report.unknownCard") : text.province(row.issuing),
                cells: zip(matrix.selling, row.cells).map { cell($1, isOwn: $0 == row.issuing) }
                    + [cell(row.sum)])
        }
        sums = Line(
            name: text.words("finance.sum"),
            cells: (matrix.sums + [matrix.total]).map { cell($0) })
    }
}
