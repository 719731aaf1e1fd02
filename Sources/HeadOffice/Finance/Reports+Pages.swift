import Domain
import Foundation
import Hummingbird
import WebSupport

/// The reports of a month on screen, with a way from each store's day to its slips.
struct ReportPages: Sendable {
    let desk: OfficeDesk

    func addRoutes(to group: RouterGroup<WebContext>) {
        group.get("/finance/reports/{report}") { request, context in
            try await show(request, context)
        }
        group.get("/finance/verify") { request, context in try await verify(request, context) }
    }

    private struct View {
        let tabs: [SectionTab]
        let title: String
        let about: String
        let path: String
        let month: String
        let closing: String
        let isFrozen: Bool
        let frozen: String
        let reports: [ChoiceView]
        let downloads: [DownloadView]
        let filesHref: String
        let headings: [CellView]
        let hasRows: Bool
        let rows: [RowView]
        let totals: [RowView]
        let isCut: Bool
        let hasChart: Bool
        let chart: String
        let matrix: ClearingMatrixView?
    }

    struct DownloadView {
        let label: String
        let href: String
    }

    private struct RowView {
        let cells: [CellView]
    }

    private struct CellView {
        let text: String
        let cellClass: String
        let href: String
        let isLink: Bool
    }

    private func show(_ request: Request, _ context: WebContext) async throws -> Response {
        guard let report = context.parameters.get("report").flatMap(MonthReport.init) else {
            throw FinanceRefusal.reportUnknown
        }
        let query = try request.query()
        let month = try FinancePages.month(query, desk.now)
        let number = try FinancePages.closing(query)
        let actor = try await desk.actor(context)
        let shown = try await desk.finance.show(report, month, closing: number, by: actor)
        let text = desk.text(context)
        let tail = "?month=\(month)" + (number.map { "&closing=\($0)" } ?? "")
        return try desk.page(
            "finance/report",
            View(
                tabs: SectionTab.finance("/finance", to: actor, text: text),
                title: text.words("report.\(report.rawValue)"),
                about: text.words("report.\(report.rawValue).about"),
                path: "/finance/reports/\(report.rawValue)", month: month.description,
                closing: number.map(String.init) ?? "", isFrozen: shown.source.closing != nil,
                frozen: shown.source.closing.map {
                    text.words(
                        "report.frozen",
                        ["number": String($0.number), "time": text.time($0.closedAt)])
                } ?? "",
                reports: MonthReport.allCases.map {
                    ChoiceView(
                        value: "/finance/reports/\($0.rawValue)\(tail)",
                        label: text.words("report.\($0.rawValue)"), isChosen: $0 == report)
                }, downloads: Self.downloads(report, tail, text),
                filesHref: "/finance/files\(tail)&report=\(report.rawValue)&format=csv",
                headings: report.columns.map {
                    CellView(
                        text: text.words("column.\($0.key)"), cellClass: $0.kind.cellClass,
                        href: "", isLink: false)
                }, hasRows: !shown.rows.isEmpty,
                rows: shown.rows.map { row($0, shown.source, month, text) },
                totals: shown.totals.map { row($0, shown.source, month, text) },
                isCut: shown.isCut,
                hasChart: shown.chart.count > 1,
                chart: try ChartJSON.text(
                    shown.chart, label: text.words("report.\(report.rawValue)")),
                matrix: shown.matrix.flatMap {
                    $0.rows.isEmpty ? nil : ClearingMatrixView($0, text)
                }), context)
    }

    static func downloads(
        _ report: MonthReport, _ tail: String, _ text: PageText
    ) -> [DownloadView] {
        report.formats.map { format in
            DownloadView(
                label: text.words("format.\(format.rawValue)"),
                href: "/finance/exports/\(report.rawValue)\(tail)&format=\(format.rawValue)")
        }
    }

    private func row(
        _ cells: [String], _ source: ReportSource, _ month: TradingMonth, _ text: PageText
    ) -> RowView {
        let report = source.report
        let position = source.closing?.position
        return RowView(
            cells: zip(report.columns, cells).map { column, cell in
                let trail = ReportTrail(
                    report, column: column.key, row: cells, month: month, position: position)
                let href =
                    trail?.filter.address() ?? Self.record(of: column.key, cells, report) ?? ""
                return CellView(
                    text: Self.shown(cell, column, text),
                    cellClass: column.kind.cellClass
                        + (cell.hasPrefix("-") && column.kind == .money ? " is-negative" : ""),
                    href: href, isLink: !href.isEmpty)
            })
    }

