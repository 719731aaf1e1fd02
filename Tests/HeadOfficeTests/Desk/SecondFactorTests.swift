import Domain
import Foundation
import Hummingbird
import HummingbirdTesting
import PostgresDriver
import Testing
import WebSupport

@testable import HeadOffice

struct SecondFactorTests {
    // RFC 6238, appendix B, SHA-1: the last six of the eight digits.
    @Test(arguments: [
        (Int64(59), "287082"), (1_111_111_109, "081804"), (1_111_111_111, "050471"),
        (1_234_567_890, "005924"), (2_000_000_000, "279037"), (20_000_000_000, "353130"),
    ])
    func `codes are those of RFC 6238`(seconds: Int64, wanted: String) {
        let code = TimeCode(secret: Array("12345678901234567890".utf8))
        #expect(code.code(step: TimeCode.step(atMilliseconds: seconds * 1_000)) == wanted)
        #expect(code.text == "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ")
    }

    @Test func `a code works one step early or late, and once`() {
        let code = TimeCode(secret: Array("12345678901234567890".utf8))
        let now: Int64 = 1_000 * 30_000
        for (step, isGood) in [
            (998, false), (999, true), (1_000, true), (1_001, true), (1_002, false),
        ] {
            let typed = code.code(step: Int64(step))
            #expect((code.step(of: typed, atMilliseconds: now, after: 0) != nil) == isGood)
        }
        #expect(code.step(of: code.code(step: 1_000), atMilliseconds: now, after: 1_000) == nil)
        #expect(code.step(of: "", atMilliseconds: now, after: 0) == nil)
    }

    private func withBrowsers(
        _ policy: SecondFactorPolicy,
        _ body: @escaping @Sendable (DeskWorld, any TestClientProtocol) async throws -> Void
    ) async throws {
        try await withDesk { world in
            let web = try world.web(secondFactor: policy)
            let application = Application(router: web.makeRouter())
            try await application.test(.router) { client in try await body(world, client) }
        }
    }

    private func code(of login: String, _ world: DeskWorld) async throws -> TimeCode {
        try await world.accounts.beginSecondFactor(by: try await world.actor(login))
    }

    private func present(_ code: TimeCode, _ world: DeskWorld) -> String {
        code.code(step: TimeCode.step(atMilliseconds: world.now.milliseconds))
    }

    @Test func `who moves money sets one up first, and reads and changes nothing before`()
        async throws
    {
        try await withBrowsers(.required) { world, client in
            for role in StaffRole.allCases where !role.movesMoney {
                var browser = OfficeWebTests.Browser(client: client)
                try await browser.signIn(role.rawValue.replacing("_", with: "-"))
                #expect(try await browser.get("/").status == .ok, "\(role)")
            }
            for role in StaffRole.allCases where role.movesMoney {
                var browser = OfficeWebTests.Browser(client: client)
                try await browser.signIn(role.rawValue.replacing("_", with: "-"))
                for path in ["/", "/cards", "/account", "/orders"] {
                    let answer = try await browser.get(path)
                    #expect(answer.headers[.location] == "/second-factor/set-up", "\(role) \(path)")
                }
                browser.token = OfficeWebTests.Browser.token(
                    in: String(buffer: try await browser.get("/second-factor/set-up").body))
                let act = try await browser.post("/account/sessions", "session=1")
                #expect(act.status == .forbidden, "\(role)")
                #expect(String(buffer: act.body).contains("second_factor_missing"))
                var program = APIProgram(client: client)
                try await program.signIn(role.rawValue.replacing("_", with: "-"))
                #expect(try await program.get("/overview").code == "second_factor_missing")
            }
        }
    }

