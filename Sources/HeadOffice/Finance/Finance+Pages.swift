import Domain
import Foundation
import Hummingbird
import WebSupport

/// A month's figures, its files, and the trial balance.
struct FinancePages: Sendable {
    let desk: OfficeDesk

    func addRoutes(to group: RouterGroup<WebContext>) {
        group.get("/finance") { request, context in try await show(request, context) }
        group.get("/finance/exports/{report}") { request, context in
            try await download(request, context)
        }
    }

    private struct View {
        let tabs: [SectionTab]
        let month: String
        let saleCount: String
        let gross: String
        let refunds: String
        let net: String
        let state: StateView
        let hasChart: Bool
        let chart: String
        let reports: [ReportView]
        let hasExports: Bool
        let exports: [ExportView]
        let books: [BookView]
        let proof: ProofView?
    }

    /// What the newest comparison of the caches with the transfers found.
    private struct ProofView {
        let isRight: Bool
        let facts: String
        let first: String?
    }

    private struct ReportView {
        let name: String
        let about: String
        let href: String
        let downloads: [ReportPages.DownloadView]
    }

    private struct ExportView {
        let at: String
        let actor: String
        let subject: String
        let rowCount: String
        let position: String
        let sha256: String
    }

    private struct BookView {
        let name: String
        let rows: [BalanceView]
        let sum: String
        let isZero: Bool
    }

    private struct BalanceView {
        let name: String
        let accountCount: String
        let balance: String
        let isNegative: Bool
    }

    /// The month of an address, the present one without.
    static func month(_ query: FormFields, _ now: Instant) throws -> TradingMonth {
        let text = try query.text("month")
        if text.isEmpty { return TradingMonth(now) }
        guard let month = TradingMonth.parse(text) else { throw FinanceRefusal.monthInvalid }
        return month
    }

    /// The closing of an address whose figures are asked for.
    static func closing(_ query: FormFields) throws -> Int? {
        let text = try query.text("closing")
        if text.isEmpty { return nil }
        guard let number = Int(text) else { throw FinanceRefusal.closingUnknown }
        return number
    }

    private func show(_ request: Request, _ context: WebContext) async throws -> Response {
        let actor = try await desk.actor(context)
        let month = try Self.month(try request.query(), desk.now)
        let figures = try await desk.finance.month(month, by: actor)
        let balances = try await desk.finance.trialBalance(by: actor)
        let exports = try await desk.finance.pastExports(by: actor)
        let proof = try await desk.finance.proof(by: actor)
        let text = desk.text(context)
        let view = View(
            tabs: SectionTab.finance("/finance", to: actor, text: text), month: month.description,
            saleCount: String(figures.saleCount),
            gross: text.money(figures.gross), refunds: text.money(figures.refunds),
            net: text.money(figures.net),
            state: text.state("month." + figures.status.rawValue), hasChart: figures.days.count > 1,
            chart: try ChartJSON.text(
                figures.days.map { (label: $0.day, value: $0.net) },
                label: text.words("finance.net")),
            reports: MonthReport.allCases.map {
                ReportView(
                    name: text.words("report.\($0.rawValue)"),
                    about: text.words("report.\($0.rawValue).about"),
                    href: "/finance/reports/\($0.rawValue)?month=\(month)",
                    downloads: ReportPages.downloads($0, "?month=\(month)", text))
            }, hasExports: !exports.isEmpty,
            exports: exports.map {
                ExportView(
                    at: text.time($0.at), actor: $0.actor, subject: $0.subject,
                    rowCount: $0.rowCount, position: $0.ledgerPosition, sha256: $0.sha256)
            }, books: try books(balances, text: text),
            proof: proof.map { Self.proof($0, text) })
        return try desk.page("finance/index", view, context)
    }

    private static func proof(_ proof: LedgerProofs.Kept, _ text: PageText) -> ProofView {
        ProofView(
            isRight: proof.isRight,
            facts: text.words(
                proof.isRight ? "finance.proofRight" : "finance.proofWrong",
                [
                    "time": text.time(proof.madeAt), "position": String(proof.position),
                    "transfers": String(proof.transferCount),
                    "compared": String(proof.comparedCount),
                    "differences": String(proof.differenceCount),
                ]), first: proof.firstDifference)
    }

    private func books(_ balances: [Finance.Balance], text: PageText) throws -> [BookView] {
        try ["real", "test"].map { book in
            let rows = balances.filter { $0.book == book }
            let sum = try Money.sum(rows.map(\.balance))
            return BookView(
                name: text.words("book." + book),
                rows: rows.map {
                    BalanceView(
                        name: text.words("account." + $0.kind),
                        accountCount: String($0.accountCount), balance: text.money($0.balance),
                        isNegative: $0.balance < .zero)
                }, sum: text.money(sum), isZero: sum == .zero)
        }
    }

    private func download(_ request: Request, _ context: WebContext) async throws -> Response {
        guard let report = context.parameters.get("report").flatMap(MonthReport.init) else {
            throw FinanceRefusal.reportUnknown
        }
        let query = try request.query()
        let formatText = try query.text("format")
        guard let format = ReportFormat(rawValue: formatText.isEmpty ? "csv" : formatText),
            MonthExport.reports(format).contains(report)
        else { throw FinanceRefusal.formatUnknown }
        return try await Self.file(
            of: report, month: try Self.month(query, desk.now), format: format,
            closing: try Self.closing(query), by: try await desk.actor(context), desk)
    }

    /// The file is written first and hashed on the way, then sent: the hash stands in the answer's head.
    static func file(
        of report: MonthReport, month: TradingMonth, format: ReportFormat, closing: Int?,
        by actor: StaffActor, _ desk: OfficeDesk
    ) async throws -> Response {
        try await desk.exportOrders.requireShort(
            ExportOrders.Wish(report: report, month: month, format: format, closing: closing))
        let folder = FileManager.default.temporaryDirectory
            .appending(path: "huiyika-export-\(desk.store.clock.makeID())")
        let manifest: ExportManifest
        do {
            manifest = try await desk.exports.write(
                report, month: month, format: format, closing: closing, to: folder, by: actor,
                at: desk.now)
        } catch {
            try? FileManager.default.removeItem(at: folder)
            throw error
        }
        let file = folder.appending(path: manifest.file)
        let handle = try FileHandle(forReadingFrom: file)
        // The open handle keeps the bytes; the name goes at once, so that nothing is left behind.
        try FileManager.default.removeItem(at: folder)
        let size = try handle.seekToEnd()
        try handle.seek(toOffset: 0)
        let body = ResponseBody(contentLength: Int(size)) { writer in
            while let chunk = try handle.read(upToCount: 65_536), !chunk.isEmpty {
                try await writer.write(ByteBuffer(bytes: chunk))
            }
            try handle.close()
            try await writer.finish(nil)
        }
        var response = Response(status: .ok, headers: headers(manifest, format), body: body)
        response.headers[.cacheControl] = "no-store"
        return response
    }

    private static func headers(
        _ manifest: ExportManifest, _ format: ReportFormat
    ) -> HTTPFields {
        var headers: HTTPFields = [
            .contentType: format.contentType,
            .contentDisposition: "attachment; filename=\"\(manifest.file)\"",
        ]
        let facts = [
            ("Huiyika-SHA256", manifest.sha256), ("Huiyika-Rows", String(manifest.rowCount)),
            ("Huiyika-Ledger-Position", String(manifest.ledgerPosition)),
            ("Huiyika-As-Of", String(manifest.asOf)),
        ]
        for (name, value) in facts {
            if let name = HTTPFields.Element.Name(name) { headers[name] = value }
        }
        return headers
    }
}
