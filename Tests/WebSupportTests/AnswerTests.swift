import Hummingbird
import HummingbirdTesting
import Testing
import WebSupport

@Suite struct AnswerTests {
    @Test(arguments: ["/sign-in", "/nowhere", "/broken", "/api/broken", "/assets/huiyika.css"])
    func `every answer carries the security headers`(path: String) async throws {
        let test = try TestSite()
        try await test.application().test(.router) { client in
            let answer = try await Browser(client).send(path)
            let policy = try #require(answer.headers[.contentSecurityPolicy])
            #expect(policy.contains("default-src 'none'"))
            #expect(!policy.contains("unsafe"))
            #expect(answer.headers[.xContentTypeOptions] == "nosniff")
            #expect(
                answer.headers[try #require(HTTPFields.Element.Name("Referrer-Policy"))]
                    == "same-origin")
            #expect(answer.headers[.strictTransportSecurity] == nil)
            let cache = try #require(answer.headers[.cacheControl])
            #expect(path.hasPrefix("/assets") ? cache == "no-cache" : cache == "no-store")
        }
        let overTLS = try TestSite(isReachedOverTLS: true)
        try await overTLS.application().test(.router) { client in
            let answer = try await Browser(client).send(path)
            #expect(answer.headers[.strictTransportSecurity] != nil)
        }
    }

    @Test func `an unexpected error shows an incident number and nothing else`() async throws {
        let test = try TestSite()
        try await test.application().test(.router) { client in
            for path in ["/broken", "/api/broken"] {
                let answer = try await Browser(client).send(path)
                #expect(answer.status == .internalServerError)
                for leak in ["SECRET", "SELECT", "/var", "SecretError", "swift"] {
                    #expect(!answer.text.contains(leak))
                }
            }
            let json = try await Browser(client).send("/api/broken").text
            #expect(json.contains("\"incident\":\""))
            let english = try await Browser(client).send(
                "/broken", headers: [.acceptLanguage: "en"])
            #expect(english.text.contains("incident number"))
        }
    }

    @Test func `a page that does not exist says so in the reader's language`() async throws {
        let test = try TestSite()
        try await test.application().test(.router) { client in
            let browser = Browser(client)
            let answer = try await browser.send("/orders/<script>alert(1)</script>")
            #expect(answer.status == .notFound)
            #expect(answer.text.contains("没有找到"))
            #expect(!answer.text.contains("<script>alert"))
            #expect(
                try await browser.send("/api/nowhere").text.contains("\"code\":\"not_found\""))
        }
    }

    @Test func `a body over the bound is refused`() async throws {
        let test = try TestSite()
        try await test.application().test(.live) { client in
            let browser = Browser(client)
            let token = try await browser.formToken(on: "/sign-in")
            let long = String(repeating: "x", count: 70 * 1024)
            let answer = try await browser.post("/sign-in", "csrf=\(token)&account=\(long)")
            #expect(answer.status == .contentTooLarge)
            #expect(answer.text.contains("body_too_large"))
        }
    }

    @Test func `a foreign host name is refused before anything else`() async throws {
        let test = try TestSite(allowedHosts: ["office.example"])
        try await test.application().test(.live) { client in
            let answer = try await client.execute(uri: "/sign-in", method: .get)
            #expect(answer.status == .badRequest)
            #expect(String(buffer: answer.body).contains("host_not_allowed"))
        }
    }

    @Test(arguments: [
        "/assets/../Languages/en.json", "/assets/%2e%2e/Languages/en.json",
        "/assets/..%2f..%2fetc/passwd", "/assets//etc/passwd", "/assets/huiyika.css%00.html",
        "/assets/", "/assets/huiyika.css/", "/assets/..%5cx", "/assets/layout.mustache",
    ])
    func `no path leads out of the assets`(path: String) async throws {
        let test = try TestSite()
        try await test.application().test(.live) { client in
            let answer = try await client.execute(uri: path, method: .get)
            #expect(answer.status == .notFound || answer.status == .badRequest)
            #expect(!String(buffer: answer.body).contains("root:"))
        }
    }

    @Test func `assets are kept by their hash and asked for again without it`() async throws {
        let test = try TestSite()
        let address = try #require(test.site.pages.assets.address(of: "huiyika.css"))
        try await test.application().test(.router) { client in
            let pinned = try await client.execute(uri: address, method: .get)
            #expect(pinned.headers[.contentType] == "text/css; charset=utf-8")
            #expect(pinned.headers[.cacheControl] == "public, max-age=31536000, immutable")
            let tag = try #require(pinned.headers[.eTag])
            let again = try await client.execute(
                uri: "/assets/huiyika.css", method: .get, headers: [.ifNoneMatch: tag])
            #expect(again.status == .notModified)
            #expect(again.body.readableBytes == 0)
            let bootstrap = try await client.execute(
                uri: "/assets/bootstrap/css/bootstrap.min.css", method: .get)
            #expect(bootstrap.body.readableBytes > 100_000)
        }
    }
}
