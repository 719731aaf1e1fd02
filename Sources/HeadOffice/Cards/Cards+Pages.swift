import Domain
import Hummingbird
import WebSupport

/// Finding a card, and a card's page.
struct CardPages: Sendable {
    let desk: OfficeDesk

    func addRoutes(to group: RouterGroup<WebContext>) {
        group.get("/cards") { request, context in try await list(request, context) }
        // A full number or a name goes in the body of a post, never into an address.
        group.post("/cards") { _, context in try await find(context) }
        group.get("/cards/{id}") { _, context in
            try await show(context, revealed: nil)
        }
        group.post("/cards/{id}/freeze") { _, context in
            try await change(context, "cards.frozen") { cardID, reason, actor in
                try await desk.cards.freeze(cardID, reason: reason, by: actor, at: desk.now)
            }
        }
        group.post("/cards/{id}/unfreeze") { _, context in
            try await change(context, "cards.unfrozen") { cardID, reason, actor in
                try await desk.cards.unfreeze(cardID, reason: reason, by: actor, at: desk.now)
            }
        }
        group.post("/cards/{id}/lost") { _, context in
            try await change(context, "cards.reportedLost") { cardID, reason, actor in
                try await desk.cards.reportLost(cardID, reason: reason, by: actor, at: desk.now)
            }
        }
        group.post("/cards/{id}/reset-lock") { _, context in
            try await change(context, "cards.lockReset") { cardID, reason, actor in
                try await desk.cards.resetLock(cardID, reason: reason, by: actor, at: desk.now)
            }
        }
        addHolder(to: group)
    }

    private func addHolder(to group: RouterGroup<WebContext>) {
        group.post("/cards/{id}/holder") { _, context -> Response in
            let name = try context.requireForm().text("name")
            return try await change(context, "cards.holderSet") { cardID, _, actor in
                try await desk.cards.setHolder(name, of: cardID, by: actor, at: desk.now)
            }
        }
        group.post("/cards/{id}/password") { _, context -> Response in
            let form = try context.requireForm()
            let (present, new) = (try form.require("present"), try form.require("new"))
            return try await change(context, "cards.passwordChanged") { cardID, _, actor in
                try await desk.cards.changePassword(
                    of: cardID, from: present, to: new, by: actor, at: desk.now)
            }
        }
        // The number is in the answer to this one post, and in no address.
        group.post("/cards/{id}/reveal") { _, context -> Response in
            let actor = try await desk.actor(context)
            let cardID = try context.number("id")
            let reason = try context.requireForm().text("reason")
            let desk = desk
            let revealed = try await desk.commit {
                try await desk.cards.reveal(cardID, reason: reason, by: actor, at: desk.now)
            }
            var response = try await show(context, revealed: revealed)
            response.headers[.cacheControl] = "no-store"
            return response
        }
    }

    private struct ListView {
        let tabs: [SectionTab]
        let last: String
        let isTestOnly: Bool
        let states: [ChoiceView]
        let programmes: [ChoiceView]
        let hasRows: Bool
        let rows: [CardView]
        let empty: EmptyView
        let pager: PagerView?
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
        let holder: String
        let isRegistered: Bool
        let expiresOn: String

        init(_ card: Cards.Listed, text: PageText) {
            href = "/cards/\(card.cardID)"
            id = String(card.cardID)
            self.card = card.mask
            programme = card.programmeName
            faceTitle = card.faceTitle
            faceColour = card.faceColour
            state = text.state(card.isExpired ? "expired" : card.state)
            stateSince = text.time(card.stateSince)
            isTest = card.isTest
            balance = text.money(card.balance)
            held = text.money(card.held)
            available = text.money(Money(fen: card.balance.fen - card.held.fen))
            maximum = text.money(card.balanceMaximum)
            issuedAt = text.time(card.issuedAt)
            holder = card.holderMask ?? text.words("cards.noHolder")
            isRegistered = card.holderMask != nil
            expiresOn = card.expiresOn?.description ?? text.words("cards.never")
        }
    }

    private func list(_ request: Request, _ context: WebContext) async throws -> Response {
        let actor = try await desk.actor(context)
        let query = try request.query()
        var filter = Cards.Filter()
        filter.state = try query.text("state")
        filter.programme = try query.text("programme")
        filter.last = try query.text("last")
        filter.isTestOnly = try query.text("test") == "true"
        guard filter.last.isEmpty || filter.last.utf8.count == 4 else {
            throw RequestRefusal.malformedBody
        }
        let found = try await desk.cards.list(
            filter, before: Int64(try query.text("before")), by: actor)
        return try await page(found, filter, actor, context)
    }

    private func find(_ context: WebContext) async throws -> Response {
        let actor = try await desk.actor(context)
        let typed = try context.requireForm().text("number")
        let found = try await desk.cards.find(typed, by: actor)
        if found.count == 1, let card = found.first {
            return .redirect(to: "/cards/\(card.cardID)")
        }
        return try await page(found, Cards.Filter(), actor, context)
    }

    private func page(
        _ found: [Cards.Listed], _ filter: Cards.Filter, _ actor: StaffActor,
        _ context: WebContext
    ) async throws -> Response {
        let text = desk.text(context)
        let programmes = try await desk.cards.programmeChoices(by: actor)
        let shown = found.prefix(Cards.pageSize)
        return try desk.page(
            "cards/list",
            ListView(
                tabs: SectionTab.cards("/cards", to: actor, text: text),
                last: filter.last, isTestOnly: filter.isTestOnly,
                states: ["", "active", "frozen", "expired", "lost", "closed"].map {
                    ChoiceView(
                        value: $0, label: text.words($0.isEmpty ? "common.all" : "state." + $0),
                        isChosen: $0 == filter.state)
                },
                programmes: [
                    ChoiceView(value: "", label: text.words("common.all"), isChosen: false)
                ]
                    + programmes.map {
                        ChoiceView(
                            value: $0.code, label: "\($0.code) \($0.name)",
                            isChosen: $0.code == filter.programme)
                    },
                hasRows: !shown.isEmpty, rows: shown.map { CardView($0, text: text) },
                empty: EmptyView(
                    heading: text.words("cards.none"), advice: text.words("cards.noneAdvice")),
                pager: text.pager(
                    found.count, of: Cards.pageSize, path: "/cards",
                    [
                        ("state", filter.state), ("programme", filter.programme),
                        ("last", filter.last), ("test", filter.isTestOnly ? "true" : ""),
                        ("before", shown.last.map { String($0.cardID) } ?? ""),
                    ])), context)
    }

    private func change(
        _ context: WebContext, _ notice: String,
        _ act: @escaping @Sendable (Int64, String, StaffActor) async throws -> Void
    ) async throws -> Response {
        let actor = try await desk.actor(context)
        let cardID = try context.number("id")
        let reason = try context.requireForm().text("reason")
        try await desk.commit { try await act(cardID, reason, actor) }
        return .redirect(to: "/cards/\(cardID)", notice: Notice(.success, notice))
    }
}
