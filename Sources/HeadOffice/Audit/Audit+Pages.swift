import Crypto
import Domain
import Foundation
import Hummingbird
import WebSupport

/// The audit list.
struct AuditPages: Sendable {
    let desk: OfficeDesk

    func addRoutes(to group: RouterGroup<WebContext>) {
        group.get("/audit") { request, context in try await list(request, context) }
        group.get("/audit/export") { request, context in try await export(request, context) }
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
        let exportHref: String
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

    private func filter(_ query: FormFields) throws -> Audit.Filter {
        var filter = Audit.Filter()
        filter.actor = try query.text("who")
        filter.action = try query.text("action")
        filter.subject = try query.text("subject")
        filter.from = try query.date("from")
        filter.to = try query.date("to")
        return filter
    }

    private func fields(_ filter: Audit.Filter) -> [(String, String)] {
        [
            ("who", filter.actor), ("action", filter.action), ("subject", filter.subject),
            ("from", filter.from?.description ?? ""), ("to", filter.to?.description ?? ""),
        ]
    }

    /// The trace of an export is committed before its first byte leaves.
    private func export(_ request: Request, _ context: WebContext) async throws -> Response {
        let filter = try filter(try request.query())
        let actor = try await desk.actor(context)
        let desk = desk
        let made = try await desk.commit {
            try await desk.audit.export(filter, by: actor, at: desk.now)
        }
        return Self.file(made, at: desk.now)
    }

    /// An export with its proofs in the head.
    static func file(
        _ made: (csv: String, rowCount: Int, head: String), at now: Instant
    ) -> Response {
        var headers: HTTPFields = [
            .contentType: "text/csv; charset=utf-8", .cacheControl: "no-store",
            .contentDisposition:
                "attachment; filename=\"audit-\(BusinessDate(now)).csv\"",
        ]
        let digest = SHA256.hash(data: Data(made.csv.utf8))
            .map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
        for (name, value) in [
            ("Huiyika-SHA256", digest), ("Huiyika-Rows", String(made.rowCount)),
            ("Huiyika-Audit-Head", made.head),
        ] {
            if let name = HTTPFields.Element.Name(name) { headers[name] = value }
        }
        return Response(
            status: .ok, headers: headers,
            body: .init(byteBuffer: ByteBuffer(string: made.csv)))
    }

    private func list(_ request: Request, _ context: WebContext) async throws -> Response {
        let query = try request.query()
        let filter = try filter(query)
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
                    "/audit", fields(filter) + [("before", String(last.auditID))]))
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
            pager: pager, exportHref: address("/audit/export", fields(filter)))
        return try desk.page("audit/list", view, context)
    }
}
