import Foundation
import HTTPTransport

/// Somebody at head office who has programs work: the JSON API under the token of one sign-in.
struct Clerk: JSONCaller {
    private let base: String
    private let transport: HTTPTransport
    private let token: String

    /// Signs in.
    ///
    /// - Shape: `office` is where head office's pages are, without a slash at the end.
    /// - Refuses: `LabError` when head office does not let this person in, or wants another step first.
    init(
        _ login: String, _ password: String, at office: String, through transport: HTTPTransport
    ) async throws {
        let visitor = Clerk(base: office + "/api/v1", transport: transport, token: "")
        let session = try await visitor.call(
            "POST", "/sessions", ["account": login, "password": password])
        guard let token = session["token"] as? String, session["step"] == nil else {
            throw LabError("\(login) must first \(session["step"] ?? "have a token")")
        }
        self.init(base: visitor.base, transport: transport, token: token)
    }

    private init(base: String, transport: HTTPTransport, token: String) {
        self.base = base
        self.transport = transport
        self.token = token
    }

    func ask(
        _ method: String, _ path: String, _ body: [String: any Sendable]
    ) async throws -> WebClient.Answer {
        if body.isEmpty { return try await send(method, path, type: nil, body: []) }
        let bytes = Array(try JSONSerialization.data(withJSONObject: body))
        return try await send(method, path, type: "application/json", body: bytes)
    }

    /// Sends a CSV file to an act that must succeed.
    func upload(_ file: Data, to path: String) async throws -> [String: Any] {
        try await send("POST", path, type: "text/csv", body: Array(file)).success.json
    }

    /// The text of a file that must be handed over.
    func download(_ method: String, _ path: String) async throws -> String {
        try await ask(method, path, [:]).success.text
    }

    /// The first page of a list.
    func rows(_ path: String) async throws -> [[String: Any]] {
        try await call("GET", path)["rows"] as? [[String: Any]] ?? []
    }

    private func send(
        _ method: String, _ path: String, type: String?, body: [UInt8]
    ) async throws -> WebClient.Answer {
        var fields = [HTTPField("Accept-Language", "zh-CN")]
        if let type { fields.append(HTTPField("Content-Type", type)) }
        if !token.isEmpty { fields.append(HTTPField("Authorization", "Bearer \(token)")) }
        let response = try await transport.send(
            HTTPTransport.Request(
                method: method, url: base + path, headers: fields, body: body,
                totalTimeout: .seconds(60), lowSpeedLimit: nil))
        return WebClient.Answer("\(method) \(path)", response)
    }
}

extension Clerk {
    /// Key and balance of a card, in fen.
    func find(_ card: DemoCard) async throws -> (key: String, balance: Int64) {
        let page = try await call("POST", "/cards/find", ["text": card.number])
        let found = (page["rows"] as? [[String: Any]])?.first
        guard let key = found?["card"] as? String, let balance = integer(found?["balance"]) else {
            throw LabError("the card was not found: \(page)")
        }
        return (key, balance)
    }

    /// Balance of a card, in fen.
    func balance(of card: DemoCard) async throws -> Int64 { try await find(card).balance }

    /// Decides with an opinion, knowing what head office shows of the request.
    func approveRefund(_ request: String, opinion: String) async throws {
        _ = try await call(
            "POST", "/refunds/\(request)/decide",
            ["verdict": "approved", "opinion": opinion, "digest": try await digest(request)])
    }

    /// What a decision about a refund request must name.
    func digest(_ request: String) async throws -> String {
        let shown = try await call("GET", "/refunds/\(request)")
        guard let digest = (shown["case"] as? [String: Any])?["digest"] as? String else {
            throw LabError("no digest: \(shown)")
        }
        return digest
    }

    /// A one-time code for a new till of a store, or for one of its tills to go on under a new key.
    func enrolmentCode(_ store: String, renewing till: String? = nil) async throws -> String {
        var body: [String: any Sendable] = ["store": store]
        if let till { body["till"] = till }
        let made = try await call("POST", "/enrolment-codes", body)
        guard let code = made["code"] as? String else { throw LabError("no code: \(made)") }
        return code
    }

    /// Waits until a till of the store asks, and lets it in.
    ///
    /// - Shape: the till's code.
    func letTillIn(at store: String) async throws -> String {
        let waiting: String = try await eventually("the till asking") {
            try await rows("/enrolments").first { $0["store"] as? String == store }
                .flatMap { $0["enrolment"] as? String }
        }
        let enrolled = try await call(
            "POST", "/enrolments/\(waiting)/decide", ["verdict": "approved"])
        guard let till = enrolled["till"] as? String else { throw LabError("no till: \(enrolled)") }
        return till
    }
}
