// The stores' settlement statements of a month as PDF, one page a store. The page is HTML made here, with every text
// escaped; WeasyPrint, run as a command, sets it with the CJK fonts it finds and embeds them.

import Domain
import Foundation
import PostgresDriver

/// Writes the statements.
enum StatementDocument {
    static func write(
        _ source: ReportSource, to path: String, asOf now: Instant, in session: PostgresSession
    ) throws -> MonthExport.Written {
        let columns = source.report.columns
        var pages: [String] = []
        let days = try days(source.month, source.position, in: session)
        var reader = CellReader()
        try session.copyOut(source.plain, format: .csv(header: false)) { chunk in
            reader.feed(chunk) { cells in
                guard cells[0] != "合计" else { return }
                pages.append(page(zip(columns, cells), days[cells[0]] ?? [], source, asOf: now))
            }
        }
        if pages.isEmpty { pages = ["<section><h1>门店结算单</h1><p>本月没有分录。</p></section>"] }
        try WeasyPrint.write(document(pages.joined()), to: path)
        return MonthExport.Written(
            rowCount: pages.count, sha256: try ExportFiles.sha256(ofFile: path),
            cellsSHA256: try MonthExport.cellsHash(source, in: session))
    }

    private static func document(_ body: String) -> String {
        """
        <!doctype html><html lang="zh-Hans"><head><meta charset="utf-8"><title>门店结算单</title><style>
        @page { size: A4; margin: 18mm 16mm 20mm; @bottom-left { content: string(stamp); font-size: 8pt; color: #555 }
          @bottom-right { content: counter(page) " / " counter(pages); font-size: 8pt; color: #555 } }
        body { font-family: "Noto Sans CJK SC", sans-serif; font-size: 10pt; color: #1c2a2b; }
        section { break-after: page; } section:last-child { break-after: auto; }
        h1 { font-size: 17pt; margin: 0 0 2mm; } .sub { color: #555; margin: 0 0 6mm; }
        .stamp { string-set: stamp content(); font-size: 0; height: 0; margin: 0; }
        table { width: 100%; border-collapse: collapse; margin: 0 0 7mm; }
        th, td { padding: 1.6mm 2mm; border-bottom: .2mm solid #d5dcda; text-align: left; }
        th { background: #eaf3f1; } .n { text-align: right; font-variant-numeric: tabular-nums; }
        .sum td { font-weight: bold; border-top: .4mm solid #1c2a2b; }
        .sign { margin-top: 16mm; display: flex; justify-content: space-between; } h2 { font-size: 11pt; }
        </style></head><body>\(body)</body></html>
        """
    }

    private static func page(
        _ cells: Zip2Sequence<[MonthReport.Column], [String]>, _ days: [[String]],
        _ source: ReportSource, asOf now: Instant
    ) -> String {
        let named = Dictionary(cells.map { ($0.key, $1) }, uniquingKeysWith: { first, _ in first })
        let rows = cells.filter { $0.0.kind == .money }.map { column, cell in
            let isSum = ["net", "closing"].contains(column.key)
            return "<tr\(isSum ? " class=\"sum\"" : "")><td>\(column.heading)</td>"
                + "<td class=\"n\">¥ \(escaped(cell))</td></tr>"
        }
        let dayRows = days.map { day in
            "<tr><td>\(day[0])</td>"
                + day.dropFirst().map { "<td class=\"n\">\($0)</td>" }.joined() + "</tr>"
        }
        let state = source.closing.map { "第 \($0.number) 次月结" } ?? "未月结"
        return """
            <section><p class="stamp">账期 \(source.month) · \(state) · 截至 \(ReportTime.text(now)) · 分录 \(source.position)</p>
            <h1>门店结算单</h1>
            <p class="sub">\(escaped(named["storeCode"] ?? "")) \(escaped(named["storeName"] ?? "")) ·
            账期 \(source.month) · 收款账号 \(escaped(named["bankAccount"] ?? ""))</p>
            <table>\(rows.joined())</table>
            <h2>按业务日</h2>
            <table><tr><th>业务日期</th><th class="n">笔数</th><th class="n">销售额</th><th class="n">退款</th>
            <th class="n">手续费净额</th></tr>\(dayRows.joined())</table>
            <div class="sign"><span>门店签章：____________________</span><span>总部财务：____________________</span></div>
            </section>
            """
    }

    /// Each store's business days: count, gross, refunds and fees less those returned.
    private static func days(
        _ month: TradingMonth, _ position: Int64, in session: PostgresSession
    ) throws -> [String: [[String]]] {
        var days: [String: [[String]]] = [:]
        for row in try session.query(
            """
            SELECT code, day, sale_count, \(fragment: MonthReport.yuan("gross")) AS gross,
                   \(fragment: MonthReport.yuan("refunds")) AS refunds,
                   \(fragment: MonthReport.yuan("fees")) AS fees
            FROM (
                SELECT store.code, business_date::text AS day,
                       count(*) FILTER (WHERE kind = 'sale')::text AS sale_count,
                       coalesce(sum(amount) FILTER (WHERE kind = 'sale'), 0)::bigint AS gross,
                       coalesce(sum(amount) FILTER (WHERE kind = 'refund'), 0)::bigint AS refunds,
                       coalesce(sum(CASE kind WHEN 'fee' THEN amount WHEN 'fee_returned' THEN -amount
                                    END), 0)::bigint AS fees
                FROM (SELECT transfer.store_id, business_date, transfer.kind, amount
                      FROM transfer JOIN account ON account_id = from_account_id AND book = 'real'
                      WHERE accounting_month = \(month.firstDay) AND transfer_id <= \(position)
                        AND transfer.kind IN ('sale', 'refund', 'fee', 'fee_returned')) AS moved
                JOIN store USING (store_id)
                GROUP BY store.code, business_date
            ) AS sum ORDER BY code, day
            """)
        {
            days[try row["code"], default: []].append([
                try row["day"], try row["sale_count"], try row["gross"], try row["refunds"],
                try row["fees"],
            ])
        }
        return days
    }

    private static func escaped(_ text: String) -> String {
        text.replacing("&", with: "&amp;").replacing("<", with: "&lt;")
            .replacing(">", with: "&gt;").replacing("\"", with: "&quot;")
    }
}

/// WeasyPrint as a command.
enum WeasyPrint {
    /// Sets a page of HTML as PDF.
    ///
    /// - Refuses: `.pdfNotMade` when the program is not installed or fails.
    static func write(_ html: String, to path: String) throws {
        let page = URL(filePath: path + ".html")
        try Data(html.utf8).write(to: page)
        defer { try? FileManager.default.removeItem(at: page) }
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = ["weasyprint", "--encoding", "utf-8", page.path, path]
        process.environment = ["PATH": "/usr/local/bin:/usr/bin:/bin", "LANG": "C.UTF-8"]
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        do { try process.run() } catch { throw FinanceRefusal.pdfNotMade }
        process.waitUntilExit()
        guard process.terminationStatus == 0, FileManager.default.fileExists(atPath: path) else {
            throw FinanceRefusal.pdfNotMade
        }
    }
}
