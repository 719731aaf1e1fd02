import Domain
import Hummingbird
import WebSupport

/// Enrolment codes, waiting tills, and how fresh each till is.
struct TillPages: Sendable {
    let desk: OfficeDesk

    func addRoutes(to group: RouterGroup<WebContext>) {
        group.get("/tills") { request, context -> Response in
            let query = try request.query()
            let search = try query.text("text")
            if try query.text("format") == "csv" {
                let actor = try await desk.actor(context)
                try actor.require(.storeAdministrator, .operator, .auditor)
                return try await export(search, text: desk.text(context), by: actor)
            }
            return try await list(
                context, code: nil, search: search, after: try query.text("after"))
        }
        // The code is shown once, in the answer itself: a redirect would have to carry it.
        group.post("/tills/codes") { _, context -> Response in
            let form = try context.requireForm()
            let (store, till) = (try form.require("store"), try form.text("till"))
            let (actor, desk) = (try await desk.actor(context), desk)
            let code = try await desk.commit {
                try await desk.tills.makeEnrolmentCode(
                    storeCode: store, renewing: till.nilIfEmpty, by: actor
                ).text
            }
            return try await list(context, code: code)
        }
        group.post("/tills/enrolments/{id}") { _, context -> Response in
            let isApproval = try context.requireForm().require("verdict") == "approved"
            let (actor, enrolmentID) = (try await desk.actor(context), try context.number("id"))
            let desk = desk
            try await desk.commit {
                if isApproval {
                    _ = try await desk.tills.approve(enrolmentID: enrolmentID, by: actor)
                } else {
                    try await desk.tills.refuse(enrolmentID: enrolmentID, by: actor)
                }
            }
            return .redirect(
                to: "/tills",
                notice: Notice(.success, isApproval ? "tills.approved" : "tills.refused"))
        }
        group.post("/tills/{code}/revoke") { _, context -> Response in
            let actor = try await desk.actor(context)
            let code = context.parameters.get("code") ?? ""
            let desk = desk
            try await desk.commit { try await desk.tills.revoke(tillCode: code, by: actor) }
            return .redirect(to: "/tills", notice: Notice(.success, "tills.revoked"))
        }
    }

    /// Stores that the field of a code proposes while one types; any other code may be typed.
    private static let storesProposed = 200

    private struct View {
        let hasCode: Bool
        let newCode: String
        let canChange: Bool
        let stores: [ChoiceView]
        let hasWaiting: Bool
        let waiting: [WaitingView]
        let search: String
        let exportHref: String
        let hasTills: Bool
        let tills: [RowView]
        let pager: PagerView?
        let empty: EmptyView
    }

    private struct WaitingView {
        let id: String
        let store: String
        let tillName: String
        let keyPrint: String
        let asked: String
        let renewing: String
        let canDecide: Bool
    }

    private struct RowView {
        let status: TillView
        let isRevoked: Bool
    }

    private func export(
        _ search: String, text: PageText, by actor: StaffActor
    ) async throws -> Response {
        let now = desk.now
        let codes = try await desk.tills.codes(
            text: search, after: "", limit: AskedFilter.exportSize)
        let tills = try await desk.overview.tills(codes.map(\.code), at: now)
        return try await desk.export(
            "tills",
            [
                "tills.till", "tills.store", "tills.freshness", "tills.contact", "tills.unsent",
                "tills.unsentValue", "tills.offset", "tills.version",
            ].map { text.words($0) },
            tills.sorted { $0.code < $1.code }.map { till in
                let view = TillView(till, text: text, now: now)
                return [
                    .text(view.code), .text(view.store), .text(view.freshness.text),
                    .text(view.contact), .number(String(till.unsentCount)),
                    .number(till.unsentValue.description), .text(view.offset), .text(view.version),
                ]
            }, by: actor)
    }

    private func list(
        _ context: WebContext, code: String?, search: String = "", after: String = ""
    ) async throws -> Response {
        let actor = try await desk.actor(context)
        let waiting = try await desk.tills.waiting(by: actor)
        let text = desk.text(context)
        let canChange = actor.roles.contains(.storeAdministrator)
        let now = desk.now
        let found = try await desk.tills.codes(text: search, after: after)
        let codes = found.prefix(Tills.pageSize)
        let tills = try await desk.overview.tills(codes.map(\.code), at: now)
            .sorted { $0.code < $1.code }
        let stores = try await desk.stores.list(limit: Self.storesProposed, by: actor)
        let view = View(
            hasCode: code != nil, newCode: code ?? "", canChange: canChange,
            stores: stores.map {
                ChoiceView(value: $0.code, label: "\($0.code) \($0.name)", isChosen: false)
            }, hasWaiting: !waiting.isEmpty,
            waiting: waiting.map {
                WaitingView(
                    id: String($0.enrolmentID), store: "\($0.storeCode) \($0.storeName)",
                    tillName: $0.name, keyPrint: $0.keyPrint, asked: text.time($0.asked),
                    renewing: $0.renewing ?? "", canDecide: canChange)
            }, search: search,
            exportHref: address("/tills", [("text", search), ("format", "csv")]),
            hasTills: !tills.isEmpty,
            tills: tills.map {
                RowView(
                    status: TillView($0, text: text, now: now),
                    isRevoked: $0.isRevoked)
            },
            pager: text.pager(
                found.count, of: Tills.pageSize, path: "/tills",
                [("text", search), ("after", codes.last?.code ?? "")]),
            empty: EmptyView(
                heading: text.words("tills.none"), advice: text.words("tills.noneAdvice")))
        var response = try desk.page("tills/list", view, context)
        if code != nil { response.headers[.cacheControl] = "no-store" }
        return response
    }
}
