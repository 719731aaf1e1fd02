import Domain
import Hummingbird
import WebSupport

/// Finding a card, and a card's page.
struct CardPages: Sendable {
    let desk: OfficeDesk

    func addRoutes(to group: RouterGroup<WebContext>) {
        group.get("/cards") { request, context in try await find(request, context) }
        // A full number goes in the body of a post, never into an address.
        group.post("/cards") { _, context in try await findByNumber(context) }
        group.get("/cards/{id}") { _, context in try await show(context) }
        group.post("/cards/{id}/freeze") { _, context in
            try await move(context, isFreeze: true)
        }
        group.post("/cards/{id}/unfreeze") { _, context in
            try await move(context, isFreeze: false)
        }
        group.post("/api/cards/find") { request, context -> Response in
            let body = try await request.json([String: String].self)
            let found = try await desk.cards.find(
                body["number"] ?? "", by: try await desk.actor(context))
            return try .json(found.map { CardJSON($0) })
        }
        group.get("/api/cards/{id}") { _, context -> Response in
            let shown = try await desk.cards.show(
                try context.number("id"), by: try await desk.actor(context))
            return try .json(CardJSON(shown.card))
        }
    }

    private struct CardJSON: Encodable {
        let card: Int64
        let mask: String
        let programme: String
        let state: String
        let test: Bool
        let balance: Int64
        let held: Int64

        init(_ card: Cards.Listed) {
            self.card = card.cardID
            mask = card.mask
            programme = card.programmeCode
            state = card.state
            test = card.isTest
            balance = card.balance.fen
            held = card.held.fen
        }
    }

    private struct ListView {
        let text: String
        let hasRows: Bool
        let rows: [CardView]
        let empty: EmptyView
    }

    struct CardView {
        let href: String
        let id: String
        let card: String
        let programme: String
        let faceTitle: String
        let faceColour: String
        let state: StateView
        let stateSince: String
        let isTest: Bool
        let balance: String
        let held: String
        let available: String
        let maximum: String
        let issuedAt: String
        let isActive: Bool
        let isFrozen: Bool

        init(_ card: Cards.Listed, text: PageText) {
            href = "/cards/\(card.cardID)"
            id = String(card.cardID)
            self.card = card.mask
            programme = card.programmeName
            faceTitle = card.faceTitle
            faceColour = card.faceColour
            state = text.state(card.state)
            stateSince = text.time(card.stateSince)
            isTest = card.isTest
            balance = text.money(card.balance)
            held = text.money(card.held)
            available = text.money(Money(fen: card.balance.fen - card.held.fen))
            maximum = text.money(card.balanceMaximum)
            issuedAt = text.time(card.issuedAt)
            isActive = card.state == "active"
            isFrozen = card.state == "frozen"
        }
    }

    private func find(_ request: Request, _ context: WebContext) async throws -> Response {
        let last = try request.query().text("last")
        guard last.isEmpty || last.count == 4 else { throw RequestRefusal.malformedBody }
        let found = try await desk.cards.find(last, by: try await desk.actor(context))
        return try list(found, last, context)
    }

    private func findByNumber(_ context: WebContext) async throws -> Response {
        let typed = try context.requireForm().text("number")
        let found = try await desk.cards.find(typed, by: try await desk.actor(context))
        if found.count == 1, let card = found.first {
            return .redirect(to: "/cards/\(card.cardID)")
        }
        return try list(found, typed.count == 4 ? typed : "", context)
    }

    private func list(
        _ found: [Cards.Listed], _ shown: String, _ context: WebContext
    ) throws -> Response {
        let text = desk.text(context)
        return try desk.page(
            "cards/list",
            ListView(
                text: shown, hasRows: !found.isEmpty,
                rows: found.map { CardView($0, text: text) },
                empty: EmptyView(
                    heading: text.words("cards.none"), advice: text.words("cards.noneAdvice"))),
            context)
    }

    private struct View {
        let card: CardView
        let canAsk: Bool
        let canUnfreeze: Bool
        let loadID: String
        let hasMovements: Bool
        let movements: [MovementView]
        let hasLoads: Bool
        let loads: [LoadPages.LoadView]
    }

    private struct MovementView {
        let kind: String
        let amount: String
        let isOut: Bool
        let store: String
        let receipt: String
        let href: String
        let hasSale: Bool
        let businessAt: String
        let postedAt: String
    }

    private func show(_ context: WebContext) async throws -> Response {
        let actor = try await desk.actor(context)
        let shown = try await desk.cards.show(try context.number("id"), by: actor)
        let text = desk.text(context)
        let isIssuing = !actor.roles.isDisjoint(with: [.issuer, .issuingSupervisor])
        let view = View(
            card: CardView(shown.card, text: text), canAsk: isIssuing,
            canUnfreeze: actor.roles.contains(.issuingSupervisor),
            loadID: desk.store.clock.makeID().description,
            hasMovements: !shown.movements.isEmpty,
            movements: shown.movements.map {
                MovementView(
                    kind: text.words("transfer." + $0.kind), amount: text.money($0.amount),
                    isOut: $0.amount < .zero, store: $0.storeName ?? "",
                    receipt: $0.receipt ?? "", href: $0.saleID.map { "/orders/\($0)" } ?? "",
                    hasSale: $0.saleID != nil, businessAt: text.time($0.businessAt),
                    postedAt: text.time($0.postedAt))
            }, hasLoads: !shown.loads.isEmpty,
            loads: shown.loads.map { LoadPages.LoadView($0, text: text, actor: actor) })
        return try desk.page("cards/show", view, context)
    }

    private func move(_ context: WebContext, isFreeze: Bool) async throws -> Response {
        let actor = try await desk.actor(context)
        let cardID = try context.number("id")
        let reason = try context.requireForm().text("reason")
        let desk = desk
        try await desk.commit {
            if isFreeze {
                try await desk.cards.freeze(cardID, reason: reason, by: actor, at: desk.now)
            } else {
                try await desk.cards.unfreeze(cardID, reason: reason, by: actor, at: desk.now)
            }
        }
        return .redirect(
            to: "/cards/\(cardID)",
            notice: Notice(.success, isFreeze ? "cards.frozen" : "cards.unfrozen"))
    }
}
