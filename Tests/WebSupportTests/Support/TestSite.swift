import Foundation
import Hummingbird
import HummingbirdTesting
import Synchronization
import Testing
import WebSupport

/// A clock that a test moves.
final class TestClock: Sendable {
    private let milliseconds = Mutex<Int64>(1_800_000_000_000)

    var now: WebTime { WebTime(milliseconds: milliseconds.withLock { $0 }) }
    func advance(_ duration: Duration) {
        milliseconds.withLock { $0 = WebTime(milliseconds: $0).adding(duration).milliseconds }
    }
}

struct SecretError: Error, CustomStringConvertible {
    var description: String { "SECRET at /var/lib/db: SELECT balance" }
}

/// A site with a few pages, as a node would put it together.
struct TestSite {
    let store = MemorySessionStore()
    let clock = TestClock()
    let site: WebSite

    init(allowedHosts: [String] = ["localhost"], isReachedOverTLS: Bool = false) throws {
        let clock = clock
        site = WebSite(
            pages: try Pages(
                folders: [],
                navigation: [NavigationItem(path: "/orders", wordKey: "common.search")]),
            sessions: store,
            sessionLimits: SessionLimits(idle: .seconds(1800), absolute: .seconds(7200)),
            allowedHosts: allowedHosts, isReachedOverTLS: isReachedOverTLS, now: { clock.now })
    }

    func application() -> some ApplicationProtocol {
        let router = site.makeRouter()
        SignIn(site: site) { login, password, _ in
            guard login == "wang", password == "correct horse" else {
                throw RequestRefusal.wrongPassword
            }
            return SignedInPerson(account: "wang", name: "王芳", roles: ["cashier"])
        }.addRoutes(to: router)
        router.get("/broken") { _, _ -> Response in throw SecretError() }
        router.get("/api/broken") { _, _ -> Response in throw SecretError() }
        router.post("/api/echo") { request, _ in
            try Response.json(try await request.json([String: Int].self))
        }
        let staff = router.group().add(middleware: RequireSignedIn())
        staff.get("/orders") { _, context in
            try context.requireSession().personName + " " + context.language.rawValue
        }
        staff.get("/api/orders") { _, _ in try Response.json([1]) }
        staff.post("/orders") { _, context in
            try context.requireForm().require("name")
        }
        router.group().add(middleware: RequireSignedIn(roles: ["manager"]))
            .get("/managers") { _, _ in "secret page" }
        return Application(router: router)
    }
}

/// A browser: keeps cookies, follows nothing.
final class Browser {
    let client: any TestClientProtocol
    var cookies: [String: String] = [:]

    init(_ client: any TestClientProtocol) { self.client = client }

    func send(
        _ path: String, _ method: HTTPRequest.Method = .get, headers: HTTPFields = [:],
        body: String? = nil
    ) async throws -> TestResponse {
        var headers = headers
        if !cookies.isEmpty {
            headers[.cookie] = cookies.map { "\($0.key)=\($0.value)" }.joined(separator: "; ")
        }
        let response = try await client.execute(
            uri: path, method: method, headers: headers,
            body: body.map { ByteBuffer(string: $0) })
        for line in response.headers[values: .setCookie] {
            let pair = line.prefix { $0 != ";" }.split(
                separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            cookies[String(pair[0])] = pair[1].isEmpty ? nil : String(pair[1])
        }
        return response
    }

    func post(_ path: String, _ form: String, headers: HTTPFields = [:]) async throws
        -> TestResponse
    {
        var headers = headers
        headers[.contentType] = "application/x-www-form-urlencoded"
        return try await send(path, .post, headers: headers, body: form)
    }

    func formToken(on path: String) async throws -> String {
        let page = String(buffer: try await send(path).body)
        let mark = try #require(page.firstRange(of: "name=\"csrf\" value=\""))
        return String(page[mark.upperBound...].prefix { $0 != "\"" })
    }

    func signIn() async throws {
        let token = try await formToken(on: "/sign-in")
        let answer = try await post(
            "/sign-in", "csrf=\(token)&account=wang&password=correct+horse&next=/orders")
        #expect(answer.status == .seeOther)
    }
}

extension TestResponse {
    var text: String { String(buffer: body) }
}
