import Domain
import Hummingbird
import WebSupport

// A programme's own page, its face picture, and which province takes which programme.
extension ProgrammePages {
    func addChanges(to group: RouterGroup<WebContext>) {
        group.get("/programmes/acceptance") { _, context in try await matrix(context) }
        group.get("/programmes/{code}") { _, context in try await show(context) }
        group.post("/programmes/{code}") { _, context -> Response in
            let code = context.parameters.get("code") ?? ""
            let changes = try changes(try context.requireForm())
            let actor = try await desk.actor(context)
            let desk = desk
            try await desk.commit {
                try await desk.programmes.change(code, to: changes, by: actor, at: desk.now)
            }
            return .redirect(
                to: "/programmes/\(code)", notice: Notice(.success, "programmes.changed"))
        }
        // The picture comes as a raw body; the page's script sends it.
        group.post("/programmes/{code}/face") { request, context -> Response in
            let limits = BodyLimits(
                byteCountMax: FacePicture.byteCountMax, deadline: .seconds(60))
            let bytes = Array((try await request.wholeBody(limits)).readableBytesView)
            let code = context.parameters.get("code") ?? ""
            let actor = try await desk.actor(context)
            let desk = desk
            try await desk.commit {
                try await desk.programmes.setFace(bytes, of: code, by: actor, at: desk.now)
            }
            return try .json(["message": desk.text(context).words("programmes.faceSet")])
        }
        group.get("/programmes/{code}/face") { _, context -> Response in
            let code = context.parameters.get("code") ?? ""
            guard
                let bytes = try await desk.programmes.face(
                    of: code, by: try await desk.actor(context))
            else { throw ProgrammesRefusal.unknownProgramme }
            return Response(
                status: .ok,
                headers: [
                    .contentType: "image/png", .cacheControl: "private, max-age=31536000",
                    .contentDisposition: "inline; filename=\"face.png\"",
                ], body: .init(byteBuffer: ByteBuffer(bytes: bytes)))
        }
    }

    private func changes(_ form: FormFields) throws -> Programmes.Changes {
        let months = try form.text("validityMonths")
        return Programmes.Changes(
            name: try form.text("name"), faceColour: try form.require("faceColour").lowercased(),
            faceTitle: try form.text("faceTitle"), perSaleLimit: try form.money("perSaleLimit"),
            perCardLimit: try form.money("perCardLimit"),
            balanceMaximum: try form.money("balanceMaximum"),
            bearerMaximum: try form.money("bearerMaximum"),
            validityMonths: months.isEmpty ? nil : try form.number("validityMonths"),
            isVerifiedOnly: try form.text("verifiedOnly") == "yes")
    }

    private struct View {
        let code: String
        let name: String
        let province: String
        let prefix: String
        let scheme: String
        let faceTitle: String
        let faceColour: String
        let face: FaceView?
        let perSale: String
        let perCard: String
        let maximum: String
        let bearerMaximum: String
        let validity: String
        let isAlwaysVerified: Bool
        let isVerifiedOnly: Bool
        let canChange: Bool
        let choices: [ChoiceView]
    }

    private func show(_ context: WebContext) async throws -> Response {
        let actor = try await desk.actor(context)
        let code = context.parameters.get("code") ?? ""
        guard
            let programme = try await desk.programmes.list(by: actor)
                .first(where: { $0.code == code })
        else { throw ProgrammesRefusal.unknownProgramme }
        let text = desk.text(context)
        let view = View(
            code: programme.code, name: programme.name,
            province: text.province(programme.province), prefix: programme.prefix,
            scheme: text.words("programmes." + programme.scheme), faceTitle: programme.faceTitle,
            faceColour: programme.faceColour, face: FaceView(programme),
            perSale: programme.perSaleLimit.description,
            perCard: programme.perCardLimit.description,
            maximum: programme.balanceMaximum.description,
            bearerMaximum: programme.bearerMaximum.description,
            validity: programme.validityMonths.map(String.init) ?? "",
            isAlwaysVerified: programme.scheme == NumberScheme.dated16.rawValue,
            isVerifiedOnly: programme.isVerifiedOnly,
            canChange: !actor.roles.isDisjoint(with: [.issuingSupervisor, .storeAdministrator]),
            choices: Province.all.map {
                ChoiceView(
                    value: $0.code, label: text.province($0.code),
                    isChosen: programme.acceptedIn.contains($0.code))
            })
        return try desk.page("programmes/show", view, context)
    }

    private struct MatrixView {
        let programmes: [HeadView]
        let hasRows: Bool
        let rows: [ProvinceView]
        let empty: EmptyView
    }

    private struct HeadView {
        let code: String
        let href: String
    }

    private struct ProvinceView {
        let code: String
        let name: String
        let cells: [CellView]
    }

    private struct CellView {
        let isAccepted: Bool
        let isOwn: Bool
    }

    private func matrix(_ context: WebContext) async throws -> Response {
        let actor = try await desk.actor(context)
        let programmes = try await desk.programmes.list(by: actor)
        let text = desk.text(context)
        let view = MatrixView(
            programmes: programmes.map {
                HeadView(code: $0.code, href: "/programmes/\($0.code)")
            }, hasRows: !programmes.isEmpty,
            rows: Province.all.map { province in
                ProvinceView(
                    code: province.code, name: text.province(province.code),
                    cells: programmes.map {
                        CellView(
                            isAccepted: $0.acceptedIn.contains(province.code),
                            isOwn: $0.province == province.code)
                    })
            },
            empty: EmptyView(
                heading: text.words("programmes.none"),
                advice: text.words("programmes.noneAdvice")))
        return try desk.page("programmes/acceptance", view, context)
    }
}

/// Where a programme's face picture is.
struct FaceView {
    let src: String
    let width: String
    let height: String

    /// Nil without a picture. The address changes with the content, so that it can be kept for long.
    init?(_ programme: Programmes.Listed) {
        guard let face = programme.face else { return nil }
        src = "/programmes/\(programme.code)/face?v=\(face.content.prefix(8).map { $0 }.hex)"
        width = String(face.width)
        height = String(face.height)
    }
}
