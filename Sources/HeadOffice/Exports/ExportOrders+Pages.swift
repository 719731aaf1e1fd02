import Domain
import Foundation
import Hummingbird
import WebSupport

/// Files that are written in the background: ordered, watched, given up, fetched.
struct ExportOrderPages: Sendable {
    let desk: OfficeDesk

    func addRoutes(to group: RouterGroup<WebContext>) {
        group.get("/finance/files") { request, context in
            try await show(request, context, template: "exports/index")
        }
        // The list alone, for the page's script.
        group.get("/finance/files/live") { request, context in
            try await show(request, context, template: "exports/orders")
        }
        group.post("/finance/files") { _, context in try await ask(context) }
        group.post("/finance/files/{id}/cancel") { _, context in try await cancel(context) }
        group.get("/finance/files/{id}/file") { request, context in
            try await Self.fetch(
                try context.recordID("id"), request, context, by: try await desk.actor(context),
                desk)
        }
    }

    private struct View {
        let tabs: [SectionTab]
        let newOrder: String
        let month: String
        let choices: [ChoiceView]
        let isUnderWay: Bool
        let hasOrders: Bool
        let orders: [OrderView]
    }

    private struct OrderView {
        let name: String
        let month: String
        let format: String
        let askedBy: String
        let askedAt: String
        let state: StateView
        let isUnderWay: Bool
        let hasEstimate: Bool
        let rows: String
        let rowsWritten: String
        let rowEstimate: String
        let problem: String?
        let cancelHref: String
        let file: FileView?
    }

    private struct FileView {
        let href: String
        let name: String
        let size: String
        let sha256: String
    }

    private func show(
        _ request: Request, _ context: WebContext, template: String
    ) async throws -> Response {
        let actor = try await desk.actor(context)
        let orders = try await desk.exportOrders.list(by: actor)
        let query = try request.query()
        let chosen = try query.text("report") + ":" + (try query.text("format"))
        let text = desk.text(context)
        let view = View(
            tabs: SectionTab.finance("/finance/files", to: actor, text: text),
            newOrder: desk.store.clock.makeID().description,
            month: try FinancePages.month(query, desk.now).description,
            choices: Self.choices(chosen: chosen, text),
            isUnderWay: orders.contains { $0.state.isUnderWay }, hasOrders: !orders.isEmpty,
            orders: orders.map { Self.order($0, text) })
        return try desk.page(template, view, context)
    }

    /// Each report in each of its formats, the long ones first.
    private static func choices(chosen: String, _ text: PageText) -> [ChoiceView] {
        let reports =
            [MonthReport.ledgerDetail] + MonthReport.allCases.filter { $0 != .ledgerDetail }
        return reports.flatMap { report in
            report.formats.map { format in
                let value = "\(report.rawValue):\(format.rawValue)"
                return ChoiceView(
                    value: value,
                    label: text.words("report.\(report.rawValue)") + " · "
                        + text.words("format.\(format.rawValue)"), isChosen: value == chosen)
            }
        }
    }

    private static func order(_ order: ExportOrders.Listed, _ text: PageText) -> OrderView {
        OrderView(
            name: text.words("report.\(order.wish.report.rawValue)"),
            month: order.wish.month.description
                + (order.wish.closing.map { " · \(text.words("report.closing")) \($0)" } ?? ""),
            format: text.words("format.\(order.wish.format.rawValue)"), askedBy: order.askedBy,
            askedAt: text.time(order.askedAt), state: text.state("export." + order.state.rawValue),
            isUnderWay: order.state.isUnderWay,
            hasEstimate: order.state.isUnderWay && order.rowEstimate > 0,
            rows: order.rowEstimate > 0 && order.state.isUnderWay
                ? text.words(
                    "files.progress",
                    ["written": String(order.rowsWritten), "all": String(order.rowEstimate)])
                : String(order.rowsWritten),
            // The lines of totals are not in the estimate.
            rowsWritten: String(min(order.rowsWritten, order.rowEstimate)),
            rowEstimate: String(order.rowEstimate),
            problem: order.code.map { text.words.text("refusal." + $0) ?? $0 },
            cancelHref: "/finance/files/\(order.orderID)/cancel",
            file: order.state == .done
                ? order.file.map {
                    FileView(
                        href: "/finance/files/\(order.orderID)/file", name: $0.name,
                        size: size($0.size), sha256: $0.sha256)
                } : nil)
    }

