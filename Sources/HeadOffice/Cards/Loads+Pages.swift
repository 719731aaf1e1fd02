import Domain
import Hummingbird
import WebSupport

/// Loads that wait for a second person.
struct LoadPages: Sendable {
    let desk: OfficeDesk

    func addRoutes(to group: RouterGroup<WebContext>) {
        group.get("/loads") { request, context in try await list(request, context) }
        group.post("/cards/{id}/loads") { _, context -> Response in
            let form = try context.requireForm()
            guard let loadID = RecordID(try form.require("load")) else {
                throw RequestRefusal.malformedBody
            }
            let cardID = try context.number("id")
            try await ask(
                loadID, cardID: cardID, amount: try form.money("amount"),
                reason: try form.text("reason"), context)
            return .redirect(to: "/cards/\(cardID)", notice: Notice(.success, "loads.asked"))
        }
        group.post("/loads/{id}") { _, context -> Response in
            let verdict = try context.requireForm().require("verdict")
            try await decide(context, isApproval: verdict == "approved")
            return .redirect(
                to: "/loads",
                notice: Notice(
                    .success, verdict == "approved" ? "loads.approved" : "loads.refused"))
        }
        addJSON(to: group)
    }

    private func addJSON(to group: RouterGroup<WebContext>) {
        group.get("/api/loads") { _, context -> Response in
            let loads = try await desk.cards.waitingLoads(by: try await desk.actor(context))
            return try .json(
                loads.map {
                    LoadJSON(
                        load: $0.loadID.description, mask: $0.mask, amount: $0.amount.fen,
                        state: $0.state)
                })
        }
        group.post("/api/cards/{id}/loads") { request, context -> Response in
            let body = try await request.json(AskJSON.self)
            let loadID = body.load.flatMap { RecordID($0) } ?? desk.store.clock.makeID()
            try await ask(
                loadID, cardID: try context.number("id"), amount: Money(fen: body.amount),
                reason: body.reason, context)
            return try .json(["load": loadID.description])
        }
        group.post("/api/loads/{id}/approve") { _, context -> Response in
            try await decide(context, isApproval: true)
            return try .json(["state": "loaded"])
        }
    }

    private struct LoadJSON: Encodable {
        let load: String
        let mask: String
        let amount: Int64
        let state: String
    }

    private struct AskJSON: Decodable {
        let load: String?
        let amount: Int64
        let reason: String
    }

    private func ask(
        _ loadID: RecordID, cardID: Int64, amount: Money, reason: String, _ context: WebContext
    ) async throws {
        let actor = try await desk.actor(context)
        let desk = desk
        try await desk.commit {
            try await desk.cards.askLoad(
                loadID, card: cardID, amount: amount, reason: reason, by: actor, at: desk.now)
        }
    }

    private func decide(_ context: WebContext, isApproval: Bool) async throws {
        let actor = try await desk.actor(context)
        let loadID = try context.recordID("id")
        let desk = desk
        try await desk.commit {
            if isApproval {
                try await desk.cards.approveLoad(loadID, by: actor, at: desk.now)
            } else {
                try await desk.cards.refuseLoad(loadID, by: actor, at: desk.now)
            }
        }
    }

    /// A load as lists and its card's page show it.
    static func view(_ load: Cards.ListedLoad, text: PageText, actor: StaffActor) -> AskedView {
        AskedView(
            load, about: load.mask, href: "/cards/\(load.cardID)", what: text.money(load.amount),
            reason: load.reason.isEmpty ? text.words("loads.initial") : load.reason,
            decidedAt: "/loads", text: text, actor: actor)
    }

    private func list(_ request: Request, _ context: WebContext) async throws -> Response {
        let (desk, actor) = (desk, try await desk.actor(context))
        return try await desk.askedPage(
            OfficeDesk.AskedList(
                path: "/loads", words: "loads", subjectKey: "orders.card",
                whatKey: "orders.amount",
                read: { try await desk.cards.loads($0, limit: $1, by: actor) },
                view: { Self.view($0, text: $1, actor: $2) }),
            request, context)
    }
}
