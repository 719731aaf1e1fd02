import Domain
import Foundation
import Hummingbird
import WebSupport

/// The till's pages and JSON endpoints (Docs/TILL-API.md).
struct TillWeb: Sendable {
    let site: WebSite
    let store: TillStore
    let identity: TillIdentity
    let checkout: Checkout
    let printing: Printing
    let contact: OfficeContact
    let signIn: StaffSignIn
    let world: TillWorld
    let commits: CommitTasks
    let customers = CustomerScreens()

    static let navigation = [
        NavigationItem(path: "/", wordKey: "till.nav.sell"),
        NavigationItem(path: "/orders", wordKey: "till.nav.orders"),
        NavigationItem(path: "/refunds", wordKey: "till.nav.refunds"),
        NavigationItem(path: "/day-close", wordKey: "till.nav.dayClose"),
        NavigationItem(path: "/printers", wordKey: "till.nav.printers"),
        NavigationItem(path: "/status", wordKey: "till.nav.status"),
    ]

    static let sessionLimits = SessionLimits(
        idle: .seconds(12 * 3_600), absolute: .seconds(16 * 3_600))

    /// The pages of the till; loaded once.
    static func makePages() throws -> Pages {
        try Pages(
            folders: [Bundle.module.bundlePath + "/Resources"], navigation: navigation,
            siteWordKey: "till.site")
    }

    static func makeSite(pages: Pages, store: TillStore, world: TillWorld) -> WebSite {
        WebSite(
            pages: pages, sessions: TillSessions(store: store), sessionLimits: sessionLimits,
            now: { WebTime(milliseconds: world.now().milliseconds) })
    }

    func makeRouter() -> Router<WebContext> {
        let router = site.makeRouter()
        SignIn(site: site) { login, password, _ in
            do {
                return try await signIn.check(login: login, password: password)
            } catch {
                throw ShownRefusal(error) ?? error
            }
        }.addRoutes(to: router)
        let staff = router.group().add(middleware: ShowRefusals())
            .add(middleware: RequireSignedIn())
        addSelling(to: staff)
        addHeldBaskets(to: staff)
        addPayments(to: staff)
        addCustomerScreen(to: staff)
        addOrders(to: staff)
        addRefunds(to: staff)
        addDayClose(to: staff)
        addPrinters(to: staff)
        addStatus(to: staff)
        return router
    }

    /// Runs what writes outside the request's task: a closed tab cannot undo it.
    func commit<Value: Sendable>(
        _ work: @escaping @Sendable () async throws -> Value
    ) async throws -> Value {
        try await commits.run(work)
    }

    func id(_ context: WebContext) throws -> RecordID {
        guard let text = context.parameters.get("id"), let id = RecordID(text) else {
            throw RequestRefusal.notFound
        }
        return id
    }
}

/// The one page of a till that head office does not know yet.
struct SetupWeb: Sendable {
    let site: WebSite

    struct View {}

    func makeRouter() -> Router<WebContext> {
        let router = site.makeRouter()
        for path: RouterPath in ["/", "/sign-in", "/status", "/orders", "/refunds", "/printers"] {
            router.get(path) { _, context in
                try site.pages.page("status/setup", View(), context: context)
            }
        }
        return router
    }
}
