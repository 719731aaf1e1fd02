import Domain
import Hummingbird
import WebSupport

/// Batches of cards: asked by one person, issued by another, then printed and mailed.
struct BatchPages: Sendable {
    let desk: OfficeDesk

    func addRoutes(to group: RouterGroup<WebContext>) {
        group.get("/batches") { request, context in try await list(request, context) }
        group.post("/batches") { _, context -> Response in
            let form = try context.requireForm()
            let (programme, note) = (try form.require("programme"), try form.text("note"))
            let (quantity, load) = (try form.number("quantity"), try form.money("initialLoad"))
            let isTest = try form.optional("test") != nil
            let (actor, desk) = (try await desk.actor(context), desk)
            _ = try await desk.commit {
                try await desk.cards.askBatch(
                    programme: programme, quantity: quantity, initialLoad: load, isTest: isTest,
                    note: note, by: actor, at: desk.now)
            }
            return .redirect(to: "/batches", notice: Notice(.success, "batches.asked"))
        }
        group.post("/batches/{id}/approve") { _, context -> Response in
            let (actor, batchID) = (try await desk.actor(context), try context.number("id"))
            let desk = desk
            _ = try await desk.commit {
                try await desk.cards.approveBatch(batchID, by: actor, at: desk.now)
            }
            return .redirect(to: "/batches", notice: Notice(.success, "batches.issued"))
        }
        group.post("/batches/{id}/refuse") { _, context -> Response in
            let (actor, batchID) = (try await desk.actor(context), try context.number("id"))
            let desk = desk
            try await desk.commit {
                try await desk.cards.refuseBatch(batchID, by: actor, at: desk.now)
            }
            return .redirect(to: "/batches", notice: Notice(.success, "batches.refused"))
        }
        group.post("/batches/{id}/printer-file") { _, context -> Response in
            let (actor, batchID) = (try await desk.actor(context), try context.number("id"))
            let desk = desk
            return try await desk.commit {
                try await Self.printerFile(of: batchID, by: actor, desk)
            }
        }
    }

    /// The card printer's file of a batch, with whole numbers.
    ///
    /// - Refuses, first match wins: what `Cards.printerFile` refuses; a second call `.alreadyExported`.
    static func printerFile(
        of batchID: Int64, by actor: StaffActor, _ desk: OfficeDesk
    ) async throws -> Response {
        let cards = try await desk.cards.printerFile(batchID, by: actor, at: desk.now)
        return .attachment(
            Array(Cards.printerText(cards).utf8), type: "text/csv; charset=utf-8",
            name: "card-batch-\(batchID).csv")
    }

    private struct ListView {
        let tabs: [SectionTab]
        let canAsk: Bool
        let hasRecipient: Bool
        let programmes: [ChoiceView]
        let states: [ChoiceView]
        let hasRows: Bool
        let rows: [RowView]
        let empty: EmptyView
        let pager: PagerView?
    }

    private struct RowView {
        let id: String
        let programme: String
        let quantity: String
        let initialLoad: String
        let isTest: Bool
        let state: StateView
        let note: String
        let askedBy: String
        let askedAt: String
        let decidedBy: String
        let canDecide: Bool
        let isOwnWaiting: Bool
        let canPrint: Bool
        let exported: String
        let mailerID: String
        let canFetch: Bool
        let isFetched: Bool
    }

    private func list(_ request: Request, _ context: WebContext) async throws -> Response {
        let actor = try await desk.actor(context)
        let query = try request.query()
        let state = try query.text("state")
        let found = try await desk.cards.batches(
            state: state, before: Int64(try query.text("before")), by: actor)
        let text = desk.text(context)
        let shown = found.prefix(Cards.batchPageSize)
        let view = ListView(
            tabs: SectionTab.cards("/batches", to: actor, text: text),
            canAsk: actor.roles.contains(.issuer),
            hasRecipient: try await desk.mailers.present(by: actor) != nil,
            programmes: try await desk.programmes.list(by: actor).map {
                ChoiceView(value: $0.code, label: "\($0.code) \($0.name)", isChosen: false)
            },
            states: ["", "asked", "issued", "refused"].map {
                ChoiceView(
                    value: $0, label: text.words($0.isEmpty ? "common.all" : "state." + $0),
                    isChosen: $0 == state)
            }, hasRows: !shown.isEmpty,
            rows: shown.map { row($0, actor: actor, text: text) },
            empty: EmptyView(
                heading: text.words("batches.none"), advice: text.words("batches.noneAdvice")),
            pager: text.pager(
                found.count, of: Cards.batchPageSize, path: "/batches",
                [("state", state), ("before", shown.last.map { String($0.batchID) } ?? "")]))
        return try desk.page("cards/batches", view, context)
    }

    private func row(
        _ batch: Cards.ListedBatch, actor: StaffActor, text: PageText
    ) -> RowView {
        let isWaiting = batch.state == "asked"
        let isOwn = batch.askerID == actor.personID
        let mayTake = !actor.roles.isDisjoint(with: [.issuer, .issuingSupervisor])
        return RowView(
            id: String(batch.batchID), programme: batch.programmeName,
            quantity: String(batch.quantity), initialLoad: text.money(batch.initialLoad),
            isTest: batch.isTest, state: text.state(batch.state), note: batch.note,
            askedBy: batch.askedBy, askedAt: text.time(batch.askedAt),
            decidedBy: batch.decidedBy ?? "",
            canDecide: isWaiting && !isOwn && actor.roles.contains(.issuingSupervisor),
            isOwnWaiting: isWaiting && isOwn,
            canPrint: mayTake && batch.state == "issued" && batch.exportedBy == nil,
            exported: batch.exportedBy ?? "", mailerID: batch.mailerID.map(String.init) ?? "",
            canFetch: mayTake && batch.mailerID != nil && !batch.isMailerFetched,
            isFetched: batch.isMailerFetched)
    }
}
