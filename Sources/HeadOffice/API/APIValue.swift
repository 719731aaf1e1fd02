import Domain
import Journal

/// A value as JSON Schema describes it.
struct Schema: Sendable, Equatable {
    /// The keywords.
    var keywords: [String: JSONValue]
    /// Named schemas that the keywords point at, by name.
    var components: [String: JSONValue] = [:]

    /// The keywords as one value.
    var json: JSONValue { .object(keywords) }

    /// Text whose scalars `RequestText` takes.
    static func text(_ length: ClosedRange<Int>, example: String) -> Schema {
        Schema(keywords: [
            "type": .text("string"), "minLength": .integer(Int64(length.lowerBound)),
            "maxLength": .integer(Int64(length.upperBound)),
            "pattern": .text(RequestText.pattern), "examples": .array([.text(example)]),
        ])
    }

    /// Text of a form of its own.
    static func text(pattern: String, example: String) -> Schema {
        Schema(keywords: [
            "type": .text("string"), "pattern": .text(pattern),
            "examples": .array([.text(example)]),
        ])
    }

    /// One of some words.
    static func choice(_ words: [String]) -> Schema {
        Schema(keywords: [
            "type": .text("string"), "enum": .array(words.map(JSONValue.text)),
            "examples": .array(words.prefix(1).map(JSONValue.text)),
        ])
    }

    /// A whole number.
    static func number(_ range: ClosedRange<Int64>, example: Int64) -> Schema {
        Schema(keywords: [
            "type": .text("integer"), "minimum": .integer(range.lowerBound),
            "maximum": .integer(range.upperBound), "examples": .array([.integer(example)]),
        ])
    }

    /// A list of distinct elements.
    static func set(of element: Schema, example: [JSONValue]) -> Schema {
        Schema(
            keywords: [
                "type": .text("array"), "items": element.json, "uniqueItems": .bool(true),
                "maxItems": .integer(100), "examples": .array([.array(example)]),
            ], components: element.components)
    }

    /// An object whose members are these fields, and no others.
    static func object(_ fields: [any RequestField]) -> Schema {
        Schema(keywords: [
            "type": .text("object"),
            "properties": .object(fields.reduce(into: [:]) { $0[$1.name] = $1.schema.json }),
            "required": .array(fields.filter(\.isRequired).map { .text($0.name) }),
            "additionalProperties": .bool(false),
        ])
    }

    /// The same with words about it.
    func described(_ words: String) -> Schema {
        var schema = self
        schema.keywords["description"] = .text(words)
        return schema
    }
}

/// Text that people type: no control characters but tab and line ends, as in forms.
enum RequestText {
    static let pattern = "^[^\\u0000-\\u0008\\u000b\\u000c\\u000e-\\u001f\\u007f]*$"

    static func isClean(_ text: String) -> Bool {
        text.utf8.allSatisfy {
            ($0 >= 0x20 && $0 != 0x7F) || $0 == 0x09 || $0 == 0x0A || $0 == 0x0D
        }
    }
}

/// What an answer may hold: one form for a value, and its description.
protocol APIValue: SendableMetatype {
    static var schema: Schema { get }
    /// Whether a member of this type may be absent.
    static var mayBeAbsent: Bool { get }
    /// Nil when it is absent.
    var json: JSONValue? { get }
}

extension APIValue {
    static var mayBeAbsent: Bool { false }
}

extension String: APIValue {
    static var schema: Schema { Schema(keywords: ["type": .text("string")]) }
    var json: JSONValue? { .text(self) }
}

extension Bool: APIValue {
    static var schema: Schema { Schema(keywords: ["type": .text("boolean")]) }
    var json: JSONValue? { .bool(self) }
}

extension Int64: APIValue {
    static var schema: Schema {
        Schema(keywords: ["type": .text("integer"), "format": .text("int64")])
    }
    var json: JSONValue? { .integer(self) }
}

extension Int: APIValue {
    static var schema: Schema { Int64.schema }
    var json: JSONValue? { .integer(Int64(self)) }
}

extension Money: APIValue {
    static var schema: Schema { Int64.schema.described("fen") }
    var json: JSONValue? { .integer(fen) }
}

extension Instant: APIValue {
    static var schema: Schema {
        Schema(keywords: ["type": .text("string"), "format": .text("date-time")])
    }
    var json: JSONValue? { .text(utcText) }
}

extension BusinessDate: APIValue {
    static var schema: Schema {
        Schema(keywords: ["type": .text("string"), "format": .text("date")])
    }
    var json: JSONValue? { .text(description) }
}

extension TradingMonth: APIValue {
    static var schema: Schema {
        Schema(keywords: ["type": .text("string"), "pattern": .text("^[0-9]{4}-[0-9]{2}$")])
    }
    var json: JSONValue? { .text(description) }
}

extension RecordID: APIValue {
    static var schema: Schema {
        Schema(keywords: ["type": .text("string"), "format": .text("uuid")])
    }
    var json: JSONValue? { .text(description) }
}

/// The key of a row: text, so that no program rounds it.
struct RowKey: APIValue {
    let number: Int64

    static let pattern = "^[1-9][0-9]{0,17}$"
    static var schema: Schema {
        Schema(keywords: ["type": .text("string"), "pattern": .text(pattern)])
    }
    var json: JSONValue? { .text(String(number)) }
}

extension Optional: APIValue where Wrapped: APIValue {
    static var schema: Schema { Wrapped.schema }
    static var mayBeAbsent: Bool { true }
    var json: JSONValue? { flatMap(\.json) }
}

extension Array: APIValue where Element: APIValue {
    static var schema: Schema {
        let element = Element.schema
        return Schema(
            keywords: ["type": .text("array"), "items": element.json],
            components: element.components)
    }
    var json: JSONValue? { .array(compactMap(\.json)) }
}
