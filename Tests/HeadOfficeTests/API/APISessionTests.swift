import Domain
import Foundation
import Hummingbird
import HummingbirdTesting
import Journal
import Testing
import WebSupport

@testable import HeadOffice

/// Sessions of programs: who may go on, and for how long.
struct APISessionTests {
    @Test func `each sign-in makes a token, and the one before is dead`() async throws {
        try await withAPI { _, client in
            var program = APIProgram(client: client)
            #expect(try await program.signIn("auditor").status == .ok)
            let first = program
            #expect(try await first.get("/session").text("login") == "auditor")
            try await program.signIn("auditor")
            #expect(program.token != first.token)
            #expect(try await first.get("/session").status == .unauthorized)
            #expect(try await program.get("/session").status == .ok)
            let out = try await program.send(.delete, "/session")
            #expect(out.status == .noContent)
            #expect(try await program.get("/session").status == .unauthorized)
        }
    }

    @Test func `a token opens no page, and a cookie's letters are no token`() async throws {
        try await withAPI { _, client in
            var program = APIProgram(client: client)
            try await program.signIn("auditor")
            let letters = String(program.token.dropFirst("hyk_".count))
            for value in [program.token, letters] {
                let page = try await client.execute(
                    uri: "/audit", method: .get, headers: [.cookie: "__Host-huiyika=\(value)"])
                #expect(page.status == .seeOther || page.status == .found)
            }
            let page = try await client.execute(
                uri: "/audit", method: .get,
                headers: [.authorization: "Bearer \(program.token)"])
            #expect(page.headers[.location]?.hasPrefix("/sign-in") == true)
            var browser = OfficeWebTests.Browser(client: client)
            try await browser.signIn("auditor")
            let cookie = try #require(browser.cookie.split(separator: "=").last)
            for token in [String(cookie), "hyk_\(cookie)"] {
                let answer = try await APIProgram(client: client, token: token).get("/session")
                #expect(answer.status == .unauthorized)
            }
        }
    }

    @Test func `other roles, a closed login and another password end a program's session`()
        async throws
    {
        try await withAPI { world, client in
            let head = try await world.actor("operator")
            func dies(_ change: () async throws -> Void) async throws {
                var program = APIProgram(client: client)
                try await program.signIn("auditor")
                #expect(try await program.get("/audit").status == .ok)
                try await change()
                #expect(try await program.get("/audit").status == .unauthorized)
            }
            try await dies {
                try await world.accounts.setRoles(
                    [.auditor, .finance], of: "auditor", by: head, at: world.now)
            }
            try await dies {
                try await world.accounts.setDisabled(
                    true, login: "auditor", by: head, at: world.now)
            }
            try await world.accounts.setDisabled(
                false, login: "auditor", by: head, at: world.now)
            try await dies {
                _ = try await world.accounts.resetPassword(
                    of: "auditor", by: head, at: world.now)
            }
        }
    }

    @Test func `wrong passwords lock the login for programs and browsers alike`() async throws {
        try await withAPI { world, client in
            var program = APIProgram(client: client)
            for _ in 0..<5 {
                #expect(try await program.signIn("finance", "wrong").code == "sign_in_refused")
            }
            let locked = try await program.signIn("finance")
            #expect(locked.code == "too_many_attempts" && locked.status == .tooManyRequests)
            #expect(locked.headers[.retryAfter] != nil)
            await #expect(throws: (any Error).self) {
                _ = try await world.accounts.signIn(
                    login: "finance", password: DeskWorld.password, address: "", at: world.now)
            }
        }
    }

    @Test func `a store's login is none of head office`() async throws {
        try await withAPI { world, client in
            let administrator = try await world.actor("store-administrator")
            try await world.stores.addAccount(
                Stores.NewAccount(
                    login: "cashier1", name: "收银员", roles: [.cashier],
                    password: DeskWorld.password), toStore: "GD0001", by: administrator,
                at: world.now)
            var program = APIProgram(client: client)
            #expect(try await program.signIn("cashier1").code == "sign_in_refused")
        }
    }

    @Test func `before the second factor a program does nothing but pass it`() async throws {
        try await withAPI(secondFactor: .required) { world, client in
            var program = APIProgram(client: client)
            #expect(try await program.signIn("finance").text("step") == "set_up_second_factor")
            #expect(try await program.get("/months/2026-11").code == "second_factor_missing")
            let code = try await world.accounts.beginSecondFactor(
                by: try await world.actor("finance"))
            func digits(_ step: Int64) -> String {
                code.code(step: TimeCode.step(atMilliseconds: world.now.milliseconds) + step)
            }
            let hash = try #require(SessionToken(authorization: "Bearer \(program.token)")).hash
            _ = try await world.accounts.confirmSecondFactor(
                digits(0), tokenHash: hash, by: try await world.actor("finance"), at: world.now)

            #expect(try await program.signIn("finance").text("step") == "second_factor")
            #expect(try await program.get("/months/2026-11").code == "second_factor_needed")
            let wrong = try await program.post(
                "/session/second-factor", ["code": .text("000000")])
            #expect(wrong.code == "second_factor_wrong")
            let before = program
            let passed = try await program.post(
                "/session/second-factor", ["code": .text(digits(1))])
            program.token = passed.text("token")
            #expect(passed["step"] == nil && program.token != before.token)
            #expect(try await program.get("/months/2026-11").status == .ok)
            #expect(try await before.get("/session").status == .unauthorized)
        }
    }
}
