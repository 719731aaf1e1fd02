import Domain
import Hummingbird
import Journal
import WebSupport

/// A session as its program sees it.
private struct OpenedSession: APIObject {
    let token: String
    let expiresAt: Instant
    /// The step that must be taken before anything else.
    let step: String?

    static let shape = Shape<OpenedSession>(
        "OpenedSession",
        [
            Member("token", \.token), Member("expiresAt", \.expiresAt), Member("step", \.step),
        ])
}

/// Who is signed in.
private struct Caller: APIObject {
    let login: String
    let roles: [String]
    let step: String?

    static let shape = Shape<Caller>(
        "Caller", [Member("login", \.login), Member("roles", \.roles), Member("step", \.step)])
}

/// A text that is shown once.
private struct OneTimePasswordShown: APIObject {
    let password: String

    static let shape = Shape<OneTimePasswordShown>(
        "OneTimePassword", [Member("password", \.password)])
}

extension Accounts.Standing.Step {
    var word: String {
        switch self {
        case .secondFactor: "second_factor"
        case .changePassword: "change_password"
        case .setUpSecondFactor: "set_up_second_factor"
        }
    }
}

extension Accounts {
    private static let everyStep: Set<Standing.Step> = [
        .secondFactor, .changePassword, .setUpSecondFactor,
    ]
    private static let account = Field.text("account", 1...100, example: "zz")
    private static let code = Field.text("code", 1...40, example: "000000")
    private static let present = Field.text("present", 1...200, example: "no-such-1-password")
    private static let new = Field.text("new", 1...200, example: "no-such-2-password")

    /// Signing in and what a session does about itself.
    static let sessionEndpoints: [Endpoint] = [
        .make(
            "/sessions", "Signs in; a session that the request carries ends.", .everybody,
            [account, Fields.password]
        ) { call in
            let person = try await call.desk.accounts.signIn(
                login: call[account].trimmedText, password: call[Fields.password],
                address: call.context.peerAddress, at: call.now)
            return try await open(person, call)
        },
        .get("/session", "Who is signed in.", .signedIn(open: everyStep)) { call in
            let actor = try call.actor
            let hash = try call.context.requireSession().tokenHash
            return Caller(
                login: actor.login, roles: actor.roles.map(\.rawValue).sorted(),
                step: try await step(hash, call))
        },
        .delete("/session", "Signs out.", .signedIn(open: everyStep)) { call in
            try await call.desk.site.sessions.end(
                tokenHash: try call.context.requireSession().tokenHash)
        },
        .make(
            "/session/second-factor",
            "Passes the second factor; the session goes on under the new token.",
            .signedIn(open: [.secondFactor]), [code]
        ) { call in
            let session = try call.context.requireSession()
            let token = try await call.desk.accounts.passSecondFactor(
                call[code], tokenHash: session.tokenHash, to: .randomBearer(),
                by: call.actor, at: call.now)
            return OpenedSession(
                token: token.text, expiresAt: session.expiresAt.instant,
                step: try await step(token.hash, call))
        },
        .post(
            "/session/password", "Changes the own password and ends every session of the login.",
            .signedIn(open: [.changePassword]), [present, new]
        ) { call in
            try await call.desk.accounts.changePassword(
                from: call[present], to: call[new], by: call.actor, at: call.now)
        },
    ]

    /// A token is made at each sign-in, so that one planted before is worth nothing.
    private static func open(
        _ person: SignedInPerson, _ call: APICall
    ) async throws -> OpenedSession {
        let site = call.desk.site
        if let old = call.context.session { try await site.sessions.end(tokenHash: old.tokenHash) }
        let token = SessionToken.randomBearer()
        let session = Session.begin(
            token: token, person: person, language: nil, limits: site.sessionLimits,
            at: site.now(), address: call.context.peerAddress,
            agent: call.request.headers[.userAgent] ?? "")
        try await site.sessions.create(session)
        return OpenedSession(
            token: token.text, expiresAt: session.expiresAt.instant,
            step: try await step(token.hash, call))
    }

    private static func step(_ tokenHash: [UInt8], _ call: APICall) async throws -> String? {
        try await call.desk.accounts.standing(tokenHash: tokenHash)?
            .next(call.desk.secondFactor)?.word
    }
}

