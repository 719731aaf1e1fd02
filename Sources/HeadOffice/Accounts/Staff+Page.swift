import Domain
import Hummingbird
import WebSupport

/// One login: what an operator may change, and where it is signed in. And everybody's own login.
struct StaffPage: Sendable {
    let desk: OfficeDesk

    func addRoutes(to group: RouterGroup<WebContext>) {
        group.get("/account") { _, context in try await showOwn(context) }
        group.post("/account/sessions") { _, context -> Response in
            let actor = try await desk.actor(context)
            try await endSession(context, of: actor.login, by: actor)
            return .redirect(to: "/account", notice: Notice(.success, "sessions.ended"))
        }
        group.get("/staff/{login}") { _, context in
            try await show(context, oneTimePassword: nil)
        }
        group.post("/staff/{login}/sessions") { _, context -> Response in
            let (login, actor) = (Self.login(context), try await desk.actor(context))
            try await endSession(context, of: login, by: actor)
            return .redirect(to: "/staff/\(login)", notice: Notice(.success, "sessions.ended"))
        }
        // Shown once, in the answer itself: a redirect would have to carry it.
        group.post("/staff/{login}/password") { _, context -> Response in
            let (login, actor) = (Self.login(context), try await desk.actor(context))
            let desk = desk
            let password = try await desk.commit {
                try await desk.accounts.resetPassword(of: login, by: actor, at: desk.now)
            }
            return try await show(context, oneTimePassword: password)
        }
        post("roles", in: group) { context, login, actor in
            let roles = Set(
                try context.requireForm().all("roles").compactMap { StaffRole(rawValue: $0) })
            try await desk.accounts.setRoles(roles, of: login, by: actor, at: desk.now)
        }
        post("unlock", in: group) { _, login, actor in
            try await desk.accounts.unlock(login, by: actor, at: desk.now)
        }
        post("second-factor", in: group) { _, login, actor in
            try await desk.accounts.resetSecondFactor(of: login, by: actor, at: desk.now)
        }
    }

    private static func login(_ context: WebContext) -> String {
        context.parameters.get("login") ?? ""
    }

    private func post(
        _ act: String, in group: RouterGroup<WebContext>,
        _ work: @escaping @Sendable (WebContext, String, StaffActor) async throws -> Void
    ) {
        group.post("/staff/{login}/\(act)") { _, context -> Response in
            let (login, actor) = (Self.login(context), try await desk.actor(context))
            try await desk.commit { try await work(context, login, actor) }
            return .redirect(to: "/staff/\(login)", notice: Notice(.success, "staff.changed"))
        }
    }

    private func endSession(
        _ context: WebContext, of login: String, by actor: StaffActor
    ) async throws {
        let sessionID = Int64(try context.requireForm().number("session"))
        let desk = desk
        try await desk.commit {
            try await desk.accounts.endSession(sessionID, of: login, by: actor, at: desk.now)
        }
    }

    private struct View {
        let login: String
        let personName: String
        let state: StateView
        let roles: [ChoiceView]
        let rolesText: String
        let locked: String?
        let secondFactor: String
        let hasSecondFactor: Bool
        let mustChangePassword: Bool
        let otherLogins: String
        let canChange: Bool
        let oneTimePassword: String?
        let sessions: SessionsView
    }

    private struct SessionsView {
        let action: String
        let hasSessions: Bool
        let sessions: [SessionView]
    }

    private struct SessionView {
        let id: String
        let began: String
        let seen: String
        let address: String
        let agent: String
        let isThis: Bool
        let canEnd: Bool
    }

    private struct OwnView {
        let login: String
        let rolesText: String
        let secondFactor: String
        let hasSecondFactor: Bool
        let sessions: SessionsView
    }

    private func show(
        _ context: WebContext, oneTimePassword: String?
    ) async throws -> Response {
        let (login, actor) = (Self.login(context), try await desk.actor(context))
        guard let found = try await desk.accounts.find(login, by: actor) else {
            throw AccountsRefusal.unknownAccount
        }
        let text = desk.text(context)
        let now = desk.now
        let canChange = actor.roles.contains(.operator) && login != actor.login
        let view = View(
            login: login, personName: found.personName,
            state: text.state(found.isDisabled ? "disabled" : "enabled"),
            roles: StaffRole.allCases.map {
                ChoiceView(
                    value: $0.rawValue, label: text.words("role." + $0.rawValue),
                    isChosen: found.roles.contains($0.rawValue))
            },
            rolesText: roles(found.roles, text),
            locked: found.lockedUntil.flatMap { $0 > now ? text.time($0) : nil },
            secondFactor: secondFactor(found, text),
            hasSecondFactor: found.secondFactorSince != nil,
            mustChangePassword: found.mustChangePassword,
            otherLogins: found.otherLogins.joined(separator: " · "), canChange: canChange,
            oneTimePassword: oneTimePassword,
            sessions: try await sessions(
                of: login, action: "/staff/\(login)/sessions",
                mayEnd: canChange || login == actor.login, by: actor, context))
        var response = try desk.page("staff/show", view, context)
        if oneTimePassword != nil { response.headers[.cacheControl] = "no-store" }
        return response
    }

    private func showOwn(_ context: WebContext) async throws -> Response {
        let actor = try await desk.actor(context)
        guard let found = try await desk.accounts.find(actor.login, by: actor) else {
            throw AccountsRefusal.unknownAccount
        }
        let text = desk.text(context)
        let view = OwnView(
            login: actor.login, rolesText: roles(found.roles, text),
            secondFactor: secondFactor(found, text),
            hasSecondFactor: found.secondFactorSince != nil,
            sessions: try await sessions(
                of: actor.login, action: "/account/sessions", mayEnd: true, by: actor, context))
        return try desk.page("staff/account", view, context)
    }

    private func roles(_ roles: [String], _ text: PageText) -> String {
        roles.map { text.words("role." + $0) }.joined(separator: " · ")
    }

    private func secondFactor(_ found: Accounts.Found, _ text: PageText) -> String {
        guard let since = found.secondFactorSince else { return text.words("secondFactor.none") }
        return text.words(
            "secondFactor.since",
            ["time": text.time(since), "codes": String(found.recoveryCodeCount)])
    }

    private func sessions(
        of login: String, action: String, mayEnd: Bool, by actor: StaffActor,
        _ context: WebContext
    ) async throws -> SessionsView {
        let text = desk.text(context)
        let own = try context.requireSession().tokenHash
        let now = desk.now
        let sessions = try await desk.accounts.sessions(of: login, by: actor, at: now)
        return SessionsView(
            action: action, hasSessions: !sessions.isEmpty,
            sessions: sessions.map {
                SessionView(
                    id: String($0.sessionID), began: text.time($0.createdAt),
                    seen: text.words(
                        "tills.ago", ["span": text.span(now.milliseconds(since: $0.lastSeenAt))]),
                    address: $0.address.isEmpty ? "–" : $0.address,
                    agent: $0.agent.isEmpty ? "–" : $0.agent, isThis: $0.tokenHash == own,
                    canEnd: mayEnd && $0.tokenHash != own)
            })
    }
}
