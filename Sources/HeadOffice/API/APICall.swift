import Domain
import Foundation
import Hummingbird
import Journal
import WebSupport

/// A request to an endpoint, with everything that it brought read and checked.
struct APICall: Sendable {
    let desk: OfficeDesk
    let request: Request
    let context: WebContext
    /// Who asks; nobody at the sign-in.
    let caller: StaffActor?
    private let values: FieldValues
    /// The body, where it is a file.
    let file: [UInt8]

    /// Head office's time.
    var now: Instant { desk.now }

    /// Who asks.
    ///
    /// - Refuses: `.notSignedIn`.
    var actor: StaffActor {
        get throws {
            guard let caller else { throw RequestRefusal.notSignedIn }
            return caller
        }
    }

    /// What came in a field.
    subscript<Value>(_ field: Field<Value>) -> Value {
        get throws { try values[field] }
    }

    /// Reads a request as its endpoint describes it.
    ///
    /// - Refuses, first match wins: `RequestRefusal` of the body, of a field that nobody knows, of each field in order.
    init(
        _ endpoint: Endpoint, desk: OfficeDesk, request: Request, context: WebContext,
        caller: StaffActor?
    ) async throws {
        self.desk = desk
        self.request = request
        self.context = context
        self.caller = caller
        var values = try Self.query(request, endpoint)
        for field in endpoint.pathFields {
            // The router hands the part over as it stands in the address.
            guard let text = context.parameters.get(field.name)?.removingPercentEncoding else {
                throw RequestRefusal.fieldInvalid(field.name)
            }
            values[field.name] = field.json(ofText: text)
        }
        if endpoint.hasJSONBody {
            values.merge(try await Self.body(request, endpoint)) { path, _ in path }
        }
        for field in endpoint.fields { try field.check(values[field.name]) }
        self.values = FieldValues(values)
        file = try await Self.file(request, endpoint)
    }

    private static func query(
        _ request: Request, _ endpoint: Endpoint
    ) throws -> [String: JSONValue] {
        let sent = try request.query()
        let fields = endpoint.queryFields
        if let unknown = sent.names.first(where: { name in !fields.contains { $0.name == name } }) {
            throw RequestRefusal.fieldUnknown(unknown)
        }
        var values: [String: JSONValue] = [:]
        for field in fields {
            guard let text = try sent.optional(field.name) else { continue }
            guard let json = field.json(ofText: text) else {
                throw RequestRefusal.fieldInvalid(field.name)
            }
            values[field.name] = json
        }
        return values
    }

    private static func body(
        _ request: Request, _ endpoint: Endpoint
    ) async throws -> [String: JSONValue] {
        guard request.mediaType == "application/json" else {
            throw RequestRefusal.mediaTypeNotTaken
        }
        guard case .object(let members) = try await request.json(RequestJSON.self).value else {
            throw RequestRefusal.malformedBody
        }
        let known = Set(endpoint.bodyFields.map(\.name))
        if let unknown = members.keys.sorted().first(where: { !known.contains($0) }) {
            throw RequestRefusal.fieldUnknown(unknown)
        }
        return members
    }

    private static func file(_ request: Request, _ endpoint: Endpoint) async throws -> [UInt8] {
        guard let type = endpoint.file else { return [] }
        guard request.mediaType == type else { throw RequestRefusal.mediaTypeNotTaken }
        return Array((try await request.wholeBody(.file)).readableBytesView)
    }
}

/// A body as programs write it: `1.0` is a whole number (JSON Schema 2020-12 §6.1.1), which the wire of the tills refuses.
private struct RequestJSON: Decodable {
    let value: JSONValue

    init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if container.decodeNil() {
            value = .null
        } else if let flag = try? container.decode(Bool.self) {
            value = .bool(flag)
        } else if let number = try? container.decode(Int64.self) {
            value = .integer(number)
        } else if let text = try? container.decode(String.self) {
            value = .text(text)
        } else if let elements = try? container.decode([RequestJSON].self) {
            value = .array(elements.map(\.value))
        } else {
            value = .object(try container.decode([String: RequestJSON].self).mapValues(\.value))
        }
    }
}
