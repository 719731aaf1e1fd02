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
            let (cardID, amount) = (try context.number("id"), try form.money("amount"))
            let reason = try form.text("reason")
            let (actor, desk) = (try await desk.actor(context), desk)
            try await desk.commit {
                try await desk.cards.askLoad(
                    loadID, card: cardID, amount: amount, reason: reason, by: actor, at: desk.now)
            }
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
