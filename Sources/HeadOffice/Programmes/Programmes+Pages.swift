import Domain
import Hummingbird
import WebSupport

/// Programmes and where their cards are taken.
struct ProgrammePages: Sendable {
    let desk: OfficeDesk

    func addRoutes(to group: RouterGroup<WebContext>) {
        group.get("/programmes") { _, context in try await list(context) }
        group.post("/programmes") { _, context in try await create(context) }
        group.post("/programmes/{code}/acceptance") { _, context -> Response in
            let provinces = Set(try context.requireForm().all("provinces"))
            let actor = try await desk.actor(context)
            let code = context.parameters.get("code") ?? ""
            let desk = desk
            try await desk.commit {
                try await desk.programmes.setAcceptance(
                    provinces, of: code, by: actor, at: desk.now)
            }
            return .redirect(
                to: "/programmes/\(code)", notice: Notice(.success, "programmes.changed"))
        }
        addChanges(to: group)
    }

    private func create(_ context: WebContext) async throws -> Response {
        let form = try context.requireForm()
        guard let scheme = NumberScheme(rawValue: try form.require("scheme")) else {
            throw RequestRefusal.malformedBody
        }
        var new = Programmes.NewProgramme(
            code: try form.text("code"), name: try form.text("name"),
            province: try form.require("province"), prefix: try form.text("prefix"),
            scheme: scheme, faceColour: try form.require("faceColour").lowercased(),
            faceTitle: try form.text("faceTitle"),
            acceptedIn: Set(form.all("provinces")).union([try form.require("province")]))
        new.perSaleLimit = try form.money("perSaleLimit")
        new.perCardLimit = try form.money("perCardLimit")
        new.balanceMaximum = try form.money("balanceMaximum")
        new.bearerMaximum = try form.money("bearerMaximum")
        let chosen = new
        let actor = try await desk.actor(context)
        let desk = desk
        try await desk.commit {
            try await desk.programmes.create(chosen, by: actor, at: desk.now)
        }
        return .redirect(to: "/programmes", notice: Notice(.success, "programmes.added"))
    }

    private struct ListView {
        let canChange: Bool
        let provinces: [ChoiceView]
        let hasRows: Bool
        let rows: [RowView]
        let empty: EmptyView
    }

    private struct RowView {
        let code: String
        let name: String
        let province: String
        let prefix: String
        let scheme: String
        let faceTitle: String
        let faceColour: String
        let perSale: String
        let perCard: String
        let maximum: String
        let acceptedIn: String
        let cardCount: String
        let bearerMaximum: String
        let face: FaceView?
    }

    private func list(_ context: WebContext) async throws -> Response {
        let actor = try await desk.actor(context)
        let programmes = try await desk.programmes.list(by: actor)
        let text = desk.text(context)
        let canChange = !actor.roles.isDisjoint(with: [.issuingSupervisor, .storeAdministrator])
        func choices(_ chosen: [String]) -> [ChoiceView] {
            Province.all.map {
                ChoiceView(
                    value: $0.code, label: text.province($0.code),
                    isChosen: chosen.contains($0.code))
            }
        }
        let view = ListView(
            canChange: canChange, provinces: choices([]), hasRows: !programmes.isEmpty,
            rows: programmes.map { programme in
                RowView(
                    code: programme.code, name: programme.name,
                    province: text.province(programme.province), prefix: programme.prefix,
                    scheme: text.words("programmes." + programme.scheme),
                    faceTitle: programme.faceTitle,
                    faceColour: programme.faceColour, perSale: text.money(programme.perSaleLimit),
                    perCard: text.money(programme.perCardLimit),
                    maximum: text.money(programme.balanceMaximum),
                    acceptedIn: programme.acceptedIn.map(text.province)
                        .joined(separator: text.words.language == .en ? ", " : "、"),
                    cardCount: String(programme.cardCount),
                    bearerMaximum: text.money(programme.bearerMaximum),
                    face: FaceView(programme))
            },
            empty: EmptyView(
                heading: text.words("programmes.none"),
                advice: text.words("programmes.noneAdvice")))
        return try desk.page("programmes/list", view, context)
    }
}