extension Accounts.Listed: APIObject {
    static let shape = Shape<Accounts.Listed>(
        "Staff",
        [
            Member("login", \.login), Member(key: "person", \.personID),
            Member("name", \.personName), Member("roles", \.roles),
            Member("disabled", \.isDisabled), Member("lockedUntil", \.lockedUntil),
            Member("createdAt", \.createdAt),
        ])
}

extension Accounts.Found: APIObject {
    static let shape = Shape<Accounts.Found>(
        "StaffLogin",
        [
            Member("login", \.login), Member(key: "person", \.personID),
            Member("name", \.personName), Member("roles", \.roles),
            Member("disabled", \.isDisabled), Member("lockedUntil", \.lockedUntil),
            Member("mustChangePassword", \.mustChangePassword),
            Member("secondFactorSince", \.secondFactorSince),
            Member("recoveryCodes", \.recoveryCodeCount),
            Member("otherLogins", \.otherLogins),
        ])
}

extension Accounts.ListedSession: APIObject {
    static let shape = Shape<Accounts.ListedSession>(
        "Session",
        [
            Member(key: "session", \.sessionID), Member("createdAt", \.createdAt),
            Member("lastSeenAt", \.lastSeenAt), Member("address", \.address),
            Member("agent", \.agent),
        ])
}

extension Accounts {
    private static let login = Fields.login
    private static let after = Field.code("after", example: "zz").or("")
    private static let roles = Field<Set<StaffRole>>.choices("roles")
    private static let sameAs = Field.code("person", example: "zz").optional
    private static let session = Field.key("session")
    private static let lookers = Endpoint.Access.of(.operator, .auditor)

    /// Head office's logins.
    static let staffEndpoints: [Endpoint] = [
        .get("/staff", "Logins by their names.", lookers, [Fields.text, after]) { call in
            let found = try await call.desk.accounts.list(
                text: call[Fields.text], after: call[after], by: call.actor)
            return Page(found, of: Accounts.pageSize, key: \.login)
        },
        .post(
            "/staff",
            "Makes a login, of a new person or of the person of another login; its password is for one sign-in.",
            .of(.operator), [login, Fields.name.or(""), sameAs, roles, Fields.password]
        ) { call in
            let person: PersonChoice =
                try call[sameAs].map { .sameAs(login: $0) } ?? .named(call[Fields.name.or("")])
            try await call.desk.accounts.addStaff(
                NewStaff(
                    person: person, login: call[login], roles: call[roles],
                    password: call[Fields.password], mustChangePassword: true),
                by: call.actor, at: call.now)
        },
        .get("/staff/{login}", "One login.", lookers, [login]) { call in
            guard let found = try await call.desk.accounts.find(call[login], by: call.actor) else {
                throw AccountsRefusal.unknownAccount
            }
            return found
        },
        .put(
            "/staff/{login}/roles", "Gives other roles and ends the login's sessions.",
            .of(.operator), [login, roles]
        ) { call in
            try await call.desk.accounts.setRoles(
                call[roles], of: call[login], by: call.actor, at: call.now)
        },
        .put(
            "/staff/{login}/disabled", "Closes a login or opens it again.", .of(.operator),
            [login, Fields.disabled]
        ) { call in
            try await call.desk.accounts.setDisabled(
                call[Fields.disabled], login: call[login], by: call.actor, at: call.now)
        },
        .make(
            "/staff/{login}/password", "Makes a password for one sign-in within a day.",
            .of(.operator), [login]
        ) { call in
            OneTimePasswordShown(
                password: try await call.desk.accounts.resetPassword(
                    of: call[login], by: call.actor, at: call.now))
        },
        .post(
            "/staff/{login}/unlock", "Opens a login that wrong passwords locked.", .of(.operator),
            [login]
        ) { call in
            try await call.desk.accounts.unlock(call[login], by: call.actor, at: call.now)
        },
        .delete(
            "/staff/{login}/second-factor", "Takes the second factor away.", .of(.operator),
            [login]
        ) { call in
            try await call.desk.accounts.resetSecondFactor(
                of: call[login], by: call.actor, at: call.now)
        },
        .get(
            "/staff/{login}/sessions", "Where a login is signed in.", lookers, [login]
        ) { call in
            Page(
                try await call.desk.accounts.sessions(
                    of: call[login], by: call.actor, at: call.now))
        },
        .delete(
            "/staff/{login}/sessions/{session}", "Ends one session.", .of(.operator),
            [login, session]
        ) { call in
            try await call.desk.accounts.endSession(
                call[session], of: call[login], by: call.actor, at: call.now)
        },
    ]
}
