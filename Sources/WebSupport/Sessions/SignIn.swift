import Foundation
public import Hummingbird

/// The sign-in page, signing out and the language switch, the same at both nodes.
///
/// A new token is made at each sign-in and the old session ended, so a token planted before
/// sign-in is worth nothing after it.
public struct SignIn: Sendable {
    /// Checks a login and password and says who it is.
    ///
    /// - Shape: login and password as typed (the login trimmed), the peer's address.
    /// - Refuses: `.wrongPassword` for any mismatch, `.tooManyAttempts`, `.busy`.
    public typealias Check =
        @Sendable (_ login: String, _ password: String, _ address: String) async throws ->
        SignedInPerson

    private let site: WebSite
    private let check: Check

    /// - Parameter check: the node's own accounts and throttle.
    public init(site: WebSite, check: @escaping Check) {
        self.site = site
        self.check = check
    }

    /// Adds `GET` and `POST /sign-in`, `POST /sign-out` and `POST /language`.
    public func addRoutes(to router: Router<WebContext>) {
        router.get("/sign-in") { request, context -> Response in
            let next = try request.query().optional("next")
            if context.session != nil { return .redirect(to: Self.safePath(next)) }
            return try page(context: context, next: next)
        }
        router.post("/sign-in") { request, context in
            try await signIn(request, context: context)
        }
        router.post("/sign-out") { _, context in
            if let session = context.session {
                try await site.sessions.end(tokenHash: session.tokenHash)
            }
            var response = Response.redirect(to: "/sign-in")
            response.setCookie(SessionCookies.remove(SessionCookies.session))
            return response
        }
        router.post("/language") { _, context in
            try await switchLanguage(context)
        }
    }

    private func signIn(_ request: Request, context: WebContext) async throws -> Response {
        let form = try context.requireForm()
        let login = try form.require("account").trimmingCharacters(in: .whitespaces)
        let password = try form.require("password")
        let next = try form.optional("next")
        let person: SignedInPerson
        do {
            guard login.utf8.count <= 100, password.utf8.count <= 1000, !password.isEmpty else {
                throw RequestRefusal.wrongPassword
            }
            person = try await check(login, password, context.peerAddress)
        } catch let refusal as any WebRefusal {
            return try page(context: context, next: next, login: login, refusal: refusal)
        }
        if let old = context.session { try await site.sessions.end(tokenHash: old.tokenHash) }
        let token = SessionToken.random()
        let chosen = (request.cookies[SessionCookies.language]?.value)
            .flatMap(Language.init(rawValue:))
        try await site.sessions.create(
            .begin(
                token: token, person: person, language: chosen, limits: site.sessionLimits,
                at: site.now(), address: context.peerAddress,
                agent: request.headers[.userAgent] ?? ""))
        var response = Response.redirect(to: Self.safePath(next))
        response.setCookie(SessionCookies.make(SessionCookies.session, token.text))
        response.setCookie(SessionCookies.remove(SessionCookies.visitor))
        return response
    }

    private func switchLanguage(_ context: WebContext) async throws -> Response {
        let form = try context.requireForm()
        guard let language = Language(rawValue: try form.require("language")) else {
            throw RequestRefusal.malformedBody
        }
        if let session = context.session {
            try await site.sessions.setLanguage(language, tokenHash: session.tokenHash)
        }
        var response = Response.redirect(to: Self.safePath(try form.optional("page")))
        response.setCookie(
            SessionCookies.make(
                SessionCookies.language, language.rawValue, maxAge: 365 * 24 * 3600))
        return response
    }

    private func page(
        context: WebContext, next: String?, login: String = "", refusal: (any WebRefusal)? = nil
    ) throws -> Response {
        let words = site.pages.words(context.language)
        let view = SignInView(
            heading: words("signIn.heading"), introduction: words("signIn.introduction"),
            account: login, next: Self.safePath(next),
            error: refusal.map { words($0.wordKey, $0.wordValues) })
        var response = try site.pages.page(
            "sign-in", view, context: context, status: refusal?.status ?? .ok)
        if let seconds = refusal?.retryAfterSeconds {
            response.headers[.retryAfter] = String(seconds)
        }
        return response
    }

    /// A path on this site, or `/`: never another site's address.
    static func safePath(_ path: String?) -> String {
        guard let path, path.hasPrefix("/"), !path.hasPrefix("//"), !path.contains("\\"),
            path.utf8.count <= 2000, path.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }),
            !path.hasPrefix("/sign-in")
        else { return "/" }
        return path
    }

    static func escaped(_ path: String) -> String {
        var allowed = CharacterSet.alphanumerics
        allowed.insert(charactersIn: "-._~/")
        return path.addingPercentEncoding(withAllowedCharacters: allowed) ?? "/"
    }
}

extension Response {
    /// Gives the browser another token for its session, whose row has been moved to the token's hash before.
    public mutating func setSessionToken(_ token: SessionToken) {
        setCookie(SessionCookies.make(SessionCookies.session, token.text))
    }
}

struct SignInView {
    let heading: String
    let introduction: String
    let account: String
    let next: String
    let error: String?
}
