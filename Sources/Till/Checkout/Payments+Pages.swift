import Domain
import GRDB
import Hummingbird
import Journal
import WebSupport

extension TillWeb {
    private struct PayView {
        struct Line {
            let name: String
            let spec: String
            let listPrice: String?
            let price: String
            let quantity: Int64
            let amount: String
        }
        let id: String
        let amount: String
        let lines: [Line]
        let codeTries: String
        let qrUntil: String
    }

    private struct CardEntry: Decodable {
        let number: String
    }

    private struct CredentialEntry: Decodable {
        let number: String
        let password: String
    }

    /// The face to compare, and whether the customer has an own screen for the password.
    private struct FaceAnswer: Encodable {
        let title: String
        let name: String
        let colour: String
        let mask: String
        let programme: String
        let picture: String?
        let test: Bool
        let customerScreen: Bool
    }

    private struct PaymentsAnswer: Encodable {
        let payments: [PaymentAnswer]
    }

    func addPayments(to router: RouterGroup<WebContext>) {
        router.get("/pay/:id") { _, context in try await payPage(context) }
        router.get("/api/payments") { _, context in
            let words = site.pages.words(context.language)
            var answers: [PaymentAnswer] = []
            for row in try await store.openPayments() {
                answers.append(try await facts(row.id).answer(words))
            }
            return try Response.json(PaymentsAnswer(payments: answers))
        }
        router.post("/api/payments") { _, context in
            let login = try context.requireSession().account
            let payment = try await commit { try await checkout.begin(login: login) }
            return try await answer(payment, context, status: .created)
        }
        router.get("/api/payments/:id") { _, context in
            let payment = try id(context)
            // After a restart nobody asks head office until a page looks.
            await checkout.phone.watch(payment)
            return try await answer(payment, context)
        }
        router.post("/api/payments/:id/card") { request, context in
            try await cardFace(request, context)
        }
        router.post("/api/payments/:id/attempts") { request, context in
            let payment = try id(context)
            let entry = try await request.json(CredentialEntry.self)
            await customers.forget(payment)
            try await commit {
                try await checkout.attempt(
                    payment, number: entry.number, password: entry.password)
            }
            printing.wake()
            return try await answer(payment, context)
        }
        router.post("/api/payments/:id/retry") { _, context in
            let payment = try id(context)
            try await commit { try await checkout.retry(payment) }
            printing.wake()
            return try await answer(payment, context)
        }
        router.post("/api/payments/:id/stand-in") { _, context in
            let payment = try id(context)
            try await commit { try await checkout.takeOffline(payment) }
            printing.wake()
            return try await answer(payment, context)
        }
        router.post("/api/payments/:id/override") { request, context in
            let payment = try id(context)
            let entry = try await request.json(OverrideEntry.self)
            let override = try await ManagerApproval(signIn: signIn).check(entry)
            try await commit { try await checkout.takeOffline(payment, allowedBy: override) }
            return try await answer(payment, context)
        }
        addPhone(to: router)
        router.get("/faces/:content") { _, context in try await facePicture(context) }
        router.post("/api/payments/:id/cancel") { _, context in
            let payment = try id(context)
            let login = try context.requireSession().account
            await customers.forget(payment)
            try await commit { try await checkout.cancel(payment, by: login) }
            return try await answer(payment, context)
        }
    }

    /// The face of the card's programme, before any password (PRODUCT §2.4). Nothing is stored: the
    /// number waits in memory for the password of the customer's screen.
    private func cardFace(_ request: Request, _ context: WebContext) async throws -> Response {
        let payment = try id(context)
        let login = try context.requireSession().account
        let number = try CardNumber(try await request.json(CardEntry.self).number)
        let (programme, isTest) = try await store.read { [identity] database in
            (
                try Cards.programme(of: number, in: database),
                try Cards.isTest(
                    identity.fingerprintKey.fingerprint(of: number), in: database)
            )
        }
        let now = world.now()
        let isAttached = await customers.isAttached(login, at: now)
        if isAttached { await customers.enter(number, for: payment, at: now) }
        return try Response.json(
            FaceAnswer(
                title: programme.faceTitle, name: programme.name, colour: programme.faceColour,
                mask: number.masked, programme: programme.code, picture: programme.facePicture,
                test: isTest, customerScreen: isAttached))
    }

