import Domain
import Hummingbird
import WebSupport

/// What two people do to a card: asking on the card's page, deciding in the list.
struct CardRequestPages: Sendable {
    let desk: OfficeDesk

    func addRoutes(to group: RouterGroup<WebContext>) {
        group.get("/card-requests") { request, context in try await list(request, context) }
        group.post("/cards/{id}/requests") { _, context -> Response in
            let form = try context.requireForm()
            guard let requestID = RecordID(try form.require("request")),
                let kind = CardRequestKind(rawValue: try form.require("kind"))
            else { throw RequestRefusal.malformedBody }
            let (cardID, reason) = (try context.number("id"), try form.text("reason"))
            let (actor, desk) = (try await desk.actor(context), desk)
            try await desk.commit {
                try await desk.cards.ask(
                    kind, requestID, card: cardID, reason: reason, by: actor, at: desk.now)
            }
            return .redirect(
                to: "/cards/\(cardID)", notice: Notice(.success, "cardRequests.asked"))
        }
        group.post("/card-requests/{id}") { _, context -> Response in
            let isApproval = try context.requireForm().require("verdict") == "approved"
            try await decide(context, isApproval: isApproval)
            return .redirect(
                to: "/card-requests",
                notice: Notice(
                    .success, isApproval ? "cardRequests.done" : "cardRequests.refused"))
        }
    }

    private func decide(_ context: WebContext, isApproval: Bool) async throws {
        let actor = try await desk.actor(context)
        let requestID = try context.recordID("id")
        let desk = desk
        try await desk.commit {
            if isApproval {
                try await desk.cards.approveRequest(requestID, by: actor, at: desk.now)
            } else {
                try await desk.cards.refuseRequest(requestID, by: actor, at: desk.now)
            }
        }
    }

    /// A request as lists and its card's page show it.
    static func view(
        _ request: Cards.ListedRequest, text: PageText, actor: StaffActor
    ) -> AskedView {
        AskedView(
            request, about: request.mask, href: "/cards/\(request.cardID)",
            what: text.words("cardRequest." + request.kind.rawValue), reason: request.reason,
            decidedAt: "/card-requests", text: text, actor: actor)
    }

    private func list(_ request: Request, _ context: WebContext) async throws -> Response {
        let (desk, actor) = (desk, try await desk.actor(context))
        return try await desk.askedPage(
            OfficeDesk.AskedList(
                path: "/card-requests", words: "cardRequests", subjectKey: "orders.card",
                whatKey: "cardRequests.kind",
                read: { try await desk.cards.requests($0, limit: $1, by: actor) },
                view: { Self.view($0, text: $1, actor: $2) }),
            request, context)
    }
}
