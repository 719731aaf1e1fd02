import Domain
import Journal
import WebSupport

/// A value that a request brings: in the path, in the query or in the body.
struct Field<Value: Sendable>: RequestField {
    let name: String
    let schema: Schema
    /// What stands for it when it does not come; nil when it must come.
    private let absent: Value?
    private let parse: @Sendable (JSONValue) -> Value?

    var isRequired: Bool { absent == nil }

    init(
        _ name: String, _ schema: Schema, absent: Value? = nil,
        parse: @escaping @Sendable (JSONValue) -> Value?
    ) {
        self.name = name
        self.schema = schema
        self.absent = absent
        self.parse = parse
    }

    /// Reads what came.
    ///
    /// - Refuses: `.fieldMissing`, `.fieldInvalid`.
    func read(_ json: JSONValue?) throws(RequestRefusal) -> Value {
        guard let json else {
            guard let absent else { throw .fieldMissing(name) }
            return absent
        }
        guard let value = parse(json) else { throw .fieldInvalid(name) }
        return value
    }

    func check(_ json: JSONValue?) throws(RequestRefusal) { _ = try read(json) }

    /// The same under another name.
    func named(_ name: String) -> Field {
        Field(name, schema, absent: absent, parse: parse)
    }

    /// The same, which may stay away.
    func or(_ value: Value) -> Field {
        Field(name, schema, absent: value, parse: parse)
    }

    /// The same, nil when it does not come.
    var optional: Field<Value?> {
        let parse = parse
        return Field<Value?>(name, schema, absent: .some(nil)) { json in
            parse(json).map { .some($0) }
        }
    }
}

/// A field whatever it holds.
protocol RequestField: Sendable {
    var name: String { get }
    var schema: Schema { get }
    var isRequired: Bool { get }
    func check(_ json: JSONValue?) throws(RequestRefusal)
}

extension RequestField {
    /// The example of the document.
    var example: JSONValue {
        guard case .array(let examples)? = schema.keywords["examples"] else { return .null }
        return examples.first ?? .null
    }

    /// The text of a path or a query as the field's kind of value.
    func json(ofText text: String) -> JSONValue? {
        switch schema.keywords["type"] {
        case .text("integer"):
            Int64(text).flatMap { String($0) == text ? .integer($0) : nil }
        case .text("boolean"):
            text == "true" ? .bool(true) : text == "false" ? .bool(false) : nil
        default: .text(text)
        }
    }
}

extension Field where Value == String {
    /// Text that people type, so many scalars of it.
    static func text(
        _ name: String, _ length: ClosedRange<Int> = 1...200, example: String
    ) -> Field {
        Field(name, .text(length, example: example)) { json in
            guard case .text(let text) = json, length.contains(text.unicodeScalars.count),
                RequestText.isClean(text)
            else { return nil }
            return text
        }
    }

    /// A code of letters, digits and `-_.`: of a store, a till, a programme, a login.
    static func code(_ name: String, example: String) -> Field {
        Field(name, .text(pattern: "^[A-Za-z0-9._-]{1,60}$", example: example)) { json in
            guard case .text(let text) = json, (1...60).contains(text.utf8.count),
                text.utf8.allSatisfy({
                    switch $0 {
                    case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x2D, 0x2E, 0x5F: true
                    default: false
                    }
                })
            else { return nil }
            return text
        }
    }

    /// Digits of a fixed number and base, such as a hash in hex.
    static func digits(_ name: String, count: Int, hex: Bool = false, example: String) -> Field {
        let schema = Schema.text(
            pattern: "^[0-9\(hex ? "a-f" : "")]{\(count)}$", example: example)
        return Field(name, schema) { json in
            guard case .text(let text) = json, text.utf8.count == count,
                text.utf8.allSatisfy({
                    (0x30...0x39).contains($0) || (hex && (0x61...0x66).contains($0))
                })
            else { return nil }
            return text
        }
    }

    /// One of some words.
    static func choice(_ name: String, _ words: [String]) -> Field {
        Field(name, .choice(words)) { json in
            guard case .text(let text) = json, words.contains(text) else { return nil }
            return text
        }
    }
}

extension Field where Value: CaseIterable & RawRepresentable<String> {
    /// One of an enumeration's words.
    static func choice(_ name: String) -> Field {
        Field(name, .choice(Value.allCases.map(\.rawValue))) { json in
            guard case .text(let text) = json else { return nil }
            return Value(rawValue: text)
        }
    }
}

extension Field {
    /// Some of an enumeration's words.
    static func choices<Word>(_ name: String) -> Field
    where Value == Set<Word>, Word: CaseIterable & RawRepresentable<String> & Sendable {
        let words = Word.allCases.map(\.rawValue)
        return strings(name, .choice(words), example: Array(words.prefix(1))) {
            Word(rawValue: $0)
        }
    }

