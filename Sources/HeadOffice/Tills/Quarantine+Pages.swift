import Domain
import Hummingbird
import WebSupport

/// What revoked tills delivered, and what becomes of it.
struct QuarantinePages: Sendable {
    let desk: OfficeDesk

    func addRoutes(to group: RouterGroup<WebContext>) {
        group.get("/quarantine") { request, context in try await list(request, context) }
        group.post("/quarantine") { _, context in try await decide(context) }
    }

    private struct ListView {
        let till: String
        let canDecide: Bool
        let hasRows: Bool
        let rows: [RowView]
        let empty: EmptyView
        let pager: PagerView?
    }

    private struct RowView {
        let till: String
        let epoch: String
        let sequence: String
        let store: String
        let kind: String
        let receipt: String
        let orderHref: String?
        let card: String
        let amount: String
        let soldAt: String
        let receivedAt: String
        let canDecide: Bool
        let id: String
    }

    private func list(_ request: Request, _ context: WebContext) async throws -> Response {
        let query = try request.query()
        let actor = try await desk.actor(context)
        let till = try query.text("till")
        let rows = try await desk.quarantine.waiting(
            tillCode: till, after: Int64(try query.text("after")) ?? 0, by: actor)
        let text = desk.text(context)
        let canDecide = actor.roles.contains(.finance)
        let shown = rows.prefix(Quarantine.pageSize)
        var pager: PagerView?
        if rows.count > Quarantine.pageSize, let last = shown.last {
            pager = PagerView(
                position: text.words("common.shown", ["count": String(shown.count)]),
                previous: nil,
                next: address("/quarantine", [("till", till), ("after", String(last.position))]))
        }
        let view = ListView(
            till: till, canDecide: canDecide, hasRows: !shown.isEmpty,
            rows: shown.map { row in
                let isSale = row.receipt != nil
                return RowView(
                    till: row.place.till, epoch: String(row.place.epoch),
                    sequence: String(row.place.sequence), store: row.storeName,
                    kind: text.words.text("record." + row.kind.replacing(".", with: "_"))
                        ?? row.kind,
                    receipt: row.receipt ?? "–",
                    orderHref: isSale ? row.recordID.map { "/orders/\($0)" } : nil,
                    card: row.cardMask ?? "–", amount: isSale ? text.money(row.amount) : "–",
                    soldAt: text.time(row.businessAt), receivedAt: text.time(row.receivedAt),
                    canDecide: canDecide, id: String(row.position))
            },
            empty: EmptyView(
                heading: text.words("quarantine.none"),
                advice: text.words("quarantine.noneAdvice")), pager: pager)
        return try desk.page("tills/quarantine", view, context)
    }

    private func decide(_ context: WebContext) async throws -> Response {
        let form = try context.requireForm()
        let actor = try await desk.actor(context)
        let place = Quarantine.Place(
            till: try form.require("till"), epoch: try form.number("epoch"),
            sequence: Int64(try form.number("sequence")))
        let (reason, isRelease) = (
            try form.text("reason"), try form.require("verdict") == "released"
        )
        let desk = desk
        let code = try await desk.commit { () -> String? in
            guard isRelease else {
                try await desk.quarantine.refuse(place, reason: reason, by: actor, at: desk.now)
                return nil
            }
            return try await desk.quarantine.release(place, by: actor, at: desk.now).code
        }
        let notice: Notice =
            !isRelease
            ? Notice(.success, "quarantine.refused")
            : code == nil
                ? Notice(.success, "quarantine.released")
                : Notice(.warning, "quarantine.releasedOpen")
        return .redirect(to: "/quarantine", notice: notice)
    }
}
