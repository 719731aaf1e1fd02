import Domain
import Foundation
import Hummingbird
import Journal

/// The description of the API as OpenAPI 3.1, made from the endpoints.
enum OpenAPIDocument {
    static func make(_ endpoints: [Endpoint]) -> JSONValue {
        var paths: [String: [String: JSONValue]] = [:]
        var components: [String: JSONValue] = ["Refusal": refusal]
        for endpoint in endpoints {
            paths[endpoint.path, default: [:]][endpoint.method.rawValue.lowercased()] =
                operation(endpoint)
            var schemas = endpoint.fields.map(\.schema)
            if case .json(let schema) = endpoint.answer { schemas.append(schema) }
            for schema in schemas {
                components.merge(schema.components) { first, _ in first }
            }
        }
        return .object([
            "openapi": .text("3.1.0"),
            "info": .object([
                "title": .text("Huiyika head office"), "version": .text("1"),
                "description": .text(
                    "What the staff pages do, for programs. Docs/OFFICE-API.md explains it."),
            ]),
            "servers": .array([.object(["url": .text(OfficeAPI.root)])]),
            "security": .array([.object(["bearer": .array([])])]),
            "paths": .object(paths.mapValues { .object($0) }),
            "components": .object([
                "schemas": .object(components),
                "securitySchemes": .object([
                    "bearer": .object(["type": .text("http"), "scheme": .text("bearer")])
                ]),
                "responses": .object([
                    "Refused": .object([
                        "description": .text(
                            "Nothing was changed; the code says why (Docs/ERRORS.md)."),
                        "content": content(
                            "application/json", ref("#/components/schemas/Refusal")),
                    ])
                ]),
            ]),
        ])
    }

    /// The document as people read it: sorted, one member a line.
    static func text(_ endpoints: [Endpoint]) throws -> String {
        let value = try JSONSerialization.jsonObject(
            with: Data(make(endpoints).canonicalBytes))
        let data = try JSONSerialization.data(
            withJSONObject: value, options: [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes])
        return String(decoding: data, as: UTF8.self) + "\n"
    }

    private static func operation(_ endpoint: Endpoint) -> JSONValue {
        var operation: [String: JSONValue] = [
            "operationId": .text(endpoint.name), "summary": .text(endpoint.summary),
            "tags": .array([.text(String(endpoint.path.split(separator: "/")[0]))]),
            "responses": .object(responses(endpoint)),
        ]
        switch endpoint.access {
        case .everybody: operation["security"] = .array([])
        case .signedIn: break
        case .roles(let roles):
            operation["x-roles"] = .array(roles.map(\.rawValue).sorted().map(JSONValue.text))
        }
        var parameters =
            endpoint.pathFields.map { parameter($0, "path") }
            + endpoint.queryFields.map { parameter($0, "query") }
        if case .file(_, isResumable: true) = endpoint.answer { parameters.append(range) }
        if !parameters.isEmpty { operation["parameters"] = .array(parameters) }
        if let type = endpoint.file {
            let schema = JSONValue.object(["type": .text("string"), "format": .text("binary")])
            operation["requestBody"] = body(type, schema)
        } else if endpoint.hasJSONBody {
            operation["requestBody"] = body(
                "application/json", Schema.object(endpoint.bodyFields).json)
        }
        return .object(operation)
    }

    private static func responses(_ endpoint: Endpoint) -> [String: JSONValue] {
        var responses = ["4XX": ref("#/components/responses/Refused")]
        switch endpoint.answer {
        case .nothing: responses["204"] = .object(["description": .text("Done.")])
        case .json(let schema):
            responses["200"] = .object([
                "description": .text("Done."),
                "content": content("application/json", schema.json),
            ])
        case .file(let types, let isResumable):
            let content = JSONValue.object(types.reduce(into: [:]) { $0[$1] = .object([:]) })
            responses["200"] = .object(["description": .text("The file."), "content": content])
            guard isResumable else { break }
            responses["206"] = .object([
                "description": .text("The range that was asked for."), "content": content,
                "headers": .object(["Content-Range": contentRange]),
            ])
            responses["416"] = .object([
                "description": .text("The file does not reach so far; nothing of it is sent."),
                "headers": .object(["Content-Range": contentRange]),
            ])
        }
        return responses
    }

    private static let contentRange: JSONValue = .object([
        "description": .text(
            "Which bytes of how many, `bytes 5-9/10`, or of how many, `bytes */10`."),
        "required": .bool(true), "schema": String.schema.json,
    ])

    /// Of a file whose download broke off (RFC 9110 §14.2).
    private static let range: JSONValue = .object([
        "name": .text("Range"), "in": .text("header"), "required": .bool(false),
        "description": .text(
            "One range of bytes, such as `bytes=1000-`; anything else is answered with the whole file."
        ),
        "schema": String.schema.json,
    ])

    private static func parameter(_ field: any RequestField, _ place: String) -> JSONValue {
        .object([
            "name": .text(field.name), "in": .text(place),
            "required": .bool(place == "path" || field.isRequired), "schema": field.schema.json,
        ])
    }

    private static func body(_ type: String, _ schema: JSONValue) -> JSONValue {
        .object(["required": .bool(true), "content": content(type, schema)])
    }

    private static func content(_ type: String, _ schema: JSONValue) -> JSONValue {
        .object([type: .object(["schema": schema])])
    }

    private static func ref(_ path: String) -> JSONValue { .object(["$ref": .text(path)]) }

    /// What `ErrorPages` writes below `/api`.
    private static let refusal: JSONValue = .object([
        "type": .text("object"),
        "properties": .object([
            "code": String.schema.described("Stable; Docs/ERRORS.md lists them.").json,
            "message": String.schema.described("In the language of Accept-Language.").json,
            "details": .object([
                "type": .text("object"), "additionalProperties": String.schema.json,
            ]),
            "incident": String.schema.described("The number under which the log has it.").json,
        ]),
        "required": .array([.text("code"), .text("details"), .text("message")]),
        "additionalProperties": .bool(false),
    ])
}

extension Endpoint {
    /// `postCardsCardFreeze`.
    var name: String {
        let words = path.split { !$0.isLetter }.map { $0.prefix(1).uppercased() + $0.dropFirst() }
        return method.rawValue.lowercased() + words.joined()
    }
}