    /// A set of texts of one schema.
    static func strings<Element>(
        _ name: String, _ schema: Schema, example: [String],
        _ parse: @escaping @Sendable (String) -> Element?
    ) -> Field where Value == Set<Element> {
        Field(name, .set(of: schema, example: example.map(JSONValue.text))) { json in
            guard case .array(let elements) = json, elements.count <= 100 else { return nil }
            var found: Value = []
            for element in elements {
                guard case .text(let text) = element, let value = parse(text),
                    found.insert(value).inserted
                else { return nil }
            }
            return found
        }
    }
}

extension Field where Value == Int {
    static func number(_ name: String, _ range: ClosedRange<Int>, example: Int) -> Field {
        let wide = Int64(range.lowerBound)...Int64(range.upperBound)
        return Field(name, .number(wide, example: Int64(example))) { json in
            guard case .integer(let number) = json, wide.contains(number) else { return nil }
            return Int(number)
        }
    }
}

extension Field where Value == Money {
    /// Fen; the most that people may enter bounds it.
    static func fen(_ name: String, example: Int64) -> Field {
        let range = 0...Money.largestEntered.fen
        return Field(name, .number(range, example: example).described("fen")) { json in
            guard case .integer(let fen) = json, range.contains(fen) else { return nil }
            return Money(fen: fen)
        }
    }
}

extension Field where Value == Bool {
    static func flag(_ name: String) -> Field {
        let schema = Schema(keywords: [
            "type": .text("boolean"), "examples": .array([.bool(false)]),
        ])
        return Field(name, schema) { json in
            guard case .bool(let flag) = json else { return nil }
            return flag
        }
    }
}

extension Field where Value == Int64 {
    /// The key of a row.
    static func key(_ name: String) -> Field {
        Field(name, .text(pattern: RowKey.pattern, example: "999999999")) { json in
            guard case .text(let text) = json, text.utf8.count <= 18, let number = Int64(text),
                number > 0, String(number) == text
            else { return nil }
            return number
        }
    }
}

extension Field where Value == RecordID {
    /// An id that the program makes and keeps before it sends (R-M3).
    static func id(_ name: String) -> Field {
        let schema = Schema.text(
            pattern: "^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$",
            example: "01890a5d-ac96-774b-bcce-b302099a8057")
        return Field(name, schema) { json in
            guard case .text(let text) = json, let id = RecordID(text), id.description == text,
                id.high >> 12 & 0xF == 7, id.low >> 62 == 2
            else { return nil }
            return id
        }
    }
}

extension Field where Value == BusinessDate {
    static func date(_ name: String) -> Field {
        let schema = Schema(keywords: [
            "type": .text("string"), "format": .text("date"),
            "pattern": .text("^20[0-9]{2}-[0-9]{2}-[0-9]{2}$"),
            "examples": .array([.text("2026-11-25")]),
        ])
        return Field(name, schema) { json in
            guard case .text(let text) = json, text.hasPrefix("20"), text.utf8.count == 10 else {
                return nil
            }
            return BusinessDate.parse(text)
        }
    }
}

extension Field where Value == TradingMonth {
    static func month(_ name: String) -> Field {
        let schema = Schema.text(
            pattern: "^20[0-9]{2}-(0[1-9]|1[0-2])$", example: "2026-11")
        return Field(name, schema) { json in
            guard case .text(let text) = json, text.hasPrefix("20") else { return nil }
            return TradingMonth.parse(text)
        }
    }
}

extension Field {
    /// Where a page of a list begins that is sorted by time, then by what `id` holds: `next` of the page before.
    static func after<ID>(_ id: Field<ID>) -> Field where Value == PageKey<ID> {
        let schema = Schema.text(
            pattern: "^[0-9]{1,15}_" + id.pattern.dropFirst(), example: "0_" + id.exampleText)
        return Field("after", schema) { json in
            guard case .text(let text) = json else { return nil }
            let parts = text.split(separator: "_", maxSplits: 1)
            guard parts.count == 2, (1...15).contains(parts[0].utf8.count),
                parts[0].utf8.allSatisfy({ (0x30...0x39).contains($0) }),
                let time = Int64(parts[0]), let found = id.parse(.text(String(parts[1])))
            else { return nil }
            return PageKey(time: Instant(milliseconds: time), id: found)
        }
    }

    private var pattern: String {
        guard case .text(let pattern)? = schema.keywords["pattern"] else { return "^.*$" }
        return pattern
    }

    private var exampleText: String {
        guard case .text(let text) = example else { return "" }
        return text
    }
}

/// A place in a list that is sorted by time, then by id.
struct PageKey<ID: Sendable>: Sendable {
    let time: Instant
    let id: ID

    /// As `after` takes it.
    static func text(_ time: Instant, _ id: ID) -> String { "\(time.milliseconds)_\(id)" }
}
