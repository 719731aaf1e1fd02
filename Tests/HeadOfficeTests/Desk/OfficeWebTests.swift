import Domain
import Foundation
import Hummingbird
import HummingbirdTesting
import PostgresDriver
import Testing
import WebSupport

@testable import HeadOffice

struct OfficeWebTests {
    /// A browser signed in to the staff pages.
    struct Browser {
        let client: any TestClientProtocol
        var cookie = ""
        var token = ""

        mutating func signIn(_ login: String, _ password: String = DeskWorld.password) async throws
        {
            let page = try await client.execute(uri: "/sign-in", method: .get)
            keep(page)
            token = Self.token(in: String(buffer: page.body))
            let answer = try await post(
                "/sign-in", "account=\(login)&password=\(password)&next=/")
            #expect(answer.status == .seeOther || answer.status == .found)
            keep(answer)
            let home = try await get("/")
            token = Self.token(in: String(buffer: home.body))
        }

        mutating func keep(_ response: TestResponse) {
            let set = response.headers[values: .setCookie].compactMap {
                $0.split(separator: ";").first.map(String.init)
            }.filter { !$0.hasSuffix("=") }
            if !set.isEmpty { cookie = set.joined(separator: "; ") }
        }

        static func token(in page: String) -> String {
            guard let mark = page.range(of: "name=\"csrf-token\" content=\"") else { return "" }
            return String(page[mark.upperBound...].prefix { $0 != "\"" })
        }

        func get(_ path: String, language: String = "zh-Hans") async throws -> TestResponse {
            try await client.execute(
                uri: path, method: .get,
                headers: [.cookie: cookie, .acceptLanguage: language])
        }

        /// The bytes of a page that is there.
        func size(_ path: String) async throws -> Int {
            let page = try await get(path)
            #expect(page.status == .ok, "\(path)")
            return page.body.readableBytes
        }

        func post(_ path: String, _ form: String, token: String? = nil) async throws -> TestResponse
        {
            let secret =
                (token ?? self.token).addingPercentEncoding(
                    withAllowedCharacters: .alphanumerics) ?? ""
            return try await client.execute(
                uri: path, method: .post,
                headers: [.cookie: cookie, .contentType: "application/x-www-form-urlencoded"],
                body: ByteBuffer(string: form + "&csrf=" + secret))
        }
    }

    static func withBrowsers(
        _ world: DeskWorld,
        _ body: @escaping @Sendable (any TestClientProtocol) async throws -> Void
    ) async throws {
        let web = try world.web()
        let application = Application(router: web.makeRouter())
        try await application.test(.router) { client in try await body(client) }
    }

    private func withBrowsers(
        _ body: @escaping @Sendable (DeskWorld, any TestClientProtocol) async throws -> Void
    ) async throws {
        try await withDesk { world in
            try await Self.withBrowsers(world) { client in try await body(world, client) }
        }
    }

    @Test func `templates, words and assets of the staff pages fit together`() throws {
        #expect(try OfficeWeb.makePages().lint() == [])
    }

    @Test func `every refusal has its word in both languages`() throws {
        var codes: [String] = []
        codes += AccountsRefusal.allCases.map(\.code) + CardsRefusal.allCases.map(\.code)
        codes += CatalogueRefusal.allCases.map(\.code) + FinanceRefusal.allCases.map(\.code)
        codes += MonthClosing.Refusal.allCases.map(\.code)
        codes += MonthCloseRefusal.allCases.map(\.code)
        codes += SettlementRefusal.allCases.map(\.code) + FeeRatesRefusal.allCases.map(\.code)
        codes += ProgrammesRefusal.allCases.map(\.code) + RefundsRefusal.allCases.map(\.code)
        codes += StoresRefusal.allCases.map(\.code) + TillRefusal.allCases.map(\.code)
        codes += MoneyRefusal.allCases.map(\.code) + CardRefusal.allCases.map(\.code)
        codes += FourEyes.Refusal.allCases.map(\.code)
        codes += [RoleRefusal.roleMissing.code]
        var reportKeys = TransferKind.allCases.map { "transfer.\($0.rawValue)" }
        for report in MonthReport.allCases {
            reportKeys += ["report.\(report.rawValue)", "report.\(report.rawValue).about"]
            reportKeys += report.columns.map { "column.\($0.key)" }
        }
        let keys =
            codes.map { "refusal." + $0 } + StaffRole.allCases.map { "role." + $0.rawValue }
            + CatalogueRowFault.allCases.map { "fault." + $0.rawValue }
            + AccountKind.allCases.map { "account." + $0.rawValue }
            + Refunds.Filter.allCases.map { "state." + $0.rawValue }
        let faults = LoadRowFault.allCases.map { "fault." + $0.rawValue }
        let kinds = CardRequestKind.allCases.map { "cardRequest." + $0.rawValue }
        let hints = kinds.map { $0 + ".hint" }
        let languages = try OfficeWeb.makePages().languages
        #expect(languages.missingKeys(among: faults + kinds + hints) == [])
        #expect(languages.missingKeys(among: keys + reportKeys) == [])
    }

