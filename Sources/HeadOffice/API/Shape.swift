import Domain
import Journal

/// A value with named members, as answers hold it: what is written and what is described come from the same list.
protocol APIObject: APIValue, Sendable {
    static var shape: Shape<Self> { get }
}

extension APIObject {
    static var schema: Schema { shape.schema }
    var json: JSONValue? { Self.shape.json(self) }
}

/// The members of a value, under the name that the document gives it.
struct Shape<Whole>: Sendable {
    let name: String
    let members: [Member<Whole>]

    init(_ name: String, _ members: [Member<Whole>]) {
        self.name = name
        self.members = members
    }

    func json(_ whole: Whole) -> JSONValue {
        .object(
            members.reduce(into: [:]) { object, member in object[member.name] = member.read(whole) }
        )
    }

    /// A reference to the component, with what it is made of.
    var schema: Schema {
        var components: [String: JSONValue] = [:]
        var properties: [String: JSONValue] = [:]
        for member in members {
            let schema = member.schema
            properties[member.name] = schema.json
            components.merge(schema.components) { first, _ in first }
        }
        components[name] = .object([
            "type": .text("object"), "properties": .object(properties),
            "required": .array(members.filter { !$0.mayBeAbsent }.map { .text($0.name) }),
            "additionalProperties": .bool(false),
        ])
        return Schema(
            keywords: ["$ref": .text("#/components/schemas/\(name)")], components: components)
    }
}

/// One member of a value.
struct Member<Whole>: Sendable {
    let name: String
    let mayBeAbsent: Bool
    /// A closure, for a value may lie within another of its own kind of schema.
    private let makeSchema: @Sendable () -> Schema
    let read: @Sendable (Whole) -> JSONValue?

    var schema: Schema { makeSchema() }

    init<Value: APIValue>(_ name: String, _ path: any KeyPath<Whole, Value> & Sendable) {
        self.name = name
        mayBeAbsent = Value.mayBeAbsent
        makeSchema = { Value.schema }
        read = { $0[keyPath: path].json }
    }

    /// The key of a row.
    init(key name: String, _ path: any KeyPath<Whole, Int64> & Sendable) {
        self.name = name
        mayBeAbsent = false
        makeSchema = { RowKey.schema }
        read = { RowKey(number: $0[keyPath: path]).json }
    }

    /// The key of a row that may be absent.
    init(key name: String, _ path: any KeyPath<Whole, Int64?> & Sendable) {
        self.name = name
        mayBeAbsent = true
        makeSchema = { RowKey.schema }
        read = { $0[keyPath: path].flatMap { RowKey(number: $0).json } }
    }
}

/// A page of a list.
struct Page<Row: APIObject>: APIObject {
    let rows: [Row]
    /// What `after` must be for the next page; nil at the end.
    let next: String?

    static var shape: Shape<Page<Row>> {
        Shape("\(Row.shape.name)Page", [Member("rows", \.rows), Member("next", \.next)])
    }

    /// A page of rows, of which one more was read to know whether there is more.
    init(_ read: [Row], of size: Int, key: (Row) -> String) {
        rows = Array(read.prefix(size))
        next = read.count > size ? rows.last.map(key) : nil
    }

    /// A whole list.
    init(_ rows: [Row]) {
        self.rows = rows
        next = nil
    }
}
