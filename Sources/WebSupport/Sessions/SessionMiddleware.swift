public import Hummingbird

/// Finds the session of a request and prepares the secret that its forms must carry.
///
/// Before sign-in the secret is bound to a cookie of its own, so that another site cannot make a
/// browser sign in to a stranger's account.
struct SessionMiddleware: RouterMiddleware {
    let site: WebSite

    func handle(
        _ request: Request, context: WebContext,
        next: @concurrent (Request, WebContext) async throws -> Response
    ) async throws -> Response {
        var context = context
        if let path = site.bearerPath, request.uri.path.hasPrefix(path) {
            context.credential = .bearer
            context.session = try await session(
                request.headers[.authorization].flatMap(SessionToken.init(authorization:)))
            context.language = Language.negotiate(
                session: nil, cookie: nil, acceptLanguage: request.headers[.acceptLanguage])
            return try await next(request, context)
        }
        let cookies = request.cookies
        context.session = try await session(
            (cookies[SessionCookies.session]?.value).flatMap(SessionToken.init(cookie:)))
        context.language = Language.negotiate(
            session: context.session?.language, cookie: cookies[SessionCookies.language]?.value,
            acceptLanguage: request.headers[.acceptLanguage])
        context.notice = (cookies[Notice.cookieName]?.value).flatMap(Notice.init(cookieValue:))

        var freshVisitor: SessionToken?
        if let session = context.session {
            context.formToken = session.formToken
        } else if let visitor = (cookies[SessionCookies.visitor]?.value)
            .flatMap(SessionToken.init(cookie:))
        {
            context.formToken = SessionToken.base64URL(visitor.hash)
        } else {
            let visitor = SessionToken.random()
            freshVisitor = visitor
            context.formToken = SessionToken.base64URL(visitor.hash)
        }
        var response = try await next(request, context)
        if let freshVisitor, response.headers[.setCookie] == nil {
            response.setCookie(SessionCookies.make(SessionCookies.visitor, freshVisitor.text))
        }
        return response
    }

    private func session(_ token: SessionToken?) async throws -> Session? {
        guard let token, let session = try await site.sessions.find(tokenHash: token.hash)
        else { return nil }
        let now = site.now()
        // A store that can only be read just now keeps nobody from the pages: the next request writes it.
        guard session.isAlive(at: now) else {
            try? await site.sessions.end(tokenHash: session.tokenHash)
            return nil
        }
        if session.lastSeenAt.adding(.seconds(30)) <= now {
            try? await site.sessions.touch(tokenHash: session.tokenHash, at: now)
        }
        return session
    }
}

/// The cookies of the web parts. The prefix `__Host-` makes browsers refuse them from a
/// neighbouring host or over a plain connection (loopback counts as safe).
enum SessionCookies {
    static let session = "__Host-huiyika"
    static let visitor = "__Host-huiyika-visitor"
    static let language = "__Host-huiyika-language"

    static func make(_ name: String, _ value: String, maxAge: Int? = nil) -> Cookie {
        if let maxAge {
            return Cookie(
                name: name, value: value, maxAge: maxAge, path: "/", secure: true, httpOnly: true,
                sameSite: .strict)
        }
        return Cookie(
            name: name, value: value, path: "/", secure: true, httpOnly: true, sameSite: .strict)
    }

    static func remove(_ name: String) -> Cookie { make(name, "", maxAge: 0) }
}

/// Lets only people who are signed in reach the routes behind it: others are sent to the sign-in
/// page, or get 401 below `/api`.
public struct RequireSignedIn: RouterMiddleware {
    private let roles: [String]

    /// - Parameter roles: when not empty, one of these must be held (else `.notAllowed`). The
    ///   service behind the route checks again.
    public init(roles: [String] = []) {
        self.roles = roles
    }

    /// Refuses: `.notSignedIn` (a redirect for pages), `.notAllowed`.
    public func handle(
        _ request: Request, context: WebContext,
        next: @concurrent (Request, WebContext) async throws -> Response
    ) async throws -> Response {
        guard let session = context.session else {
            guard !request.wantsJSON, request.method == .get || request.method == .head else {
                throw RequestRefusal.notSignedIn
            }
            return .redirect(to: "/sign-in?next=" + SignIn.escaped(request.uri.string))
        }
        guard roles.isEmpty || session.roles.contains(where: roles.contains) else {
            throw RequestRefusal.notAllowed
        }
        return try await next(request, context)
    }
}
