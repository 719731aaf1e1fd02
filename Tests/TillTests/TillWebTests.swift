import Domain
import Foundation
import HTTPTransport
import Hummingbird
import HummingbirdTesting
import Logging
import Testing
import WebSupport

@testable import Till

struct TillWebTests {
    private struct Browser {
        let client: any TestClientProtocol
        var cookies: [String: String] = [:]
        var token = ""

        mutating func send(
            _ method: HTTPTypesMethod, _ path: String, _ body: String? = nil,
            type: String = "application/json"
        ) async throws -> TestResponse {
            var headers: HTTPFields = [.init("Host") ?? .accept: "localhost"]
            headers[.cookie] = cookies.map { "\($0.key)=\($0.value)" }.joined(separator: "; ")
            if let name = HTTPFields.Element.Name("X-CSRF-Token"), !token.isEmpty {
                headers[name] = token
            }
            if body != nil { headers[.contentType] = type }
            let response = try await client.execute(
                uri: path, method: method, headers: headers,
                body: body.map { ByteBuffer(string: $0) })
            for cookie in response.headers[values: .setCookie] {
                let pair = cookie.prefix { $0 != ";" }.split(separator: "=", maxSplits: 1)
                cookies[String(pair[0])] = pair.count == 2 ? String(pair[1]) : nil
            }
            let html = String(buffer: response.body)
            if let start = html.range(of: "name=\"csrf-token\" content=\"") {
                token = String(html[start.upperBound...].prefix { $0 != "\"" })
            }
            return response
        }

        mutating func signIn() async throws {
            _ = try await send(.get, "/sign-in")
            let response = try await send(
                .post, "/sign-in",
                "csrf=\(token)&account=li&password=long%20enough&next=/",
                type: "application/x-www-form-urlencoded")
            #expect(response.status.code == 303)
            _ = try await send(.get, "/")
        }
    }

    private func withTill(
        refused code: String? = nil,
        _ work: @escaping @Sendable (inout Browser, EnrolledTill) async throws -> Void
    ) async throws {
        let till = try await EnrolledTill()
        let logger = Logger(label: "test")
        let transport = try HTTPTransport(
            configuration: HTTPTransportConfiguration(), logger: logger)
        let world = till.clock.world
        let line = OfficeLine(till.identity, transport: transport, world: world, logger: logger)
        let contact = OfficeContact(
            line: line, store: till.store, identity: till.identity, world: world, logger: logger)
        let web = TillWeb(
            site: TillWeb.makeSite(
                pages: try TillWeb.makePages(), store: till.store, world: world),
            store: till.store, identity: till.identity,
            checkout: till.makeCheckout { EnrolledTill.reply($0, refused: code) },
            printing: Printing(
                store: till.store, identity: till.identity, world: world, logger: logger,
                languages: try TillWeb.makePages().languages, glyphs: nil),
            contact: contact,
            signIn: StaffSignIn(store: till.store, passwords: PasswordWorker(), world: world),
            world: world, commits: CommitTasks())
        let application = Application(router: web.makeRouter(), logger: logger)
        try await application.test(.router) { client in
            var browser = Browser(client: client)
            try await work(&browser, till)
        }
        await transport.shutdown()
    }

    private func decode(_ response: TestResponse) throws -> Payment {
        try JSONDecoder().decode(
            Payment.self, from: Data(Array(response.body.readableBytesView)))
    }

    private struct Payment: Decodable {
        let id: String
        let state: String
        let receipt: String?
        let code: String?
        let message: String?
    }