    static let pages: [(String, Set<StaffRole>)] = [
        ("/", Set(StaffRole.allCases)),
        ("/refunds", [.approver, .finance, .auditor]),
        ("/refunds/grace", [.approver, .finance, .auditor]),
        ("/exceptions", [.approver, .finance, .auditor]),
        ("/exceptions/bearers", [.approver, .finance, .auditor]),
        ("/quarantine", [.finance, .auditor, .storeAdministrator]),
        (
            "/orders",
            [.approver, .finance, .auditor, .storeAdministrator, .issuer, .issuingSupervisor]
        ),
        ("/cards", [.issuer, .issuingSupervisor, .approver, .finance, .auditor]),
        ("/batches", [.issuer, .issuingSupervisor, .finance, .auditor]),
        ("/loads", [.issuer, .issuingSupervisor, .approver, .finance, .auditor]),
        ("/card-requests", [.issuer, .issuingSupervisor, .approver, .finance, .auditor]),
        ("/mailers", [.issuer, .issuingSupervisor, .approver, .finance, .auditor]),
        ("/load-files", [.issuer, .issuingSupervisor, .approver, .finance, .auditor]),
        ("/stores", [.storeAdministrator, .auditor, .finance, .operator]),
        ("/stores/GD0001", [.storeAdministrator, .auditor, .finance, .operator]),
        ("/tills", [.storeAdministrator, .auditor, .operator]),
        ("/tills/GD0001-01/days", [.storeAdministrator, .auditor, .finance, .operator]),
        ("/tills?format=csv", [.storeAdministrator, .auditor, .operator]),
        ("/keys", [.storeAdministrator, .auditor, .operator]),
        ("/catalogue", [.storeAdministrator, .auditor]),
        (
            "/programmes/acceptance",
            [.issuer, .issuingSupervisor, .storeAdministrator, .auditor, .finance]
        ),
        (
            "/programmes/GD",
            [.issuer, .issuingSupervisor, .storeAdministrator, .auditor, .finance]
        ),
        ("/programmes", [.issuer, .issuingSupervisor, .storeAdministrator, .auditor, .finance]),
        ("/finance", [.finance, .auditor]),
        ("/finance/settlements", [.finance, .auditor]),
        ("/finance/closing", [.finance, .auditor]),
        ("/finance/verify", [.finance, .auditor]),
        ("/finance/transfers", [.finance, .auditor]),
        ("/finance/files", [.finance, .auditor]),
        ("/finance/voucher", [.finance, .auditor]),
        ("/finance/reports/trial-balance", [.finance, .auditor]),
        ("/finance/fees", [.finance, .auditor, .storeAdministrator]),
        ("/audit", [.auditor, .operator]),
        ("/staff", [.operator, .auditor]),
        ("/staff/operator", [.operator, .auditor]),
        ("/staff?format=csv", [.operator, .auditor]),
        (
            "/loads?state=all&format=csv",
            [.issuer, .issuingSupervisor, .approver, .finance, .auditor]
        ),
        ("/password", Set(StaffRole.allCases)),
        ("/account", Set(StaffRole.allCases)),
    ]

