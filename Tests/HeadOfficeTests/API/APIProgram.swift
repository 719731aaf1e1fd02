import Domain
import Foundation
import Hummingbird
import HummingbirdTesting
import Journal
import Testing
import WebSupport

@testable import HeadOffice

/// A program that talks to head office's JSON API.
struct APIProgram: Sendable {
    let client: any TestClientProtocol
    var token = ""

    struct Answer: Sendable {
        let status: HTTPResponse.Status
        let headers: HTTPFields
        let body: JSONValue

        /// A member of the body.
        subscript(_ name: String) -> JSONValue? {
            guard case .object(let members) = body else { return nil }
            return members[name]
        }

        var code: String { text("code") }
        var rows: [JSONValue] {
            guard case .array(let rows)? = self["rows"] else { return [] }
            return rows
        }

        func text(_ name: String) -> String {
            guard case .text(let text)? = self[name] else { return "" }
            return text
        }
    }

    /// Signs in and goes on under the new token.
    @discardableResult
    mutating func signIn(
        _ login: String, _ password: String = DeskWorld.password
    ) async throws -> Answer {
        let answer = try await post(
            "/sessions", ["account": .text(login), "password": .text(password)])
        token = answer.text("token")
        return answer
    }

    func get(_ path: String, language: String = "en") async throws -> Answer {
        try await send(.get, path, headers: [.acceptLanguage: language])
    }

    func post(_ path: String, _ members: [String: JSONValue]? = nil) async throws -> Answer {
        try await send(.post, path, json: members)
    }

    func put(_ path: String, _ members: [String: JSONValue]) async throws -> Answer {
        try await send(.put, path, json: members)
    }

    private func send(
        _ method: HTTPRequest.Method, _ path: String, json: [String: JSONValue]?
    ) async throws -> Answer {
        try await send(
            method, path, headers: json == nil ? [:] : [.contentType: "application/json"],
            body: json.map { JSONValue.object($0).canonicalBytes } ?? [])
    }

    func send(
        _ method: HTTPRequest.Method, _ path: String, headers: HTTPFields = [:],
        body: [UInt8] = []
    ) async throws -> Answer {
        var headers = headers
        if !token.isEmpty { headers[.authorization] = "Bearer \(token)" }
        let response = try await client.execute(
            uri: OfficeAPI.root + path, method: method, headers: headers,
            body: body.isEmpty ? nil : ByteBuffer(bytes: body))
        return Answer(
            status: response.status, headers: response.headers,
            body: (try? JSONValue(parsing: Array(response.body.readableBytesView))) ?? .null)
    }

    /// Asks an endpoint with the example of each of its fields.
    func ask(_ endpoint: Endpoint) async throws -> Answer {
        var path = endpoint.path
        for field in endpoint.pathFields {
            guard case .text(let text) = field.example else { continue }
            path = path.replacing("{\(field.name)}", with: text)
        }
        let query = endpoint.queryFields.filter(\.isRequired).compactMap { field in
            guard case .text(let text) = field.example else { return nil as String? }
            return "\(field.name)=\(text.queryEscaped)"
        }
        if !query.isEmpty { path += "?" + query.joined(separator: "&") }
        if let type = endpoint.file {
            return try await send(
                endpoint.method, path, headers: [.contentType: type], body: Array("x".utf8))
        }
        guard endpoint.hasJSONBody else { return try await send(endpoint.method, path) }
        let members = endpoint.bodyFields.reduce(into: [String: JSONValue]()) {
            $0[$1.name] = $1.example
        }
        return try await send(endpoint.method, path, json: members)
    }
}

/// Gives the body the small network and its web face, asked in memory.
func withAPI(
    secondFactor: SecondFactorPolicy = .optional,
    _ body: @escaping @Sendable (DeskWorld, any TestClientProtocol) async throws -> Void
) async throws {
    try await withDesk { world in
        let web = try world.web(secondFactor: secondFactor)
        try await Application(router: web.makeRouter()).test(.router) { client in
            try await body(world, client)
        }
    }
}
