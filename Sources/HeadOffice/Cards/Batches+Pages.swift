import Domain
import Hummingbird
import WebSupport

/// Batches of cards: asked by one person, issued by another.
struct BatchPages: Sendable {
    let desk: OfficeDesk

    func addRoutes(to group: RouterGroup<WebContext>) {
        group.get("/batches") { _, context in try await list(context) }
        group.post("/batches") { _, context -> Response in
            let form = try context.requireForm()
            _ = try await ask(
                AskJSON(
                    programme: try form.require("programme"),
                    quantity: try form.number("quantity"),
                    initialLoad: try form.money("initialLoad").fen,
                    test: try form.optional("test") != nil, note: try form.text("note")), context)
            return .redirect(to: "/batches", notice: Notice(.success, "batches.asked"))
        }
        group.post("/batches/{id}/approve") { _, context -> Response in
            let cards = try await approve(context)
            return try Self.download(cards, batchID: try context.number("id"))
        }
        group.post("/batches/{id}/refuse") { _, context -> Response in
            let actor = try await desk.actor(context)
            let batchID = try context.number("id")
            let desk = desk
            try await desk.commit {
                try await desk.cards.refuseBatch(batchID, by: actor, at: desk.now)
            }
            return .redirect(to: "/batches", notice: Notice(.success, "batches.refused"))
        }
        group.post("/api/batches") { request, context -> Response in
            let body = try await request.json(AskJSON.self)
            return try .json(["batch": try await ask(body, context)])
        }
        group.post("/api/batches/{id}/approve") { _, context -> Response in
            var response = try Response.json(
                ["cards": try await approve(context).map { IssuedJSON($0) }])
            response.headers[.cacheControl] = "no-store"
            return response
        }
    }

    private struct AskJSON: Decodable {
        let programme: String
        let quantity: Int
        let initialLoad: Int64
        let test: Bool?
        let note: String?
    }

    private struct IssuedJSON: Encodable {
        let number: String
        let password: String
        let mask: String

        init(_ issued: Cards.Issued) {
            number = issued.number
            password = issued.password
            mask = issued.mask
        }
    }

    private func ask(_ body: AskJSON, _ context: WebContext) async throws -> Int64 {
        let actor = try await desk.actor(context)
        let desk = desk
        return try await desk.commit {
            try await desk.cards.askBatch(
                programme: body.programme, quantity: body.quantity,
                initialLoad: Money(fen: body.initialLoad), isTest: body.test ?? false,
                note: body.note ?? "", by: actor, at: desk.now)
        }
    }

    private func approve(_ context: WebContext) async throws -> [Cards.Issued] {
        let actor = try await desk.actor(context)
        let batchID = try context.number("id")
        let desk = desk
        return try await desk.commit {
            try await desk.cards.approveBatch(batchID, by: actor, at: desk.now)
        }
    }

    /// The only time that numbers and passwords leave head office.
    private static func download(
        _ cards: [Cards.Issued], batchID: Int64
    ) throws -> Response {
        let writer = CSVWriter()
        var text = writer.header(["卡号", "初始密码"])
        for card in cards {
            text += writer.row([.identifier(card.number), .identifier(card.password)])
        }
        return Response(
            status: .ok,
            headers: [
                .contentType: "text/csv; charset=utf-8",
                .contentDisposition: "attachment; filename=\"card-batch-\(batchID).csv\"",
                .cacheControl: "no-store",
            ], body: .init(byteBuffer: ByteBuffer(string: text)))
    }

    private struct ListView {
        let canAsk: Bool
        let programmes: [ChoiceView]
        let hasRows: Bool
        let rows: [RowView]
        let empty: EmptyView
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
    }

    private func list(_ context: WebContext) async throws -> Response {
        let actor = try await desk.actor(context)
        let batches = try await desk.cards.batches(by: actor)
        let programmes = try await desk.programmes.list(by: actor)
        let text = desk.text(context)
        let rows = batches.map { batch in
            let isWaiting = batch.state == "asked"
            let isOwn = batch.askerID == actor.personID
            return RowView(
                id: String(batch.batchID), programme: batch.programmeName,
                quantity: String(batch.quantity), initialLoad: text.money(batch.initialLoad),
                isTest: batch.isTest, state: text.state(batch.state), note: batch.note,
                askedBy: batch.askedBy, askedAt: text.time(batch.askedAt),
                decidedBy: batch.decidedBy ?? "",
                canDecide: isWaiting && !isOwn && actor.roles.contains(.issuingSupervisor),
                isOwnWaiting: isWaiting && isOwn)
        }
        return try desk.page(
            "cards/batches",
            ListView(
                canAsk: actor.roles.contains(.issuer),
                programmes: programmes.map {
                    ChoiceView(value: $0.code, label: "\($0.code) \($0.name)", isChosen: false)
                }, hasRows: !rows.isEmpty, rows: rows,
                empty: EmptyView(
                    heading: text.words("batches.none"),
                    advice: text.words("batches.noneAdvice"))), context)
    }
}
