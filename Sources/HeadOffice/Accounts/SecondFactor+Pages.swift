import Domain
import Hummingbird
import Receipts
import WebSupport

/// Entering the second factor, and setting it up.
struct SecondFactorPages: Sendable {
    let desk: OfficeDesk

    /// The pages of the step between password and pages.
    func addEntry(to group: RouterGroup<WebContext>) {
        group.get("/second-factor") { _, context in
            try desk.page("staff/second-factor", EntryView(error: nil), context)
        }
        group.post("/second-factor") { _, context in try await enter(context) }
    }

    /// The pages that set it up.
    func addSetUp(to group: RouterGroup<WebContext>) {
        group.get("/second-factor/set-up") { _, context in try await setUp(context, nil) }
        group.get("/second-factor/symbol.svg") { _, context in try await symbol(context) }
        group.post("/second-factor/set-up") { _, context in try await confirm(context) }
    }

    private struct EntryView {
        let error: String?
    }

    private struct SetUpView {
        let secret: String
        let error: String?
    }

    private struct CodesView {
        let codes: [CodeView]
    }

    private struct CodeView {
        let code: String
    }

    private func enter(_ context: WebContext) async throws -> Response {
        let typed = try context.requireForm().require("code")
        let actor = try await desk.actor(context)
        let tokenHash = try context.requireSession().tokenHash
        let desk = desk
        do {
            let token = try await desk.commit {
                try await desk.accounts.passSecondFactor(
                    typed, tokenHash: tokenHash, by: actor, at: desk.now)
            }
            var response = Response.redirect(to: "/")
            response.setSessionToken(token)
            return response
        } catch AccountsRefusal.secondFactorWrong {
            let words = desk.text(context).words
            return try desk.site.pages.page(
                "staff/second-factor",
                EntryView(error: words("refusal.second_factor_wrong")), context: context,
                status: .unprocessableContent)
        }
    }

    private func setUp(_ context: WebContext, _ error: String?) async throws -> Response {
        let actor = try await desk.actor(context)
        let code = try await desk.accounts.beginSecondFactor(by: actor)
        var groups: [Substring] = []
        var rest = code.text[...]
        while !rest.isEmpty {
            groups.append(rest.prefix(4))
            rest = rest.dropFirst(4)
        }
        let view = SetUpView(secret: groups.joined(separator: " "), error: error)
        var response = try desk.site.pages.page(
            "staff/second-factor-set-up", view, context: context,
            status: error == nil ? .ok : .unprocessableContent)
        response.headers[.cacheControl] = "no-store"
        return response
    }

    private func symbol(_ context: WebContext) async throws -> Response {
        let actor = try await desk.actor(context)
        let code = try await desk.accounts.beginSecondFactor(by: actor)
        let words = desk.text(context).words
        let address = code.address(login: actor.login, issuer: "Huiyika")
        let svg = try QRSymbol(address).svg(title: words("secondFactor.symbol"))
        return Response(
            status: .ok, headers: [.contentType: "image/svg+xml", .cacheControl: "no-store"],
            body: .init(byteBuffer: ByteBuffer(string: svg)))
    }

    private func confirm(_ context: WebContext) async throws -> Response {
        let typed = try context.requireForm().require("code")
        let actor = try await desk.actor(context)
        let tokenHash = try context.requireSession().tokenHash
        let desk = desk
        do {
            let codes = try await desk.commit {
                try await desk.accounts.confirmSecondFactor(
                    typed, tokenHash: tokenHash, by: actor, at: desk.now)
            }
            var response = try desk.page(
                "staff/recovery-codes", CodesView(codes: codes.map { CodeView(code: $0) }),
                context)
            response.headers[.cacheControl] = "no-store"
            return response
        } catch AccountsRefusal.secondFactorWrong {
            return try await setUp(
                context, desk.text(context).words("refusal.second_factor_wrong"))
        }
    }
}
