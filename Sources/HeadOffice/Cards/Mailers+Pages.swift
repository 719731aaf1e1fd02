import Domain
import Hummingbird
import WebSupport

/// Who prints the password mailers, and the sealed files.
struct MailerPages: Sendable {
    let desk: OfficeDesk

    func addRoutes(to group: RouterGroup<WebContext>) {
        group.get("/mailers") { request, context in try await list(request, context) }
        group.post("/mailers/recipients") { _, context -> Response in
            let form = try context.requireForm()
            let (name, publicKey) = (try form.text("name"), try form.text("publicKey"))
            let (actor, desk) = (try await desk.actor(context), desk)
            try await desk.commit {
                try await desk.mailers.register(
                    name: name, publicKey: publicKey, by: actor, at: desk.now)
            }
            return .redirect(to: "/mailers", notice: Notice(.success, "mailers.registered"))
        }
        group.post("/mailers/{id}") { _, context -> Response in
            let (actor, mailerID) = (try await desk.actor(context), try context.number("id"))
            let desk = desk
            return try await desk.commit {
                try await Self.sealedFile(of: mailerID, by: actor, desk)
            }
        }
    }

    /// Sealed passwords as a file.
    ///
    /// - Refuses, first match wins: what `Mailers.fetch` refuses; a second call `.alreadyFetched`.
    static func sealedFile(
        of mailerID: Int64, by actor: StaffActor, _ desk: OfficeDesk
    ) async throws -> Response {
        .attachment(
            try await desk.mailers.fetch(mailerID, by: actor, at: desk.now),
            type: "application/json", name: "password-mailers-\(mailerID).json")
    }

    private struct ListView {
        let tabs: [SectionTab]
        let states: [ChoiceView]
        let pager: PagerView?
        let canRegister: Bool
        let recipient: RecipientView?
        let hasRows: Bool
        let rows: [RowView]
        let empty: EmptyView
    }

    private struct RecipientView {
        let name: String
        let key: String
        let registeredAt: String
    }

    private struct RowView {
        let id: String
        let what: String
        let count: String
        let recipient: String
        let madeAt: String
        let canFetch: Bool
        let isFetched: Bool
    }

    private func list(_ request: Request, _ context: WebContext) async throws -> Response {
        let actor = try await desk.actor(context)
        let present = try await desk.mailers.present(by: actor)
        let query = try request.query()
        let waitingOnly = try query.text("state") == "waiting"
        let found = try await desk.mailers.list(
            waitingOnly: waitingOnly, before: Int64(try query.text("before")), by: actor)
        let mailers = found.prefix(Mailers.pageSize)
        let text = desk.text(context)
        let mayTake = !actor.roles.isDisjoint(with: [.issuer, .issuingSupervisor])
        let state = waitingOnly ? "waiting" : ""
        let view = ListView(
            tabs: SectionTab.cards("/mailers", to: actor, text: text),
            states: ["", "waiting"].map {
                ChoiceView(
                    value: $0, label: text.words($0.isEmpty ? "common.all" : "mailers.notFetched"),
                    isChosen: $0 == state)
            },
            pager: text.pager(
                found.count, of: Mailers.pageSize, path: "/mailers",
                [("state", state), ("before", mailers.last.map { String($0.mailerID) } ?? "")]),
            canRegister: actor.roles.contains(.issuingSupervisor),
            recipient: present.map {
                RecipientView(
                    name: $0.name, key: SealedMailers.keyID($0.key),
                    registeredAt: text.time($0.registeredAt))
            }, hasRows: !mailers.isEmpty,
            rows: mailers.map { mailer in
                RowView(
                    id: String(mailer.mailerID),
                    what: mailer.batchID.map {
                        text.words("mailers.batch", ["batch": String($0)])
                    } ?? text.words("mailers.reset", ["card": mailer.mask ?? ""]),
                    count: String(mailer.cardCount), recipient: mailer.recipient,
                    madeAt: text.time(mailer.madeAt),
                    canFetch: mayTake && !mailer.isFetched, isFetched: mailer.isFetched)
            },
            empty: EmptyView(
                heading: text.words("mailers.none"), advice: text.words("mailers.noneAdvice")))
        return try desk.page("cards/mailers", view, context)
    }
}

extension Response {
    /// A file that browsers keep and nobody caches.
    static func attachment(_ bytes: [UInt8], type: String, name: String) -> Response {
        Response(
            status: .ok,
            headers: [
                .contentType: type, .contentDisposition: "attachment; filename=\"\(name)\"",
                .cacheControl: "no-store",
            ], body: .init(byteBuffer: ByteBuffer(bytes: bytes)))
    }
}

extension PageText {
    /// The foot of a list: how many are shown, and the next page when there is more than one page found.
    func pager(
        _ found: Int, of pageSize: Int, path: String, _ fields: [(String, String)]
    ) -> PagerView? {
        guard found > pageSize else { return nil }
        return PagerView(
            position: words("common.shown", ["count": String(pageSize)]), previous: nil,
            next: address(path, fields))
    }
}