    /// `12.3 MB`.
    private static func size(_ bytes: Int64) -> String {
        let units = ["kB", "MB", "GB"]
        var (tenths, unit) = ((bytes + 99) / 100, 0)
        while tenths >= 10_000, unit < units.count - 1 {
            tenths = (tenths + 999) / 1_000
            unit += 1
        }
        return "\(tenths / 10).\(tenths % 10) \(units[unit])"
    }

    private func ask(_ context: WebContext) async throws -> Response {
        let form = try context.requireForm()
        let parts = try form.require("report").split(separator: ":").map(String.init)
        guard let orderID = RecordID(try form.require("order")) else {
            throw RequestRefusal.malformedBody
        }
        guard parts.count == 2, let report = MonthReport(rawValue: parts[0]) else {
            throw FinanceRefusal.reportUnknown
        }
        guard let format = ReportFormat(rawValue: parts[1]) else {
            throw FinanceRefusal.formatUnknown
        }
        let wish = ExportOrders.Wish(
            report: report, month: try FinancePages.month(form, desk.now), format: format,
            closing: try FinancePages.closing(form))
        let (actor, desk) = (try await desk.actor(context), desk)
        try await desk.commit {
            try await desk.exportOrders.ask(orderID, wish, by: actor, at: desk.now)
        }
        return .redirect(to: "/finance/files", notice: Notice(.success, "files.asked"))
    }

    private func cancel(_ context: WebContext) async throws -> Response {
        let orderID = try context.recordID("id")
        let (actor, desk) = (try await desk.actor(context), desk)
        try await desk.commit {
            try await desk.exportOrders.cancel(orderID, by: actor, at: desk.now)
        }
        return .redirect(to: "/finance/files", notice: Notice(.success, "files.cancelled"))
    }

    /// The file, or the rest of one whose download broke off: `Range` with one range of bytes (RFC 9110).
    ///
    /// - Refuses, first match wins: `.roleMissing`, `.exportUnknown`, `.exportNotReady`.
    static func fetch(
        _ orderID: RecordID, _ request: Request, _ context: WebContext, by actor: StaffActor,
        _ desk: OfficeDesk
    ) async throws -> Response {
        let order = try await desk.exportOrders.find(orderID, by: actor)
        guard order.state == .done, let file = order.file else {
            throw FinanceRefusal.exportNotReady
        }
        let path = ExportWriter.folder(of: order.orderID, in: desk.exportFolder)
            .appending(path: file.path).path
        // What the disk lost or cut short in a power failure is not handed out as the whole.
        guard let found = try? FileManager.default.attributesOfItem(atPath: path)[.size],
            (found as? NSNumber)?.int64Value == file.size
        else { throw FinanceRefusal.exportNotReady }
        let tag = "\"\(file.sha256)\""
        var headers: HTTPFields = [
            .contentType: order.wish.format.contentType,
            .contentDisposition: "attachment; filename=\"\(file.name)\"",
            .cacheControl: "no-store", .acceptRanges: "bytes", .eTag: tag,
        ]
        let files = FileIO()
        guard let range = ByteRange(request.headers, size: file.size, tag: tag) else {
            return Response(
                status: .ok, headers: headers,
                body: try await files.loadFile(path: path, context: context))
        }
        guard range.isSatisfiable else {
            return Response(
                status: .rangeNotSatisfiable,
                headers: [.contentRange: "bytes */\(file.size)", .cacheControl: "no-store"])
        }
        headers[.contentRange] = "bytes \(range.first)-\(range.last)/\(file.size)"
        return Response(
            status: .partialContent, headers: headers,
            body: try await files.loadFile(
                path: path, range: Int(range.first)...Int(range.last), context: context))
    }
}

/// One range of bytes that a download asks for.
///
/// - Source: RFC 9110, sections 13.1.5 and 14.1.2. Anything else than one range is answered with the whole file.
struct ByteRange: Equatable {
    let first: Int64
    let last: Int64
    let isSatisfiable: Bool

    init?(_ headers: HTTPFields, size: Int64, tag: String) {
        if let condition = headers[.ifRange], condition != tag { return nil }
        guard let text = headers[.range], text.hasPrefix("bytes="),
            case let parts = text.dropFirst(6).split(
                separator: "-", omittingEmptySubsequences: false), parts.count == 2
        else { return nil }
        let (from, to) = (Int64(parts[0]), Int64(parts[1]))
        switch (from, to) {
        case (let from?, nil) where parts[1].isEmpty:
            (first, last) = (from, size - 1)
        case (let from?, let to?) where from <= to:
            (first, last) = (from, min(to, size - 1))
        case (nil, let count?) where parts[0].isEmpty:
            (first, last) = (max(size - count, 0), size - 1)
        default: return nil
        }
        isSatisfiable = first >= 0 && first <= last
    }
}
