import Domain
import Hummingbird
import Journal
import WebSupport

extension Programmes.Listed: APIObject {
    static let shape = Shape<Programmes.Listed>(
        "Programme",
        [
            Member("programme", \.code), Member("name", \.name), Member("province", \.province),
            Member("prefix", \.prefix), Member("scheme", \.scheme),
            Member("faceTitle", \.faceTitle), Member("faceColour", \.faceColour),
            Member("perSaleLimit", \.perSaleLimit), Member("perCardLimit", \.perCardLimit),
            Member("balanceMaximum", \.balanceMaximum),
            Member("bearerMaximum", \.bearerMaximum),
            Member("validityMonths", \.validityMonths), Member("bearer", \.bearer),
            Member("verifiedOnly", \.isVerifiedOnly), Member("provinces", \.acceptedIn),
            Member("cards", \.cardCount),
        ])
}

extension Programmes {
    private static let programme = Fields.programme
    private static let readers = Endpoint.Access.of(
        .issuer, .issuingSupervisor, .storeAdministrator, .auditor, .finance)
    private static let changers = Endpoint.Access.of(.issuingSupervisor, .storeAdministrator)
    private static let prefix = Field.code("prefix", example: "699999")
    private static let scheme = Field<NumberScheme>.choice("scheme")
    private static let faceTitle = Field.text("faceTitle", 0...60, example: "慧医卡")
    private static let faceColour = Field.text("faceColour", 0...20, example: "#0f766e")
    private static let perSale = Field.fen("perSaleLimit", example: 20_000)
    private static let perCard = Field.fen("perCardLimit", example: 50_000)
    private static let balanceMaximum = Field.fen("balanceMaximum", example: 500_000)
    private static let bearerMaximum = Field.fen("bearerMaximum", example: 100_000)
    private static let validity = Field.number("validityMonths", 1...240, example: 36).optional
    private static let verifiedOnly = Field.flag("verifiedOnly")
    private static let face: [any RequestField] = [
        Fields.name, faceTitle, faceColour, perSale, perCard, balanceMaximum, bearerMaximum,
    ]

    static let endpoints: [Endpoint] = [
        .get("/programmes", "Programmes by code.", readers) { call in
            Page(try await call.desk.programmes.list(by: call.actor))
        },
        .post(
            "/programmes", "Makes a programme; its own province takes its cards.", changers,
            [programme, Fields.province, prefix, scheme, Fields.provinces] + face
        ) { call in
            try await call.desk.programmes.create(new(call), by: call.actor, at: call.now)
        },
        .put(
            "/programmes/{programme}", "Changes a programme.", changers,
            [programme, validity, verifiedOnly] + face
        ) { call in
            let changes = Changes(
                name: try call[Fields.name], faceColour: try call[faceColour].lowercased(),
                faceTitle: try call[faceTitle], perSaleLimit: try call[perSale],
                perCardLimit: try call[perCard], balanceMaximum: try call[balanceMaximum],
                bearerMaximum: try call[bearerMaximum], validityMonths: try call[validity],
                isVerifiedOnly: try call[verifiedOnly])
            try await call.desk.programmes.change(
                call[programme], to: changes, by: call.actor, at: call.now)
        },
        .put(
            "/programmes/{programme}/acceptance", "Sets which provinces' stores take its cards.",
            changers, [programme, Fields.provinces]
        ) { call in
            try await call.desk.programmes.setAcceptance(
                call[Fields.provinces], of: call[programme], by: call.actor, at: call.now)
        },
        .put(
            "/programmes/{programme}/face", "Sets the card's picture, a PNG.", changers,
            [programme], file: "image/png"
        ) { call in
            try await call.desk.programmes.setFace(
                call.file, of: call[programme], by: call.actor, at: call.now)
        },
        .download(
            "/programmes/{programme}/face", "The card's picture.", .staff, [programme],
            types: ["image/png"]
        ) { call in
            guard
                let face = try await call.desk.programmes.face(
                    of: call[programme], by: call.actor)
            else { throw RequestRefusal.notFound }
            return Response(
                status: .ok, headers: [.contentType: "image/png"],
                body: .init(byteBuffer: ByteBuffer(bytes: face)))
        },
    ]

    private static func new(_ call: APICall) throws -> NewProgramme {
        let province = try call[Fields.province]
        var new = NewProgramme(
            code: try call[programme], name: try call[Fields.name], province: province,
            prefix: try call[prefix], scheme: try call[scheme],
            faceColour: try call[faceColour].lowercased(), faceTitle: try call[faceTitle],
            acceptedIn: try call[Fields.provinces].union([province]))
        new.perSaleLimit = try call[perSale]
        new.perCardLimit = try call[perCard]
        new.balanceMaximum = try call[balanceMaximum]
        new.bearerMaximum = try call[bearerMaximum]
        return new
    }
}