    @Test func `an order that is not this till's needs the line, and every way to it says so`()
        async throws
    {
        try await withTill { browser, till in
            try await browser.signIn()
            let order = till.clock.world.makeID()
            for path in ["", "/refund", "/slip"] {
                let page = try await browser.send(.get, "/orders/\(order)\(path)")
                #expect(page.status == .serviceUnavailable)
                #expect(String(buffer: page.body).contains("请到原收银台办理"))
            }
            let asked = try await browser.send(
                .post, "/api/sales/\(order)/refunds",
                #"{"card":"6160202511010002","reason":"买错","lines":null}"#)
            #expect(asked.status == .serviceUnavailable)
            #expect(String(buffer: asked.body).contains("order_needs_line"))
        }
    }

    @Test func `a cashier signs in, rings up, is paid and sees the order and its slip`()
        async throws
    {
        try await withTill { browser, _ in
            try await browser.signIn()
            let found = try await browser.send(.get, "/api/products?q=gmkl")
            #expect(String(buffer: found.body).contains("YP0001"))
            _ = try await browser.send(
                .post, "/api/basket/lines", #"{"code":"6901234567892","quantity":2}"#)
            _ = try await browser.send(
                .put, "/api/basket/lines/1", #"{"price":1700,"reason":"会员价"}"#)
            let begun = try await browser.send(.post, "/api/payments")
            #expect(begun.status == .created)
            let payment = try decode(begun)
            let face = try await browser.send(
                .post, "/api/payments/\(payment.id)/card", #"{"number":"6160 2025 1101 0002"}"#)
            #expect(String(buffer: face.body).contains("粤健卡"))
            let paid = try await browser.send(
                .post, "/api/payments/\(payment.id)/attempts",
                #"{"number":"6160202511010002","password":"123456"}"#)
            let answer = try decode(paid)
            #expect(answer.state == "completed")
            for path in [
                "/", "/pay/\(payment.id)", "/orders", "/orders/\(payment.id)",
                "/orders/\(payment.id)/slip", "/orders/\(payment.id)/refund", "/refunds",
                "/status",
            ] {
                let page = try await browser.send(.get, path)
                #expect(page.status == .ok, "\(path)")
                #expect(!String(buffer: page.body).contains("⟦"), "\(path)")
            }
            let slip = String(
                buffer: try await browser.send(.get, "/orders/\(payment.id)/slip").body)
            #expect(slip.contains(answer.receipt ?? "-"))
            #expect(slip.contains("34.00"))
            #expect(!slip.contains("6160202511010002"))
        }
    }

    @Test func `a refusal is told in words, and the code is stable`() async throws {
        try await withTill(refused: "wrong_password") { browser, _ in
            try await browser.signIn()
            _ = try await browser.send(.post, "/api/basket/lines", #"{"code":"YP0001"}"#)
            let begun = try await browser.send(.post, "/api/payments")
            let payment = try decode(begun)
            let paid = try await browser.send(
                .post, "/api/payments/\(payment.id)/attempts",
                #"{"number":"6160202511010002","password":"999999"}"#)
            let answer = try decode(paid)
            #expect(answer.state == "refused")
            #expect(answer.code == "wrong_password")
            #expect(answer.message == "卡密码错误。 还可以再试 4 次。")
            let bad = try await browser.send(
                .post, "/api/payments/\(payment.id)/card", #"{"number":"9999202511010002"}"#)
            #expect(bad.status.code == 422)
            #expect(String(buffer: bad.body).contains("unknown_programme"))
        }
    }

    @Test func `O-15: an amount from a program is whole fen or is refused, and nothing changes`()
        async throws
    {
        try await withTill { browser, till in
            try await browser.signIn()
            _ = try await browser.send(.post, "/api/basket/lines", #"{"code":"YP0001"}"#)
            for amount in ["30.49", "0.30000000000000004", "\"30,49\"", "-5", "99999999999"] {
                let answer = try await browser.send(
                    .put, "/api/basket/lines/1", #"{"price":\#(amount),"reason":"促销"}"#)
                #expect((400..<500).contains(answer.status.code), "\(amount)")
            }
            #expect(try await till.store.basket(of: "li").total == 1_850)
        }
    }

    @Test func `a refund's id that cannot be read is refused, not replaced`() async throws {
        try await withTill { browser, till in
            try await browser.signIn()
            _ = try await browser.send(.post, "/api/basket/lines", #"{"code":"YP0001"}"#)
            let payment = try decode(try await browser.send(.post, "/api/payments"))
            _ = try await browser.send(
                .post, "/api/payments/\(payment.id)/attempts",
                #"{"number":"6160202511010002","password":"123456"}"#)
            for id in ["", "x", "00000000-0000-4000-8000-000000000000"] {
                let answer = try await browser.send(
                    .post, "/api/sales/\(payment.id)/refunds",
                    #"{"id":"\#(id)","card":"6160202511010002","reason":"买错","lines":null}"#)
                #expect(answer.status.code == 422, "\(id)")
                #expect(String(buffer: answer.body).contains("request_id_malformed"))
            }
            #expect(try await till.store.read { try Refunds.list(in: $0) }.isEmpty)
        }
    }

    @Test func `the customer's screen takes the password, and the cashier's never has it`()
        async throws
    {
        try await withTill { browser, _ in
            try await browser.signIn()
            _ = try await browser.send(.post, "/api/basket/lines", #"{"code":"YP0001"}"#)
            let payment = try decode(try await browser.send(.post, "/api/payments"))
            let card = "/api/payments/\(payment.id)/card"
            let number = #"{"number":"6160202511010002"}"#
            // Nobody looks at a customer's screen yet: the number is not kept for it.
            let alone = try await browser.send(.post, card, number)
            #expect(String(buffer: alone.body).contains(#""customerScreen":false"#))
            let early = try await browser.send(
                .post, "/api/customer/password",
                #"{"payment":"\#(payment.id)","password":"123456"}"#)
            #expect(String(buffer: early.body).contains("customer_not_waiting"))
            let looking = try await browser.send(.get, "/api/customer")
            #expect(String(buffer: looking.body).contains(#""phase":"card""#))
            let face = try await browser.send(.post, card, number)
            #expect(String(buffer: face.body).contains(#""customerScreen":true"#))
            let waiting = try await browser.send(.get, "/api/customer")
            #expect(String(buffer: waiting.body).contains(#""phase":"password""#))
            #expect(!String(buffer: waiting.body).contains("6160202511010002"))
            let paid = try await browser.send(
                .post, "/api/customer/password",
                #"{"payment":"\#(payment.id)","password":"123456"}"#)
            #expect(String(buffer: paid.body).contains(#""phase":"thanks""#))
            #expect(String(buffer: paid.body).contains(#""remaining":88000"#))
        }
    }

    @Test func `nothing is told or done without a session`() async throws {
        try await withTill { browser, _ in
            let basket = try await browser.send(.get, "/api/basket")
            #expect(basket.status == .unauthorized)
            let orders = try await browser.send(.get, "/orders")
            #expect(orders.status.code == 303)
            // The visitor's own token, and still nobody.
            _ = try await browser.send(.get, "/sign-in")
            let payment = try await browser.send(.post, "/api/payments", "{}")
            #expect(payment.status == .unauthorized)
        }
    }

    @Test func `a till that is not enrolled says what to do`() async throws {
        let folder = try TemporaryFolder()
        let store = try folder.openStore()
        let site = TillWeb.makeSite(
            pages: try TillWeb.makePages(), store: store, world: .machine)
        let application = Application(router: SetupWeb(site: site).makeRouter())
        try await application.test(.router) { client in
            var browser = Browser(client: client)
            let page = try await browser.send(.get, "/")
            #expect(String(buffer: page.body).contains("huiyika-till enrol"))
        }
    }
}

/// The web server's method type; the transport's module has none.
private typealias HTTPTypesMethod = Hummingbird.HTTPRequest.Method
