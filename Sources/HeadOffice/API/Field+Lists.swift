import Journal
import WebSupport

extension Field {
    /// A list of objects that are made of these fields.
    static func list<Element>(
        _ name: String, _ count: ClosedRange<Int>, of fields: [any RequestField],
        make: @escaping @Sendable (FieldValues) throws -> Element
    ) -> Field where Value == [Element] {
        let example = fields.reduce(into: [String: JSONValue]()) { $0[$1.name] = $1.example }
        let schema = Schema(keywords: [
            "type": .text("array"), "items": Schema.object(fields).json,
            "minItems": .integer(Int64(count.lowerBound)),
            "maxItems": .integer(Int64(count.upperBound)),
            "examples": .array([.array([.object(example)])]),
        ])
        let names = Set(fields.map(\.name))
        return Field(name, schema) { json in
            guard case .array(let elements) = json, count.contains(elements.count) else {
                return nil
            }
            var found: [Element] = []
            for element in elements {
                guard case .object(let members) = element, names.isSuperset(of: members.keys),
                    let value = try? make(FieldValues(members))
                else { return nil }
                found.append(value)
            }
            return found
        }
    }
}

/// Members of an object, read as fields.
struct FieldValues: Sendable {
    private let values: [String: JSONValue]

    init(_ values: [String: JSONValue]) {
        self.values = values
    }

    /// What came in a field.
    ///
    /// - Refuses: `.fieldMissing`, `.fieldInvalid`.
    subscript<Value>(_ field: Field<Value>) -> Value {
        get throws(RequestRefusal) { try field.read(values[field.name]) }
    }
}