    @Test func `set up, signed in with code and with a recovery code, under a new token each time`()
        async throws
    {
        try await withBrowsers(.required) { world, client in
            var browser = OfficeWebTests.Browser(client: client)
            try await browser.signIn("issuer")
            let page = String(buffer: try await browser.get("/second-factor/set-up").body)
            browser.token = OfficeWebTests.Browser.token(in: page)
            let code = try await code(of: "issuer", world)
            #expect(page.filter { $0 != " " }.contains(code.text))
            let symbol = try await browser.get("/second-factor/symbol.svg")
            #expect(symbol.headers[.contentType] == "image/svg+xml")
            let wrong = try await browser.post("/second-factor/set-up", "code=000000")
            #expect(wrong.status == .unprocessableContent)
            let done = try await browser.post(
                "/second-factor/set-up", "code=\(present(code, world))")
            let shown = String(buffer: done.body)
            let codes = shown.matches(of: /<li class="code">([A-Z0-9]{5}-[A-Z0-9]{5})<\/li>/)
                .map { String($0.output.1) }
            #expect(codes.count == 10)
            #expect(try await browser.get("/cards").status == .ok)

            var second = OfficeWebTests.Browser(client: client)
            try await second.signIn("issuer")
            let before = second.cookie
            #expect(try await second.get("/cards").headers[.location] == "/second-factor")
            second.token = OfficeWebTests.Browser.token(
                in: String(buffer: try await second.get("/second-factor").body))
            // The code that set it up is used.
            let used = try await second.post("/second-factor", "code=\(present(code, world))")
            #expect(used.status == .unprocessableContent)
            world.office.time.move(milliseconds: 30_000)
            let passed = try await second.post("/second-factor", "code=\(present(code, world))")
            #expect(passed.status == .seeOther || passed.status == .found)
            // The token known before the code opens nothing any more.
            #expect(try await second.get("/cards").status != .ok)
            second.keep(passed)
            #expect(second.cookie != before)
            #expect(try await second.get("/cards").status == .ok)

            var third = OfficeWebTests.Browser(client: client)
            for (attempt, wanted) in [(codes[0], true), (codes[0], false), (codes[1], true)] {
                try await third.signIn("issuer")
                third.token = OfficeWebTests.Browser.token(
                    in: String(buffer: try await third.get("/second-factor").body))
                let answer = try await third.post("/second-factor", "code=\(attempt.lowercased())")
                #expect((answer.status != .unprocessableContent) == wanted)
                third = OfficeWebTests.Browser(client: client)
            }
        }
    }

    @Test func `five wrong codes lock the login and end its sessions`() async throws {
        try await withBrowsers(.optional) { world, client in
            var browser = OfficeWebTests.Browser(client: client)
            try await browser.signIn("finance")
            let code = try await code(of: "finance", world)
            let session = try await world.accounts.sessions(
                of: "finance", by: try await world.actor("finance"), at: world.now)
            _ = try await world.accounts.confirmSecondFactor(
                present(code, world), tokenHash: try #require(session.first?.tokenHash),
                by: try await world.actor("finance"), at: world.now)
            var thief = OfficeWebTests.Browser(client: client)
            try await thief.signIn("finance")
            thief.token = OfficeWebTests.Browser.token(
                in: String(buffer: try await thief.get("/second-factor").body))
            for _ in 1...5 {
                let answer = try await thief.post("/second-factor", "code=000000")
                #expect(answer.status == .unprocessableContent)
            }
            #expect(try await world.number("SELECT count(*) AS n FROM session") == 0)
            await #expect(throws: RequestRefusal.self) {
                try await world.accounts.signIn(
                    login: "finance", password: DeskWorld.password, address: "", at: world.now)
            }
            let keeper = try await world.actor("operator")
            try await world.accounts.unlock("finance", by: keeper, at: world.now)
            _ = try await world.accounts.signIn(
                login: "finance", password: DeskWorld.password, address: "", at: world.now)
        }
    }
}

