// Statements as values. A value put into a statement by interpolation becomes a bind, never text;
// the only way to put text in is spelled `unsafeSQL`.

/// A statement, or a part of one, with its values kept apart from its text.
///
/// - Shape: `"SELECT id FROM card WHERE store_id = \(store) AND \(fragment: condition)"`. Text is
///   numbered `$1…` when the statement runs, so parts compose in any order.
public struct SQL: ExpressibleByStringInterpolation, Sendable {
    /// Always one more than `binds`: text before, between and after them.
    private(set) var segments: [String]
    private(set) var binds: [PostgresBind]

    /// A statement without values.
    public init(stringLiteral value: String) {
        segments = [value]
        binds = []
    }

    /// A statement from text made elsewhere. The caller answers for every character of it.
    public init(unsafeSQL text: String) {
        segments = [text]
        binds = []
    }

    /// Takes what an interpolated literal collected.
    public init(stringInterpolation: StringInterpolation) {
        segments = stringInterpolation.sql.segments
        binds = stringInterpolation.sql.binds
    }

    /// The text as the server sees it, with `$1`, `$2` … for the values.
    public var text: String {
        guard !binds.isEmpty else { return segments[0] }
        var text = segments[0]
        for (index, segment) in segments.dropFirst().enumerated() {
            text += "$\(index + 1)"
            text += segment
        }
        return text
    }

    /// How many values the statement carries.
    public var bindCount: Int { binds.count }

    /// The text with each value replaced by what `literal` gives for it, in order.
    func text(replacingBindsBy literals: [String]) -> String {
        precondition(
            literals.count == binds.count, "\(literals.count) literals, \(binds.count) binds")
        var text = segments[0]
        for (literal, segment) in zip(literals, segments.dropFirst()) {
            text += literal
            text += segment
        }
        return text
    }

    mutating func append(text: String) {
        segments[segments.count - 1] += text
    }

    mutating func append(_ bind: PostgresBind) {
        binds.append(bind)
        segments.append("")
    }

    /// Puts another statement's text and values at the end.
    public mutating func append(_ other: SQL) {
        append(text: other.segments[0])
        binds += other.binds
        segments += other.segments.dropFirst()
    }

    /// Two parts, one after the other.
    public static func + (left: SQL, right: SQL) -> SQL {
        var sum = left
        sum.append(right)
        return sum
    }

    /// Collects the parts of an interpolated statement.
    public struct StringInterpolation: StringInterpolationProtocol, Sendable {
        fileprivate(set) var sql = SQL(unsafeSQL: "")

        /// Starts with nothing collected.
        public init(literalCapacity: Int, interpolationCount: Int) {}

        /// Adds text written in the source.
        public mutating func appendLiteral(_ literal: String) {
            sql.append(text: literal)
        }

        /// Adds a value as a bind of its own type.
        public mutating func appendInterpolation<Value: PostgresEncodable>(_ value: Value) {
            sql.append(PostgresBind(value))
        }

        /// Adds a value or NULL. Spelled apart from the one above because the compiler warns of an
        /// optional in any literal that has no place for one.
        public mutating func appendInterpolation<Value: PostgresEncodable>(_ value: Value?) {
            sql.append(PostgresBind(value))
        }

        /// Adds another part, with its binds.
        public mutating func appendInterpolation(fragment: SQL) {
            sql.append(fragment)
        }

        /// Adds text made elsewhere. The caller answers for every character of it.
        public mutating func appendInterpolation(unsafeSQL text: String) {
            sql.append(text: text)
        }
    }
}

extension Sequence<SQL> {
    /// All parts in order, with `separator` between them.
    public func joined(separator: SQL) -> SQL {
        var joined = SQL(unsafeSQL: "")
        for (index, part) in enumerated() {
            if index > 0 { joined.append(separator) }
            joined.append(part)
        }
        return joined
    }
}

/// One value on its way to the server: its type and its binary form, nil for NULL.
struct PostgresBind: Sendable {
    let type: PostgresType
    let bytes: [UInt8]?

    init<Value: PostgresEncodable>(_ value: Value) {
        type = Value.postgresType
        if value.isPostgresNull {
            bytes = nil
        } else {
            var buffer = PostgresBuffer()
            value.encodePostgres(into: &buffer)
            bytes = buffer.bytes
        }
    }
}
