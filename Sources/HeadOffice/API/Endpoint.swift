import Domain
import Hummingbird
import Journal
import WebSupport

/// One act of the JSON API. The router, the document and its tests are made from these values.
struct Endpoint: Sendable {
    /// Whom the act is for. The service behind it checks the roles; here they are told.
    enum Access: Sendable, Equatable {
        /// Who is not signed in yet.
        case everybody
        /// Who is signed in, with the steps before the acts still missing perhaps.
        case signedIn(open: Set<Accounts.Standing.Step>)
        /// Who holds one of these roles.
        case roles(Set<StaffRole>)
    }

    /// What a success answers with.
    enum Answer: Sendable {
        /// 204.
        case nothing
        /// 200 and JSON.
        case json(Schema)
        /// 200 and a file of one of these media types; of a resumable one also 206 and a range of it, or 416.
        case file([String], isResumable: Bool)
    }

    typealias Work = @Sendable (APICall) async throws -> Response

    let method: HTTPRequest.Method
    /// Below `/api/v1`: `/cards/{card}`.
    let path: String
    let summary: String
    let access: Access
    let fields: [any RequestField]
    /// The media type of the body, where it is a file.
    let file: String?
    let answer: Answer
    let work: Work

    /// Fields whose name stands in the path.
    var pathFields: [any RequestField] { fields.filter { path.contains("{\($0.name)}") } }

    /// Fields in the query: all the others when there is no JSON body.
    var queryFields: [any RequestField] { hasJSONBody ? [] : others }

    /// Members of the JSON body.
    var bodyFields: [any RequestField] { hasJSONBody ? others : [] }

    var hasJSONBody: Bool {
        method != .get && method != .delete && file == nil && !others.isEmpty
    }

    private var others: [any RequestField] {
        fields.filter { !path.contains("{\($0.name)}") }
    }

    private init(
        _ method: HTTPRequest.Method, _ path: String, _ summary: String, _ access: Access,
        _ fields: [any RequestField], file: String?, _ answer: Answer, work: @escaping Work
    ) {
        self.method = method
        self.path = path
        self.summary = summary
        self.access = access
        self.fields = fields
        self.file = file
        self.answer = answer
        self.work = work
    }
}

extension Endpoint {
    /// Reads.
    static func get<Value: APIObject>(
        _ path: String, _ summary: String, _ access: Access, _ fields: [any RequestField] = [],
        work: @escaping @Sendable (APICall) async throws -> Value
    ) -> Endpoint {
        Endpoint(.get, path, summary, access, fields, file: nil, .json(Value.schema)) {
            Response.api(try await work($0))
        }
    }

    /// Hands a file over; the trace of it is committed before its first byte leaves.
    static func download(
        _ path: String, _ summary: String, _ access: Access, _ fields: [any RequestField],
        types: [String], isResumable: Bool = false, method: HTTPRequest.Method = .get,
        work: @escaping Work
    ) -> Endpoint {
        Endpoint(
            method, path, summary, access, fields, file: nil,
            .file(types, isResumable: isResumable)
        ) { call in
            var response = try await call.desk.commit { try await work(call) }
            response.headers[.cacheControl] = "no-store"
            return response
        }
    }

    /// Does something.
    static func post(
        _ path: String, _ summary: String, _ access: Access, _ fields: [any RequestField] = [],
        file: String? = nil, work: @escaping @Sendable (APICall) async throws -> Void
    ) -> Endpoint {
        act(.post, path, summary, access, fields, file: file, work)
    }

    /// Sets something; a second call changes nothing more.
    static func put(
        _ path: String, _ summary: String, _ access: Access, _ fields: [any RequestField],
        file: String? = nil, work: @escaping @Sendable (APICall) async throws -> Void
    ) -> Endpoint {
        act(.put, path, summary, access, fields, file: file, work)
    }

    /// Ends something.
    static func delete(
        _ path: String, _ summary: String, _ access: Access, _ fields: [any RequestField] = [],
        work: @escaping @Sendable (APICall) async throws -> Void
    ) -> Endpoint {
        act(.delete, path, summary, access, fields, file: nil, work)
    }

    /// Does something and tells what came of it.
    static func make<Value: APIObject>(
        _ path: String, _ summary: String, _ access: Access, _ fields: [any RequestField] = [],
        file: String? = nil, work: @escaping @Sendable (APICall) async throws -> Value
    ) -> Endpoint {
        Endpoint(.post, path, summary, access, fields, file: file, .json(Value.schema)) { call in
            var response = Response.api(try await call.desk.commit { try await work(call) })
            response.headers[.cacheControl] = "no-store"
            return response
        }
    }

    private static func act(
        _ method: HTTPRequest.Method, _ path: String, _ summary: String, _ access: Access,
        _ fields: [any RequestField], file: String?,
        _ work: @escaping @Sendable (APICall) async throws -> Void
    ) -> Endpoint {
        Endpoint(method, path, summary, access, fields, file: file, .nothing) { call in
            try await call.desk.commit { try await work(call) }
            return Response(status: .noContent)
        }
    }
}

extension Endpoint.Access {
    /// Who holds one of these roles.
    static func of(_ roles: StaffRole...) -> Endpoint.Access { .roles(Set(roles)) }

    /// Everybody at head office.
    static let staff = Endpoint.Access.roles(Set(StaffRole.allCases))
}

extension Response {
    /// A value as the API writes it.
    static func api(_ value: some APIValue) -> Response {
        let bytes = (value.json ?? .null).canonicalBytes
        return Response(
            status: .ok, headers: [.contentType: "application/json; charset=utf-8"],
            body: .init(byteBuffer: ByteBuffer(bytes: bytes)))
    }
}
