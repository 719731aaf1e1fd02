// Values on the wire. All values travel in PostgreSQL's binary form, big-endian, with their type
// named, so that the server never guesses.

/// A value that can be bound to a statement or written by COPY.
///
/// - Shape: the standard types conform here; a module's own type conforms to
///   `PostgresConvertible` and names one of them.
public protocol PostgresEncodable: Sendable {
    /// The type the server is told.
    static var postgresType: PostgresType { get }
    /// Whether the value is NULL.
    var isPostgresNull: Bool { get }
    /// Appends the binary form, without its length. Not called when `isPostgresNull`.
    func encodePostgres(into buffer: inout PostgresBuffer)
}

extension PostgresEncodable {
    /// No value is NULL unless it says so.
    public var isPostgresNull: Bool { false }
}

/// A value that can be read from a row.
public protocol PostgresDecodable: Sendable {
    /// Reads one cell.
    ///
    /// - Refuses: `PostgresError` `.decoding` when the cell is NULL or of another type.
    init(postgresCell cell: PostgresCell) throws
}

/// A value that can stand in an array.
public protocol PostgresArrayElement: Sendable {
    /// The type of an array of these.
    static var postgresArrayType: PostgresType { get }
    /// Appends the binary form of a whole array.
    static func encodePostgresArray(_ elements: [Self], into buffer: inout PostgresBuffer)
    /// Reads a whole array from one cell.
    static func decodePostgresArray(_ cell: PostgresCell) throws -> [Self]
}

/// A module's own type that travels as one of the standard ones.
///
/// - Shape: name the form and the two directions; binds, rows, COPY, arrays and optionals follow:
///   ```
///   extension Money: PostgresConvertible {
///       public var postgresForm: Int64 { fen }
///       public init(postgresForm: Int64) throws { self.init(fen: postgresForm) }
///   }
///   enum CardState: String, PostgresConvertible { case active, blocked }  // nothing else to write
///   ```
/// - Refuses: whatever `init(postgresForm:)` throws arrives as the cause of a `.decoding` error.
public protocol PostgresConvertible: PostgresEncodable, PostgresDecodable, PostgresArrayElement {
    /// The standard type that carries the value.
    associatedtype PostgresForm: PostgresEncodable & PostgresDecodable & PostgresArrayElement
    /// The value in its carrying type.
    var postgresForm: PostgresForm { get }
    /// The value from its carrying type.
    init(postgresForm: PostgresForm) throws
}

extension PostgresConvertible {
    /// The type of the carrying form.
    public static var postgresType: PostgresType { PostgresForm.postgresType }
    /// The array type of the carrying form.
    public static var postgresArrayType: PostgresType { PostgresForm.postgresArrayType }

    /// Appends the carrying form.
    public func encodePostgres(into buffer: inout PostgresBuffer) {
        postgresForm.encodePostgres(into: &buffer)
    }

    /// Reads the carrying form, then the value.
    public init(postgresCell cell: PostgresCell) throws {
        self = try cell.wrappingErrors { try Self(postgresForm: PostgresForm(postgresCell: cell)) }
    }

    /// Appends an array of the carrying form.
    public static func encodePostgresArray(
        _ elements: [Self], into buffer: inout PostgresBuffer
    ) {
        PostgresForm.encodePostgresArray(elements.map(\.postgresForm), into: &buffer)
    }

    /// Reads an array of the carrying form.
    public static func decodePostgresArray(_ cell: PostgresCell) throws -> [Self] {
        let forms = try PostgresForm.decodePostgresArray(cell)
        return try cell.wrappingErrors { try forms.map { try Self(postgresForm: $0) } }
    }
}

extension PostgresConvertible where Self: RawRepresentable, PostgresForm == RawValue {
    /// The raw value.
    public var postgresForm: RawValue { rawValue }

    /// The value of that raw value.
    ///
    /// - Refuses: `.decoding` when no value has it.
    public init(postgresForm: RawValue) throws {
        guard let value = Self(rawValue: postgresForm) else {
            throw PostgresError(.decoding, "no \(Self.self) has the raw value \(postgresForm)")
        }
        self = value
    }
}

/// A type as the server knows it.
public struct PostgresType: Hashable, Sendable {
    /// The server's number for the type.
    public let oid: UInt32

    static let bool = PostgresType(oid: 16)
    static let bytea = PostgresType(oid: 17)
    static let name = PostgresType(oid: 19)
    static let int8 = PostgresType(oid: 20)
    static let int2 = PostgresType(oid: 21)
    static let int4 = PostgresType(oid: 23)
    static let text = PostgresType(oid: 25)
    static let oid = PostgresType(oid: 26)
    static let json = PostgresType(oid: 114)
    static let unknown = PostgresType(oid: 705)
    static let boolArray = PostgresType(oid: 1000)
    static let byteaArray = PostgresType(oid: 1001)
    static let int2Array = PostgresType(oid: 1005)
    static let int4Array = PostgresType(oid: 1007)
    static let textArray = PostgresType(oid: 1009)
    static let int8Array = PostgresType(oid: 1016)
    static let bpchar = PostgresType(oid: 1042)
    static let varchar = PostgresType(oid: 1043)
    static let varcharArray = PostgresType(oid: 1015)
    static let date = PostgresType(oid: 1082)
    static let timestamptz = PostgresType(oid: 1184)
    static let dateArray = PostgresType(oid: 1182)
    static let timestamptzArray = PostgresType(oid: 1185)
    static let numeric = PostgresType(oid: 1700)
    static let uuid = PostgresType(oid: 2950)
    static let uuidArray = PostgresType(oid: 2951)
    static let jsonb = PostgresType(oid: 3802)
    static let jsonbArray = PostgresType(oid: 3807)
    static let xid8 = PostgresType(oid: 5069)
}

/// Bytes in the server's order, growing at the end.
public struct PostgresBuffer: Sendable {
    private(set) var bytes: [UInt8] = []

    mutating func append(_ value: some FixedWidthInteger) {
        withUnsafeBytes(of: value.bigEndian) { bytes.append(contentsOf: $0) }
    }

    mutating func append(contentsOf other: some Sequence<UInt8>) {
        bytes.append(contentsOf: other)
    }

    mutating func removeAll() {
        bytes.removeAll(keepingCapacity: true)
    }

    /// Appends length and value, or the length -1 for NULL: the form of COPY and of arrays.
    mutating func appendField<Value: PostgresEncodable>(_ value: Value) {
        guard !value.isPostgresNull else { return append(Int32(-1)) }
        let start = bytes.count
        append(Int32(0))
        value.encodePostgres(into: &self)
        let length = Int32(bytes.count - start - 4).bigEndian
        withUnsafeBytes(of: length) { bytes.replaceSubrange(start..<start + 4, with: $0) }
    }
}
