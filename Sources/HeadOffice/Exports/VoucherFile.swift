import Crypto
import Domain
import Foundation
import PostgresDriver
import WebSupport

/// Writes the month's summary voucher: what each account of the trial balance gave and took, as debits and credits.
///
/// - Shape: comma-separated, CR LF, every field quoted and as it is, because a machine reads it.
enum VoucherFile {
    static func write(
        _ source: ReportSource, to path: String, in session: PostgresSession
    ) throws -> MonthExport.Written {
        let template = try VoucherTemplates.current(session)
        let file = try ExportFile(path: path)
        func put(_ fields: [String]) throws {
            let row = fields.map(\.csvQuoted).joined(separator: ",") + "\r\n"
            try file.append(encoded(row, template.encoding))
        }
        if template.encoding == .utf8 { try file.append(Array("\u{FEFF}".utf8)) }
        try put(template.columns.map(\.heading))
        var hash = SHA256()
        var reader = CellReader()
        var rowCount = 0
        try session.copyOut(source.plain, format: .csv(header: false)) { chunk in
            hash.update(data: chunk)
            try reader.feed(chunk) { cells in
                for line in VoucherLine.lines(ofBalance: cells) {
                    rowCount += 1
                    try put(
                        template.columns.map {
                            cell($0.field, line, rowCount, template, source.month)
                        })
                }
            }
        }
        return MonthExport.Written(
            rowCount: rowCount, sha256: try file.finish(), cellsSHA256: hash.finalize().hexText)
    }

    private static func cell(
        _ field: VoucherTemplate.Field, _ line: VoucherLine, _ number: Int,
        _ template: VoucherTemplate, _ month: TradingMonth
    ) -> String {
        let account = template.accounts[line.kind.rawValue]
        return switch field {
        case .date: month.lastDay.description
        case .voucher: "\(template.word)-1"
        case .line: String(number)
        case .summary: "慧医卡 \(month) 汇总"
        case .accountCode: account?.code ?? ""
        case .accountName: account?.name ?? ""
        case .owner: line.owner
        case .debit: line.isDebit ? line.amount : ""
        case .credit: line.isDebit ? "" : line.amount
        }
    }

    /// GB18030 has a form for every character.
    private static func encoded(_ text: String, _ encoding: VoucherTemplate.Encoding) -> [UInt8] {
        switch encoding {
        case .utf8: Array(text.utf8)
        case .gb18030:
            text.data(using: String.Encoding(rawValue: 0x8000_0632)).map(Array.init)
                ?? Array(text.utf8)
        }
    }
}