    @Test func `each page stands under exactly one entry of the top bar, for whoever may see it`()
        async throws
    {
        try await withBrowsers { _, client in
            for role in StaffRole.allCases {
                var browser = Browser(client: client)
                try await browser.signIn(role.rawValue.replacing("_", with: "-"))
                for (path, allowed) in Self.pages
                where allowed.contains(role) && !path.contains("format=") {
                    let page = String(buffer: try await browser.get(path).body)
                    let end = page.range(of: "</header>")?.lowerBound ?? page.endIndex
                    let marked = page[..<end].split(separator: "<a ").filter {
                        $0.contains("aria-current=\"page\"")
                    }
                    #expect(marked.count == 1, "\(role.rawValue) \(path): \(marked)")
                    let isOwn = path == "/account" || path == "/password"
                    #expect(
                        marked.first?.hasPrefix("class=\"person is-current\"") == isOwn,
                        "\(role.rawValue) \(path): \(marked)")
                }
            }
        }
    }

    @Test func `each page opens for its roles, in both languages, and for no other`() async throws {
        try await withBrowsers { world, client in
            for role in StaffRole.allCases {
                var browser = Browser(client: client)
                try await browser.signIn(role.rawValue.replacing("_", with: "-"))
                for (path, allowed) in Self.pages {
                    for language in ["zh-Hans", "en"] {
                        let answer = try await browser.get(path, language: language)
                        let wanted: HTTPResponse.Status =
                            allowed.contains(role) ? .ok : .forbidden
                        #expect(answer.status == wanted, "\(role.rawValue) \(path) \(language)")
                        let body = String(buffer: answer.body)
                        #expect(!body.contains("⟦"), "\(path) lacks a word")
                    }
                }
            }
        }
    }

    @Test func `nobody sees a page without signing in, and sign-out ends the session`()
        async throws
    {
        try await withBrowsers { world, client in
            for (path, _) in Self.pages {
                let answer = try await client.execute(uri: path, method: .get)
                #expect(answer.status == .seeOther || answer.status == .found, "\(path)")
            }
            var browser = Browser(client: client)
            try await browser.signIn("finance")
            #expect(try await browser.get("/finance").status == .ok)
            #expect(try await browser.get("/api/refunds").status == .notFound)
            _ = try await browser.post("/sign-out", "")
            let after = try await browser.get("/finance")
            #expect(after.status != .ok)
        }
    }

    @Test func `a form without the session's secret changes nothing`() async throws {
        try await withBrowsers { world, client in
            var browser = Browser(client: client)
            try await browser.signIn("issuer")
            let form = "programme=JS&quantity=1&initialLoad=0.00&note="
            #expect(try await browser.post("/batches", form, token: "x").status == .forbidden)
            #expect(try await world.number("SELECT count(*) AS n FROM card_batch") == 0)
            #expect(try await browser.post("/batches", form).status == .seeOther)
            #expect(try await world.number("SELECT count(*) AS n FROM card_batch") == 1)
        }
    }

    @Test func `a refund is decided from its page, and a refusal is shown with its code`()
        async throws
    {
        try await withBrowsers { world, client in
            let number = "6160201901100002"
            let card = try await world.issueCard(number: number, load: 50_000)
            let sale = try await world.sell(
                [.init(price: 1_680, quantity: 2)], card: card, number: number)
            let request = try await world.request(sale, [0: 1], amount: 1_680, number: number)
            var browser = Browser(client: client)
            try await browser.signIn("approver")
            let list = String(buffer: try await browser.get("/refunds").body)
            #expect(list.contains("/refunds/\(request)"))
            let page = String(buffer: try await browser.get("/refunds/\(request)").body)
            let mark = try #require(page.range(of: "name=\"digest\" value=\""))
            let digest = String(page[mark.upperBound...].prefix { $0 != "\"" })
            let stale = try await browser.post(
                "/refunds/\(request)",
                "digest=\(String(digest.reversed()))&verdict=approved&opinion=ok")
            #expect(stale.status == .conflict)
            #expect(String(buffer: stale.body).contains("digest_differs"))
            let done = try await browser.post(
                "/refunds/\(request)", "digest=\(digest)&verdict=approved&opinion=ok")
            #expect(done.status == .seeOther)
            let again = try await browser.post(
                "/refunds/\(request)", "digest=\(digest)&verdict=approved&opinion=ok")
            #expect(String(buffer: again.body).contains("already_decided"))
            #expect(try await browser.get("/orders/\(sale)").status == .ok)
            #expect(try await browser.get("/cards/\(card)").status == .ok)
            #expect(try await browser.get("/refunds/\(request)", language: "en").status == .ok)
        }
    }

    @Test func `an export carries its hash and leaves its trace`() async throws {
        try await withBrowsers { world, client in
            var browser = Browser(client: client)
            try await browser.signIn("finance")
            let file = try await browser.get("/finance/exports/monthly-sales?month=2026-11")
            #expect(file.status == .ok)
            let name = try #require(HTTPFields.Element.Name("Huiyika-SHA256"))
            let hash = try #require(file.headers[name])
            let page = String(buffer: try await browser.get("/finance").body)
            #expect(page.contains(hash))
            let wrong = try await browser.get("/finance?month=2026-13")
            #expect(String(buffer: wrong.body).contains("month_invalid"))
        }
    }
}
