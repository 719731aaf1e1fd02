import Domain
import Hummingbird
import WebSupport

/// Loads by file.
struct LoadFilePages: Sendable {
    let desk: OfficeDesk

    func addRoutes(to group: RouterGroup<WebContext>) {
        group.get("/load-files") { request, context in try await list(request, context) }
        group.get("/load-files/{id}") { _, context in try await show(context) }
        // The file comes as a raw body; the page's script shows the preview that comes back.
        group.post("/load-files/preview") { request, context -> Response in
            let bytes = Array((try await request.wholeBody(.file)).readableBytesView)
            let read = try await desk.loadFiles.preview(bytes, by: try await desk.actor(context))
            return try preview(read, context)
        }
        group.post("/load-files/apply") { request, context -> Response in
            let bytes = Array((try await request.wholeBody(.file)).readableBytesView)
            let actor = try await desk.actor(context)
            let query = try request.query()
            let name = try query.text("name")
            guard let fileID = RecordID(try query.text("file")) else {
                throw RequestRefusal.malformedBody
            }
            let desk = desk
            try await desk.commit {
                try await desk.loadFiles.ask(
                    fileID, name: name, bytes: bytes, by: actor, at: desk.now)
            }
            return try .json([
                "message": desk.text(context).words("loadFiles.asked"),
                "file": fileID.description,
            ])
        }
        group.post("/load-files/{id}") { _, context -> Response in
            let isApproval = try context.requireForm().require("verdict") == "approved"
            let actor = try await desk.actor(context)
            let fileID = try context.recordID("id")
            let desk = desk
            try await desk.commit {
                if isApproval {
                    try await desk.loadFiles.approve(fileID, by: actor, at: desk.now)
                } else {
                    try await desk.loadFiles.refuse(fileID, by: actor, at: desk.now)
                }
            }
            return .redirect(
                to: "/load-files/\(fileID)",
                notice: Notice(.success, isApproval ? "loadFiles.loaded" : "loadFiles.refused"))
        }
    }

    private struct PreviewView {
        let summary: String
        let hasBad: Bool
        let bad: [BadCellView]
        let badMore: String
        let hasGood: Bool
        let good: [GoodView]
        let more: String
    }

    private struct GoodView {
        let line: String
        let card: String
        let amount: String
        let reason: String
    }

    private func preview(_ read: LoadFileImport, _ context: WebContext) throws -> Response {
        let text = desk.text(context)
        let columns = LoadFileImport.columns
        func more(_ count: Int, _ shown: Int) -> String {
            count > shown ? text.words("catalogue.more", ["count": String(count - shown)]) : ""
        }
        let view = PreviewView(
            summary: text.words(
                "loadFiles.summary",
                [
                    "rows": String(read.good.count + read.bad.count),
                    "total": text.money(read.total), "bad": String(read.bad.count),
                ]), hasBad: !read.bad.isEmpty,
            bad: read.bad.prefix(500).map { row in
                BadCellView(
                    line: String(row.line),
                    column: row.column <= columns.count
                        ? columns[row.column - 1] : String(row.column), value: row.value,
                    reason: text.words("fault." + row.fault.rawValue))
            }, badMore: more(read.bad.count, 500), hasGood: !read.good.isEmpty,
            good: read.good.prefix(20).map {
                GoodView(
                    line: String($0.line), card: $0.number.masked, amount: text.money($0.amount),
                    reason: $0.reason)
            }, more: more(read.good.count, 20))
        return try desk.page("cards/load-file-preview", view, context)
    }

    private static func view(
        _ file: LoadFiles.Listed, text: PageText, actor: StaffActor
    ) -> AskedView {
        AskedView(
            file, about: file.name, href: "/load-files/\(file.fileID)",
            what: text.words(
                "loadFiles.what",
                ["rows": String(file.rowCount), "total": text.money(file.total)]), reason: "",
            decidedAt: "/load-files", text: text, actor: actor)
    }

    private func list(_ request: Request, _ context: WebContext) async throws -> Response {
        let (desk, actor) = (desk, try await desk.actor(context))
        let canAsk = !actor.roles.isDisjoint(with: [.issuer, .issuingSupervisor])
        return try await desk.askedPage(
            OfficeDesk.AskedList(
                path: "/load-files", words: "loadFiles", subjectKey: "loadFiles.name",
                whatKey: "loadFiles.total",
                read: { try await desk.loadFiles.list($0, limit: $1, by: actor) },
                view: { Self.view($0, text: $1, actor: $2) },
                upload: canAsk
                    ? AskedListView.UploadView(newID: desk.store.clock.makeID().description) : nil),
            request, context)
    }

    private struct ShowView {
        let file: AskedView
        let rowCount: String
        let total: String
        let isWaiting: Bool
        let rows: [RowView]
    }

    private struct RowView {
        let line: String
        let card: String
        let href: String
        let amount: String
        let reason: String
        let fault: String
    }

    private func show(_ context: WebContext) async throws -> Response {
        let actor = try await desk.actor(context)
        let shown = try await desk.loadFiles.show(try context.recordID("id"), by: actor)
        let text = desk.text(context)
        let isWaiting = shown.file.state == "asked"
        return try desk.page(
            "cards/load-file",
            ShowView(
                file: Self.view(shown.file, text: text, actor: actor),
                rowCount: String(shown.file.rowCount), total: text.money(shown.file.total),
                isWaiting: isWaiting,
                rows: shown.rows.map { row in
                    RowView(
                        line: String(row.line), card: row.mask, href: "/cards/\(row.cardID)",
                        amount: text.money(row.amount), reason: row.reason,
                        fault: isWaiting
                            ? row.fault.map { text.words("fault." + $0.rawValue) } ?? "" : "")
                }), context)
    }
}
