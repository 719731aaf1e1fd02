public import Foundation
public import Hummingbird
public import WebSupport

/// The staff pages: everything head office's people do in a browser.
///
/// Mount `makeRouter()` on the loopback web port; call `drain()` when the program stops.
public struct OfficeWeb: Sendable {
    private let desk: OfficeDesk

    /// Hosts under which this machine itself asks for the pages.
    public static let loopbackHosts = ["localhost", "127.0.0.1", "::1"]

    /// - Parameters:
    ///   - exportFolder: where files that are written in the background lie.
    ///   - allowedHosts: hosts, without port, under which browsers may ask for the pages.
    ///   - isReachedOverTLS: whether a proxy that holds a certificate stands before them.
    ///   - secondFactor: whether roles that move money must have one.
    ///   - passwordCost: cheaper only in tests.
    /// - Refuses: templates, words or assets that cannot be used (`ResourceError`).
    public init(
        store: OfficeStore, telephones: OfficeTelephones, exportFolder: URL,
        allowedHosts: [String] = loopbackHosts,
        isReachedOverTLS: Bool = false, secondFactor: SecondFactorPolicy = .optional,
        passwordCost: StaffPassword.Cost = .standard
    ) throws {
        let pages = try Self.makePages()
        let clock = store.clock
        let site = WebSite(
            pages: pages, sessions: OfficeSessions(store: store),
            sessionLimits: OfficeSessions.limits, bearerPath: OfficeAPI.root + "/",
            allowedHosts: allowedHosts,
            isReachedOverTLS: isReachedOverTLS, now: { WebTime(clock.now()) })
        desk = OfficeDesk(
            site: site, store: store, telephones: telephones,
            passwords: PasswordWorker(cost: passwordCost), secondFactor: secondFactor,
            exportFolder: exportFolder)
    }

    /// Templates, words and assets of the staff pages, for the server and for the lint test.
    public static func makePages() throws -> Pages {
        try Pages(
            folders: [Bundle.module.bundlePath + "/Resources"], navigation: navigation,
            siteWordKey: "site.office",
            accountPages: ["/account", "/password", "/second-factor"],
            libraries: ["chart.js": "/usr/share/javascript/chart.js/chart.min.js"])
    }

    private static let navigation = [
        NavigationItem(path: "/", wordKey: "nav.overview"),
        item("/refunds", "nav.refunds", [.approver, .finance, .auditor]),
        item(
            "/exceptions", "nav.exceptions", [.approver, .finance, .auditor],
            pages: ["/quarantine"]),
        item(
            "/orders", "nav.orders",
            [.approver, .finance, .auditor, .storeAdministrator, .issuer, .issuingSupervisor]),
        item(
            "/cards", "nav.cards", [.issuer, .issuingSupervisor, .approver, .finance, .auditor],
            pages: ["/card-requests", "/mailers", "/loads", "/load-files"]),
        item("/batches", "nav.batches", [.issuer, .issuingSupervisor, .finance, .auditor]),
        item(
            "/loads", "nav.loads", [.issuer, .issuingSupervisor, .finance, .auditor],
            pages: ["/load-files"]),
        item(
            "/stores", "nav.stores", [.storeAdministrator, .finance, .auditor, .operator],
            pages: ["/tills", "/finance/fees"]),
        item(
            "/tills", "nav.tills", [.storeAdministrator, .auditor, .operator],
            pages: ["/keys", "/quarantine"]),
        item("/catalogue", "nav.catalogue", [.storeAdministrator, .auditor]),
        item(
            "/programmes", "nav.programmes",
            [.issuer, .issuingSupervisor, .storeAdministrator, .finance, .auditor]),
        item("/finance", "nav.finance", [.finance, .auditor]),
        item("/audit", "nav.audit", [.auditor, .operator]),
        item("/staff", "nav.staff", [.operator, .auditor]),
    ]

    private static func item(
        _ path: String, _ wordKey: String, _ roles: [StaffRole], pages: [String] = []
    ) -> NavigationItem {
        NavigationItem(path: path, wordKey: wordKey, roles: roles.map(\.rawValue), pages: pages)
    }

    /// Whether a page may be offered to somebody: one of the top bar only to whoever sees it there.
    static func offers(_ page: String, to actor: StaffActor) -> Bool {
        navigation.allSatisfy { item in
            item.path != page || item.roles.isEmpty
                || actor.roles.contains { item.roles.contains($0.rawValue) }
        }
    }

    /// The router with every page and the JSON API.
    public func makeRouter() -> Router<WebContext> {
        let router = desk.site.makeRouter()
        let desk = desk
        SignIn(site: desk.site) { login, password, address in
            try await desk.accounts.signIn(
                login: login, password: password, address: address, at: desk.now)
        }.addRoutes(to: router)
        let phone = PhoneDesk(desk)
        PhonePages(phone: phone).addRoutes(to: router)
        PhoneCentrePages(phone: phone).addRoutes(to: router)
        let signedIn = router.group().add(middleware: RequireSignedIn())
        SecondFactorPages(desk: desk).addEntry(to: signedIn)
        let password = signedIn.group().add(
            middleware: OfficeGate(desk: desk, open: [.changePassword]))
        StaffPages(desk: desk).addPassword(to: password)
        let setUp = signedIn.group().add(
            middleware: OfficeGate(desk: desk, open: [.setUpSecondFactor]))
        SecondFactorPages(desk: desk).addSetUp(to: setUp)
        let staff = signedIn.group().add(middleware: OfficeGate(desk: desk))
        OverviewPages(desk: desk).addRoutes(to: staff)
        RefundPages(desk: desk).addRoutes(to: staff)
        ExceptionPages(desk: desk).addRoutes(to: staff)
        OrderPages(desk: desk).addRoutes(to: staff)
        CardPages(desk: desk).addRoutes(to: staff)
        BatchPages(desk: desk).addRoutes(to: staff)
        CardRequestPages(desk: desk).addRoutes(to: staff)
        MailerPages(desk: desk).addRoutes(to: staff)
        LoadFilePages(desk: desk).addRoutes(to: staff)
        LoadPages(desk: desk).addRoutes(to: staff)
        StorePages(desk: desk).addRoutes(to: staff)
        TillPages(desk: desk).addRoutes(to: staff)
        DayStatementPages(desk: desk).addRoutes(to: staff)
        TillPage(desk: desk).addRoutes(to: staff)
        QuarantinePages(desk: desk).addRoutes(to: staff)
        CataloguePages(desk: desk).addRoutes(to: staff)
        ProgrammePages(desk: desk).addRoutes(to: staff)
        FinancePages(desk: desk).addRoutes(to: staff)
        ReportPages(desk: desk).addRoutes(to: staff)
        TransferPages(desk: desk).addRoutes(to: staff)
        ExportOrderPages(desk: desk).addRoutes(to: staff)
        VoucherPages(desk: desk).addRoutes(to: staff)
        MonthClosePages(desk: desk).addRoutes(to: staff)
        SettlementPages(desk: desk).addRoutes(to: staff)
        FeeRatePages(desk: desk).addRoutes(to: staff)
        AuditPages(desk: desk).addRoutes(to: staff)
        OfficeKeyPages(desk: desk).addRoutes(to: staff)
        StaffPages(desk: desk).addRoutes(to: staff)
        StaffPage(desk: desk).addRoutes(to: staff)
        OfficeAPI(desk: desk).addRoutes(to: router)
        return router
    }

    /// Waits for what is being committed; nothing new begins.
    public func drain() async {
        await desk.commits.drain()
    }
}
