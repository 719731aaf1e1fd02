import Hummingbird
import HummingbirdTesting
import Testing
import WebSupport

@Suite struct CrossSiteTests {
    @Test func `a form is accepted with this session's secret only`() async throws {
        let test = try TestSite()
        try await test.application().test(.router) { client in
            let browser = Browser(client)
            try await browser.signIn()
            let token = try await browser.formToken(on: "/nowhere")
            let answer = try await browser.post("/orders", "csrf=\(token)&name=%E6%84%9F%E5%86%92")
            #expect(answer.text == "感冒")
            for form in ["name=x", "csrf=&name=x", "csrf=\(token)x&name=x"] {
                let refused = try await browser.post("/orders", form)
                #expect(refused.status == .forbidden)
                #expect(refused.text.contains("form_expired"))
            }
            let stranger = Browser(client)
            let other = try await stranger.formToken(on: "/sign-in")
            #expect(try await browser.post("/orders", "csrf=\(other)&name=x").status == .forbidden)
        }
    }

    @Test func `JSON is accepted with the secret in a header`() async throws {
        let test = try TestSite()
        try await test.application().test(.router) { client in
            let browser = Browser(client)
            let token = try await browser.formToken(on: "/sign-in")
            let json: HTTPFields = [.contentType: "application/json"]
            var signed = json
            signed[try #require(HTTPFields.Element.Name("X-CSRF-Token"))] = token
            let refused = try await browser.send(
                "/api/echo", .post, headers: json, body: "{\"a\":1}")
            #expect(refused.status == .forbidden)
            let answer = try await browser.send(
                "/api/echo", .post, headers: signed, body: "{\"a\":1}")
            #expect(answer.text == "{\"a\":1}")
            for body in ["{\"a\":1,\"a\":2}", "{\"a\":1,\"\\u0061\":2}", "{\"a\":", "[1]", ""] {
                let answer = try await browser.send(
                    "/api/echo", .post, headers: signed, body: body)
                #expect(answer.status == .badRequest, "\(body)")
            }
        }
    }

    @Test func `a request from another site's page is refused even with the secret`()
        async throws
    {
        let test = try TestSite()
        try await test.application().test(.router) { client in
            let browser = Browser(client)
            try await browser.signIn()
            let token = try await browser.formToken(on: "/nowhere")
            let form = "csrf=\(token)&name=x"
            for (name, value) in [
                ("Sec-Fetch-Site", "cross-site"), ("Sec-Fetch-Site", "same-site"),
                ("Origin", "https://evil.example"), ("Origin", "null"),
            ] {
                let header = try #require(HTTPFields.Element.Name(name))
                let answer = try await browser.post("/orders", form, headers: [header: value])
                #expect(answer.status == .forbidden)
                #expect(answer.text.contains("cross_site"))
            }
            let own = try await browser.post(
                "/orders", form, headers: [.origin: "http://localhost"])
            #expect(own.status == .ok)
        }
    }

    @Test func `a sign-in form without the visitor's own cookie is refused`() async throws {
        let test = try TestSite()
        try await test.application().test(.router) { client in
            let attacker = Browser(client)
            let token = try await attacker.formToken(on: "/sign-in")
            let victim = Browser(client)
            let answer = try await victim.post(
                "/sign-in", "csrf=\(token)&account=wang&password=correct+horse")
            #expect(answer.status == .forbidden)
            #expect(await test.store.sessions.isEmpty)
        }
    }

    @Test func `a field that comes twice or not at all is refused by name`() async throws {
        let test = try TestSite()
        try await test.application().test(.router) { client in
            let browser = Browser(client)
            try await browser.signIn()
            let token = try await browser.formToken(on: "/nowhere")
            let twice = try await browser.post("/orders", "csrf=\(token)&name=x&name=y")
            #expect(twice.status == .badRequest)
            #expect(twice.text.contains("field_repeated"))
            let missing = try await browser.post("/orders", "csrf=\(token)")
            #expect(missing.text.contains("field_missing"))
            for form in ["name=%zz", "name=%ff", "name=%00", "name=%"] {
                let answer = try await browser.post("/orders", "csrf=\(token)&\(form)")
                #expect(answer.text.contains("malformed_body"))
            }
        }
    }
}