    /// A face's picture; its address is its content, so that it can be kept for long.
    private func facePicture(_ context: WebContext) async throws -> Response {
        let content = context.parameters.get("content") ?? ""
        guard let bytes = try await store.read({ try CardFaces.picture(content, in: $0) }) else {
            throw RequestRefusal.notFound
        }
        return Response(
            status: .ok,
            headers: [
                .contentType: "image/png", .cacheControl: "private, max-age=31536000, immutable",
            ], body: .init(byteBuffer: ByteBuffer(bytes: bytes)))
    }

    func facts(_ payment: RecordID) async throws -> PaymentFacts {
        let flow = await checkout.flow(payment)
        let triesLeft = await checkout.triesLeft(payment)
        let now = world.now()
        let isOffered = flow?.choices.contains(.takeOffline) ?? false
        return try await store.read { database in
            guard let row = try PaymentRow.find(payment, in: database) else {
                throw PaymentRefusal.unknown
            }
            let standIn = try isOffered ? standIn(row, at: now, in: database) : nil
            return PaymentFacts(
                row: row, flow: flow, triesLeft: triesLeft,
                sale: try TillStore.committedSale(payment.description, in: database),
                programme: try row.card.flatMap {
                    try Cards.programme($0.programme, in: database)
                },
                standInRefusal: standIn?.refusal, overrideLimit: standIn?.overrideLimit,
                phone: try PhoneRow.find(payment, in: database),
                time: try SyncState.load(in: database).corrected(now))
        }
    }

    /// Whether the payment may be taken offline now, and whether a manager could allow what is not.
    private func standIn(
        _ row: PaymentRow, at now: Instant, in database: Database
    ) throws -> (refusal: StandInRefusal?, overrideLimit: Money?)? {
        guard let card = row.card else { return nil }
        do {
            try StandIn.check(
                amount: row.amount, card: card, at: now, managerOverride: row.override != nil,
                in: database)
            return (nil, nil)
        } catch let refusal as StandInRefusal {
            guard case .overSaleLimit = refusal else { return (refusal, nil) }
            do {
                try StandIn.check(
                    amount: row.amount, card: card, at: now, managerOverride: true, in: database)
            } catch is StandInRefusal {
                return (refusal, nil)
            }
            return (
                refusal,
                try StandIn.limitToLift(
                    amount: row.amount, card: card, at: now, in: database)
            )
        }
    }

    func answer(
        _ payment: RecordID, _ context: WebContext, status: HTTPResponse.Status = .ok
    ) async throws -> Response {
        let words = site.pages.words(context.language)
        return try Response.json(try await facts(payment).answer(words), status: status)
    }

    private func payPage(_ context: WebContext) async throws -> Response {
        let payment = try id(context)
        let (row, lines) = try await store.read { database in
            guard let row = try PaymentRow.find(payment, in: database) else {
                throw PaymentRefusal.unknown
            }
            return (row, try Orders.lines(of: payment.description, in: database))
        }
        let words = site.pages.words(context.language)
        let view = PayView(
            id: payment.description, amount: Texts.yuan(row.amount.fen),
            lines: lines.map { line in
                .init(
                    name: line.name, spec: line.spec,
                    listPrice: line.list == line.price ? nil : Texts.yuan(line.list),
                    price: Texts.yuan(line.price), quantity: line.quantity,
                    amount: Texts.yuan(line.amount))
            },
            codeTries: words("till.pay.codeTries", ["count": "9"]),
            qrUntil: words("till.pay.qrUntil", ["time": "00:00"]))
        return try site.pages.page("pay/page", view, context: context)
    }
}
