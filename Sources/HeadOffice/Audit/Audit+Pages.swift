import Domain
import Hummingbird
import WebSupport

/// The audit list.
struct AuditPages: Sendable {
    let desk: OfficeDesk

    func addRoutes(to group: RouterGroup<WebContext>) {
        group.get("/audit") { request, context in try await list(request, context) }
    }

    private struct ListView {
        let who: String
        let action: String
        let subject: String
        let from: String
        let to: String
        let hasRows: Bool
        let rows: [RowView]
        let empty: EmptyView
        let pager: PagerView?
    }

    private struct RowView {
        let at: String
        let who: String
        let person: String
        let action: String
        let words: String
        let subject: String
        let detail: String
    }

    private func list(_ request: Request, _ context: WebContext) async throws -> Response {
        let query = try request.query()
        var filter = Audit.Filter()
        filter.actor = try query.text("who")
        filter.action = try query.text("action")
        filter.subject = try query.text("subject")
        filter.from = try query.date("from")
        filter.to = try query.date("to")
        let lines = try await desk.audit.list(
            filter, before: Int64(try query.text("before")), by: try await desk.actor(context))
        let text = desk.text(context)
        let shown = lines.prefix(Audit.pageSize)
        var pager: PagerView?
        if lines.count > Audit.pageSize, let last = shown.last {
            pager = PagerView(
                position: text.words("common.shown", ["count": String(shown.count)]),
                previous: nil,
                next: address(
                    "/audit",
                    [
                        ("who", filter.actor), ("action", filter.action),
                        ("subject", filter.subject), ("from", filter.from?.description ?? ""),
                        ("to", filter.to?.description ?? ""), ("before", String(last.auditID)),
                    ]))
        }
        let view = ListView(
            who: filter.actor, action: filter.action, subject: filter.subject,
            from: filter.from?.description ?? "", to: filter.to?.description ?? "",
            hasRows: !shown.isEmpty,
            rows: shown.map {
                RowView(
                    at: text.time($0.at), who: $0.actor, person: $0.personName ?? "",
                    action: $0.action,
                    words: text.words.text("did." + $0.action.replacing(".", with: "_")) ?? "",
                    subject: $0.subject, detail: $0.detail)
            },
            empty: EmptyView(
                heading: text.words("audit.none"), advice: text.words("audit.noneAdvice")),
            pager: pager)
        return try desk.page("audit/list", view, context)
    }
}
