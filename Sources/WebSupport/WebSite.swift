public import Hummingbird
import Logging

/// What both web faces share, put together once by a node.
///
/// ```swift
/// let site = WebSite(
///     pages: try Pages(folders: [Bundle.module.bundlePath + "/Resources"], navigation: items),
///     sessions: SQLiteSessionStore(database),
///     sessionLimits: .init(idle: .seconds(12 * 3600), absolute: .seconds(16 * 3600)),
///     now: clock)
/// let router = site.makeRouter()
/// SignIn(site: site, check: accounts.check).addRoutes(to: router)
/// let staff = router.group().add(middleware: RequireSignedIn())
/// staff.get("/orders") { request, context in
///     try site.pages.page("orders/list", OrdersView(…), context: context)
/// }
/// ```
public struct WebSite: Sendable {
    /// Templates, words and assets.
    public let pages: Pages
    /// Where sessions are kept.
    public let sessions: any SessionStore
    /// How long sessions last.
    public let sessionLimits: SessionLimits
    /// The clock.
    public let now: @Sendable () -> WebTime
    /// Below it, sessions are bearer tokens and cookies mean nothing; nil when there is no such part.
    let bearerPath: String?
    private let allowedHosts: Set<String>
    private let isReachedOverTLS: Bool

    /// - Parameters:
    ///   - allowedHosts: hosts, without port, under which browsers may ask for this site.
    ///   - bearerPath: below it, such as `/api/v1/`, programs ask with bearer tokens; cookies mean nothing there.
    ///   - isReachedOverTLS: whether browsers speak TLS to this site or to the proxy before it.
    public init(
        pages: Pages, sessions: any SessionStore, sessionLimits: SessionLimits,
        bearerPath: String? = nil,
        allowedHosts: [String] = ["localhost", "127.0.0.1", "::1"],
        isReachedOverTLS: Bool = false, now: @escaping @Sendable () -> WebTime
    ) {
        self.pages = pages
        self.sessions = sessions
        self.sessionLimits = sessionLimits
        self.bearerPath = bearerPath
        self.allowedHosts = Set(allowedHosts.map { $0.lowercased() })
        self.isReachedOverTLS = isReachedOverTLS
        self.now = now
    }

    /// A router with the whole chain in place. Routes added to it are public until they are put
    /// in a group behind `RequireSignedIn`.
    ///
    /// Error pages stand twice in the chain: outside for what fails before the session is known,
    /// inside to answer in the session's language.
    public func makeRouter() -> Router<WebContext> {
        let router = Router(context: WebContext.self, options: .autoGenerateHeadEndpoints)
        router.add(middleware: SecurityHeaders(isReachedOverTLS: isReachedOverTLS))
        router.add(middleware: ErrorPages(pages: pages))
        router.add(middleware: RequestChecks(allowedHosts: allowedHosts))
        router.add(middleware: AssetMiddleware(assets: pages.assets))
        router.add(middleware: SessionMiddleware(site: self))
        router.add(middleware: ErrorPages(pages: pages))
        router.add(middleware: CrossSiteProtection())
        return router
    }
}