    /// The one order or exception that a row is about.
    private static func record(
        of key: String, _ cells: [String], _ report: MonthReport
    ) -> String? {
        switch (report, key) {
        case (.ledgerDetail, "number") where ["sale", "shortfall"].contains(cells[2]):
            "/orders/\(cells[12])"
        case (.exceptions, "number") where cells[0] != "合计":
            "/exceptions/\(cells[0])"
        case (.exceptions, "receipt") where !cells[4].isEmpty:
            "/orders?receipt=\(cells[4].queryEscaped)"
        default: nil
        }
    }

    private static func shown(
        _ cell: String, _ column: MonthReport.Column, _ text: PageText
    ) -> String {
        if cell == "合计" { return text.words("finance.sum") }
        switch (column.key, column.kind) {
        case (_, .money):
            guard let fen = MonthReport.number(cell) else { return cell }
            return text.money(Money(fen: fen))
        case ("province", _), ("issuingProvince", _), ("storeProvince", _):
            return text.province(cell)
        case ("book", _): return cell.isEmpty ? "" : text.words("book.\(cell)")
        case ("payerKind", _), ("payeeKind", _):
            return cell.isEmpty ? "" : text.words("account.\(cell)")
        case ("kind", _):
            if AccountKind(rawValue: cell) != nil { return text.words("account.\(cell)") }
            return TransferKind(rawValue: cell) == nil ? cell : text.words("transfer.\(cell)")
        case ("bearer", _): return cell.isEmpty ? "" : text.words("bearer.\(cell)")
        case ("code", _): return cell.isEmpty ? "" : text.words("exception.\(cell)")
        case ("state", _): return cell.isEmpty ? "" : text.words("state.\(cell)")
        case ("late", _): return cell.isEmpty ? "" : text.words("column.late")
        default: return cell
        }
    }

    private struct VerifyView {
        let tabs: [SectionTab]
        let sha256: String
        let isAsked: Bool
        let isUnknown: Bool
        let isUnchanged: Bool
        let isChanged: Bool
        let hasExport: Bool
        let facts: [FactView]
        let hasLate: Bool
        let late: [LateView]
        let laterCount: String
    }

    private struct FactView {
        let name: String
        let value: String
    }

    private struct LateView {
        let number: String
        let kind: String
        let amount: String
        let day: String
        let posted: String
        let store: String
    }

    private func verify(_ request: Request, _ context: WebContext) async throws -> Response {
        let actor = try await desk.actor(context)
        try actor.require(.finance, .auditor)
        let hash = try request.query().text("sha256").lowercased()
        let text = desk.text(context)
        let finding = hash.isEmpty ? nil : try await desk.exports.verify(sha256: hash, by: actor)
        let facts = finding?.export.map { Self.facts($0, text) } ?? []
        return try desk.page(
            "finance/verify",
            VerifyView(
                tabs: SectionTab.finance("/finance/verify", to: actor, text: text), sha256: hash,
                isAsked: finding != nil, isUnknown: finding?.state == .unknown,
                isUnchanged: finding?.state == .unchanged, isChanged: finding?.state == .changed,
                hasExport: finding?.export != nil, facts: facts,
                hasLate: finding?.late.isEmpty == false,
                late: (finding?.late ?? []).map { row in
                    LateView(
                        number: String(row.number), kind: text.words("transfer.\(row.kind)"),
                        amount: text.money(row.amount), day: row.day.description,
                        posted: text.time(row.postedAt), store: row.storeCode)
                }, laterCount: String(finding?.lateCount ?? 0)), context)
    }

    private static func facts(_ export: RegisteredExport, _ text: PageText) -> [FactView] {
        [
            ("finance.report", export.file), ("finance.by", export.madeBy),
            ("finance.at", text.time(export.asOf)),
            ("finance.rows", String(export.rowCount)),
            ("finance.position", String(export.position)),
            (
                "verify.closing",
                export.closing.map(String.init) ?? text.words("verify.notClosed")
            ),
        ].map { FactView(name: text.words($0.0), value: $0.1) }
    }
}

extension MonthReport.CellKind {
    fileprivate var cellClass: String {
        switch self {
        case .money: "money"
        case .count, .percent: "number"
        case .date, .moment: "nowrap"
        case .identifier: "code"
        case .text, .typed: ""
        }
    }
}

/// A chart's data for the page's script.
enum ChartJSON {
    private struct Chart: Encodable {
        let label: String
        let labels: [String]
        /// Fen.
        let values: [Int64]
    }

    static func text(_ points: [(label: String, value: Int64)], label: String) throws -> String {
        let chart = Chart(
            label: label, labels: points.map(\.label), values: points.map(\.value))
        return String(decoding: try JSONEncoder().encode(chart), as: UTF8.self)
    }
}
