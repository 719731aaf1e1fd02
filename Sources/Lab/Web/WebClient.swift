import Foundation
public import HTTPTransport

/// A person's browser, as far as forms, cookies and JSON go: for driving the web faces over real sockets.
///
/// One client is one browser: it keeps the cookies and the form token of the last page it saw. Requests go one
/// after another.
public actor WebClient {
    /// Where the node's pages are, without a slash at the end.
    public nonisolated let base: String
    private let transport: HTTPTransport
    private var cookies: [String: String] = [:]
    private var formToken = ""

    /// A fresh browser for the node at `base`.
    public init(base: String, transport: HTTPTransport) {
        self.base = base
        self.transport = transport
    }

    /// An answer, as text.
    public struct Answer: Sendable {
        /// Method and path of the request.
        public let asked: String
        /// The HTTP status.
        public let status: Int
        /// The body.
        public let text: String
        /// Where a redirect leads.
        public let location: String?
        /// The media type.
        public let contentType: String

        /// The body as a JSON object; empty when it is none.
        public var json: [String: Any] {
            (try? JSONSerialization.jsonObject(with: Data(text.utf8))) as? [String: Any] ?? [:]
        }

        init(_ asked: String, _ response: HTTPTransport.Response) {
            self.asked = asked
            status = response.status
            text = String(decoding: response.body, as: UTF8.self)
            location = response.header("Location")
            contentType = response.header("Content-Type") ?? ""
        }
    }

    /// Fetches a page and remembers its form token.
    public func get(_ path: String) async throws -> Answer {
        try await send("GET", path, type: nil, body: [])
    }

    /// Submits a form with the token of the last page.
    public func post(_ path: String, form: [String: String]) async throws -> Answer {
        let fields = form.merging(["csrf": formToken]) { first, _ in first }
        let body = fields.map { "\(escaped($0.key))=\(escaped($0.value))" }.joined(separator: "&")
        return try await send(
            "POST", path, type: "application/x-www-form-urlencoded", body: Array(body.utf8))
    }

    /// Sends JSON with the token of the last page in its header.
    public func post(_ path: String, json: [String: any Sendable]) async throws -> Answer {
        let body = try JSONSerialization.data(withJSONObject: json)
        return try await send("POST", path, type: "application/json", body: Array(body))
    }

    /// Sends JSON by another method than POST, for what changes or removes a thing.
    public func send(_ method: String, _ path: String, json: [String: any Sendable]) async throws
        -> Answer
    {
        let body = try JSONSerialization.data(withJSONObject: json)
        return try await send(method, path, type: "application/json", body: Array(body))
    }

    /// Signs in through the sign-in page.
    ///
    /// - Refuses: `LabError` when the node does not let this person in.
    public func signIn(_ login: String, _ password: String) async throws {
        _ = try await get("/sign-in")
        let answer = try await post("/sign-in", form: ["account": login, "password": password])
        guard (300...399).contains(answer.status) else {
            throw LabError("\(base): \(login) was not signed in: \(answer.status)")
        }
        _ = try await get(answer.location ?? "/")
    }

    private func send(_ method: String, _ path: String, type: String?, body: [UInt8]) async throws
        -> Answer
    {
        var fields = [HTTPField("Accept-Language", "zh-CN"), HTTPField("Origin", base)]
        if let type { fields.append(HTTPField("Content-Type", type)) }
        if !cookies.isEmpty {
            let pairs = cookies.map { "\($0.key)=\($0.value)" }.joined(separator: "; ")
            fields.append(HTTPField("Cookie", pairs))
        }
        if method != "GET" { fields.append(HTTPField("X-CSRF-Token", formToken)) }
        if path.hasPrefix("/api") { fields.append(HTTPField("Accept", "application/json")) }
        let response = try await transport.send(
            HTTPTransport.Request(
                method: method, url: base + path, headers: fields, body: body,
                totalTimeout: .seconds(60), lowSpeedLimit: nil))
        keepCookies(of: response)
        let answer = Answer("\(method) \(path)", response)
        if let token = answer.text.firstMatch(of: /<meta name="csrf-token" content="([^"]*)"/) {
            formToken = String(token.1)
        }
        return answer
    }

    private func keepCookies(of response: HTTPTransport.Response) {
        for field in response.headers where field.name.lowercased() == "set-cookie" {
            let pair = field.value.prefix { $0 != ";" }
            let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard parts.count == 2 else { continue }
            cookies[String(parts[0])] = parts[1].isEmpty ? nil : String(parts[1])
        }
    }

    private func escaped(_ text: String) -> String {
        let allowed = CharacterSet(
            charactersIn: "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")
        return text.addingPercentEncoding(withAllowedCharacters: allowed) ?? ""
    }
}
