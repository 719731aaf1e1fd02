import Hummingbird
import HummingbirdTesting
import Testing
import WebSupport

@Suite struct SessionTests {
    @Test func `signing in leads to the page asked for and makes a session`() async throws {
        let test = try TestSite()
        try await test.application().test(.router) { client in
            let browser = Browser(client)
            let away = try await browser.send("/orders?x=1")
            #expect(away.status == .seeOther)
            #expect(away.headers[.location] == "/sign-in?next=/orders%3Fx%3D1")
            try await browser.signIn()
            #expect(try await browser.send("/orders").text == "王芳 zh-Hans")
            #expect(try await browser.send("/sign-in").headers[.location] == "/")
        }
        let stored = try #require(await test.store.sessions.values.first)
        #expect(stored.tokenHash.count == 32)
        #expect(stored.roles == ["cashier"])
    }

    @Test func `the cookie is hidden from scripts, bound to the host and never stored`()
        async throws
    {
        let test = try TestSite()
        try await test.application().test(.router) { client in
            let browser = Browser(client)
            let token = try await browser.formToken(on: "/sign-in")
            let answer = try await browser.post(
                "/sign-in", "csrf=\(token)&account=wang&password=correct+horse")
            let line = try #require(
                answer.headers[values: .setCookie].first { $0.hasPrefix("__Host-huiyika=") })
            for part in ["Secure", "HttpOnly", "SameSite=Strict", "Path=/"] {
                #expect(line.contains(part))
            }
            #expect(!line.contains("Domain"))
            let value = try #require(browser.cookies["__Host-huiyika"])
            let hash = try #require(SessionToken(cookie: value)?.hash)
            #expect(await test.store.sessions[hash] != nil)
        }
    }

    @Test func `a token planted before sign-in is not the session afterwards`() async throws {
        let test = try TestSite()
        try await test.application().test(.router) { client in
            let browser = Browser(client)
            let planted = SessionToken.random().text
            browser.cookies["__Host-huiyika"] = planted
            try await browser.signIn()
            #expect(browser.cookies["__Host-huiyika"] != planted)
            let first = browser.cookies["__Host-huiyika"]
            let token = try await browser.formToken(on: "/nowhere")
            _ = try await browser.post(
                "/sign-in", "csrf=\(token)&account=wang&password=correct+horse")
            #expect(browser.cookies["__Host-huiyika"] != first)
            #expect(await test.store.sessions.count == 1)
        }
    }

    @Test func `a session ends after its rest, after its life and on signing out`() async throws {
        let test = try TestSite()
        try await test.application().test(.router) { client in
            let browser = Browser(client)
            try await browser.signIn()
            test.clock.advance(.seconds(1799))
            #expect(try await browser.send("/orders").status == .ok)
            test.clock.advance(.seconds(1799))
            #expect(try await browser.send("/orders").status == .ok)
            test.clock.advance(.seconds(1800))
            #expect(try await browser.send("/orders").status == .seeOther)
            #expect(await test.store.sessions.isEmpty)

            try await browser.signIn()
            for _ in 0..<4 {
                test.clock.advance(.seconds(1750))
                #expect(try await browser.send("/orders").status == .ok)
            }
            test.clock.advance(.seconds(200))
            #expect(try await browser.send("/orders").status == .seeOther)

            try await browser.signIn()
            let old = browser.cookies
            let token = try await browser.formToken(on: "/nowhere")
            #expect(try await browser.post("/sign-out", "csrf=\(token)").status == .seeOther)
            browser.cookies = old
            #expect(try await browser.send("/orders").status == .seeOther)
        }
    }

    @Test func `a session whose use cannot be kept just now is still one, an ended one is none`()
        async throws
    {
        let test = try TestSite()
        try await test.application().test(.router) { client in
            let browser = Browser(client)
            try await browser.signIn()
            await test.store.hold(true)
            test.clock.advance(.seconds(60))
            #expect(try await browser.send("/orders").status == .ok)
            test.clock.advance(.seconds(1800))
            #expect(try await browser.send("/orders").status == .seeOther)
            await test.store.hold(false)
            #expect(try await browser.send("/orders").status == .seeOther)
            #expect(await test.store.sessions.isEmpty)
        }
    }

    @Test func `a wrong password shows the page again with the account kept`() async throws {
        let test = try TestSite()
        try await test.application().test(.router) { client in
            let browser = Browser(client)
            let token = try await browser.formToken(on: "/sign-in")
            let answer = try await browser.post(
                "/sign-in", "csrf=\(token)&account=%3Cwang%3E&password=nonsense")
            #expect(answer.status == .unprocessableContent)
            #expect(answer.text.contains("账号或密码不正确"))
            #expect(answer.text.contains("value=\"&lt;wang&gt;\""))
            #expect(!answer.text.contains("nonsense"))
            #expect(await test.store.sessions.isEmpty)
        }
    }

    @Test(arguments: ["https://evil.example/", "//evil.example", "/\\evil", "/%0d%0aX", "/sign-in"])
    func `the page after sign-in is on this site`(next: String) async throws {
        let test = try TestSite()
        try await test.application().test(.router) { client in
            let browser = Browser(client)
            let token = try await browser.formToken(on: "/sign-in")
            let answer = try await browser.post(
                "/sign-in", "csrf=\(token)&account=wang&password=correct+horse&next=\(next)")
            #expect(answer.headers[.location] == "/")
        }
    }

    @Test func `pages need a session, JSON gets 401 and a missing role 403`() async throws {
        let test = try TestSite()
        try await test.application().test(.router) { client in
            let browser = Browser(client)
            let answer = try await browser.send("/api/orders")
            #expect(answer.status == .unauthorized)
            #expect(answer.text.contains("\"code\":\"not_signed_in\""))
            try await browser.signIn()
            #expect(try await browser.send("/api/orders").text == "[1]")
            let refused = try await browser.send("/managers")
            #expect(refused.status == .forbidden)
            #expect(!refused.text.contains("secret page"))
        }
    }

    @Test func `the language is kept in the session and the cookie, and the page stays`()
        async throws
    {
        let test = try TestSite()
        try await test.application().test(.router) { client in
            let browser = Browser(client)
            let english = try await browser.send(
                "/sign-in", headers: [.acceptLanguage: "fr, en;q=0.9, zh;q=0.8"])
            #expect(english.text.contains("<html lang=\"en\">"))
            try await browser.signIn()
            let token = try await browser.formToken(on: "/nowhere")
            let answer = try await browser.post(
                "/language", "csrf=\(token)&language=en&page=/orders")
            #expect(answer.headers[.location] == "/orders")
            #expect(try await browser.send("/orders").text == "王芳 en")
            browser.cookies["__Host-huiyika-language"] = nil
            #expect(try await browser.send("/orders").text == "王芳 en")
        }
    }
}