struct AccountChangeTests {
    @Test func `a one-time password opens once, within a day, and only to be changed`()
        async throws
    {
        try await withDesk { world in
            let web = try world.web()
            let keeper = try await world.actor("operator")
            await #expect(throws: AccountsRefusal.ownAccount) {
                try await world.accounts.resetPassword(of: "operator", by: keeper, at: world.now)
            }
            for _ in 1...5 {
                _ = try? await world.accounts.signIn(
                    login: "auditor", password: "wrong", address: "", at: world.now)
            }
            let password = try await world.accounts.resetPassword(
                of: "auditor", by: keeper, at: world.now)
            let application = Application(router: web.makeRouter())
            try await application.test(.router) { client in
                var browser = OfficeWebTests.Browser(client: client)
                try await browser.signIn("auditor", password)
                #expect(try await browser.get("/audit").headers[.location] == "/password")
                browser.token = OfficeWebTests.Browser.token(
                    in: String(buffer: try await browser.get("/password").body))
                let same = try await browser.post(
                    "/password", "present=\(password)&new=\(password)")
                #expect(String(buffer: same.body).contains("password_unchanged"))
                let common = try await browser.post(
                    "/password", "present=\(password)&new=a1234567")
                #expect(String(buffer: common.body).contains("password_is_common"))
                _ = try await browser.post(
                    "/password", "present=\(password)&new=office-demo-2")
                try await browser.signIn("auditor", "office-demo-2")
                #expect(try await browser.get("/audit").status == .ok)
            }
            let late = try await world.accounts.resetPassword(
                of: "auditor", by: keeper, at: world.now)
            world.office.time.move(milliseconds: 24 * 3_600_000)
            await #expect(throws: RequestRefusal.wrongPassword) {
                try await world.accounts.signIn(
                    login: "auditor", password: late, address: "", at: world.now)
            }
        }
    }

    @Test func `other roles end the sessions, and only operators give them`() async throws {
        try await withDesk { world in
            let keeper = try await world.actor("operator")
            let sessions = OfficeSessions(store: world.store)
            func session(_ login: String, _ key: UInt8) async throws {
                try await sessions.create(
                    Session(
                        tokenHash: [UInt8](repeating: key, count: 32), account: login,
                        personName: "", roles: [], language: nil, formToken: "x",
                        createdAt: WebTime(world.now), lastSeenAt: WebTime(world.now),
                        idleLimit: .seconds(60), expiresAt: WebTime(world.now),
                        address: "10.0.0.9", agent: "Chrome"))
            }
            try await session("approver", 1)
            try await session("finance", 2)
            let approver = try await world.actor("approver")
            await #expect(throws: RoleRefusal.roleMissing) {
                try await world.accounts.setRoles(
                    [.finance], of: "approver", by: approver, at: world.now)
            }
            await #expect(throws: RoleRefusal.roleMissing) {
                try await world.accounts.sessions(of: "finance", by: approver, at: world.now)
            }
            let own = try await world.accounts.sessions(
                of: "approver", by: approver, at: world.now)
            #expect(own.map(\.address) == ["10.0.0.9"])
            try await world.accounts.setRoles(
                [.finance, .approver], of: "approver", by: keeper, at: world.now)
            #expect(try await world.number("SELECT count(*) AS n FROM session") == 1)
            #expect(try await world.actor("approver").roles == [.finance, .approver])
            let other = try await world.accounts.sessions(
                of: "finance", by: keeper, at: world.now)
            await #expect(throws: AccountsRefusal.unknownSession) {
                try await world.accounts.endSession(
                    try #require(other.first?.sessionID), of: "approver", by: keeper,
                    at: world.now)
            }
            try await world.accounts.endSession(
                try #require(other.first?.sessionID), of: "finance", by: keeper, at: world.now)
            #expect(try await world.number("SELECT count(*) AS n FROM session") == 0)
        }
    }

    @Test func `a shared login is nobody's and no manager's`() async throws {
        try await withDesk { world in
            let administrator = try await world.actor("store-administrator")
            func add(_ login: String, _ roles: Set<Stores.AccountRole>, shared: Bool) async throws {
                try await world.stores.addAccount(
                    .init(
                        login: login, name: "前台", roles: roles, password: "till-demo-11",
                        isShared: shared), toStore: "GD0001", by: administrator, at: world.now)
            }
            await #expect(throws: StoresRefusal.sharedManager) {
                try await add("front", [.cashier, .manager], shared: true)
            }
            try await add("front", [.cashier], shared: true)
            try await add("wang", [.manager], shared: false)
            #expect(
                try await world.number(
                    "SELECT count(*) AS n FROM store_account WHERE person_id IS NULL") == 1)
            await #expect(throws: AccountsRefusal.unknownPerson) {
                try await world.accounts.addStaff(
                    .init(
                        person: .sameAs(login: "GD0001/front"), login: "front",
                        roles: [.auditor], password: "office-demo-1"), by: .setUp, at: world.now)
            }
        }
    }
}
