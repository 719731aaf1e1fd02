// Optionals and arrays. `[UInt8]` is bytea, every other array is an array of the server: an
// element type says which, so that both can be spelled as Swift arrays.

extension Optional: PostgresEncodable where Wrapped: PostgresEncodable {
    /// The wrapped value's type.
    public static var postgresType: PostgresType { Wrapped.postgresType }
    /// Nil is NULL.
    public var isPostgresNull: Bool { self?.isPostgresNull ?? true }

    /// Appends the wrapped value.
    public func encodePostgres(into buffer: inout PostgresBuffer) {
        self?.encodePostgres(into: &buffer)
    }
}

extension Optional: PostgresDecodable where Wrapped: PostgresDecodable {
    /// Reads NULL as nil.
    public init(postgresCell cell: PostgresCell) throws {
        self = cell.isNull ? nil : try Wrapped(postgresCell: cell)
    }
}

extension Optional: PostgresArrayElement
where Wrapped: PostgresArrayElement & PostgresEncodable & PostgresDecodable {
    /// The wrapped value's array type.
    public static var postgresArrayType: PostgresType { Wrapped.postgresArrayType }
}

extension Array: PostgresEncodable where Element: PostgresArrayElement {
    /// The element's array type.
    public static var postgresType: PostgresType { Element.postgresArrayType }

    /// Appends the whole array.
    public func encodePostgres(into buffer: inout PostgresBuffer) {
        Element.encodePostgresArray(self, into: &buffer)
    }
}

extension Array: PostgresDecodable where Element: PostgresArrayElement {
    /// Reads a one-dimensional array.
    public init(postgresCell cell: PostgresCell) throws {
        self = try Element.decodePostgresArray(cell)
    }
}

extension UInt8: PostgresArrayElement {
    /// An array of bytes is bytea.
    public static var postgresArrayType: PostgresType { .bytea }

    /// Appends the bytes as they are.
    public static func encodePostgresArray(
        _ elements: [UInt8], into buffer: inout PostgresBuffer
    ) {
        buffer.append(contentsOf: elements)
    }

    /// Reads bytea.
    public static func decodePostgresArray(_ cell: PostgresCell) throws -> [UInt8] {
        [UInt8](try cell.bytes(of: [.bytea], for: [UInt8].self))
    }
}

extension Array: PostgresArrayElement where Element == UInt8 {
    /// bytea[].
    public static var postgresArrayType: PostgresType { .byteaArray }
}

extension PostgresArrayElement where Self: PostgresEncodable & PostgresDecodable {
    /// Appends the server's binary array: dimensions, whether NULLs occur, element type, length,
    /// lower bound, elements.
    public static func encodePostgresArray(
        _ elements: [Self], into buffer: inout PostgresBuffer
    ) {
        buffer.append(Int32(elements.isEmpty ? 0 : 1))
        buffer.append(Int32(elements.contains { $0.isPostgresNull } ? 1 : 0))
        buffer.append(Self.postgresType.oid)
        guard !elements.isEmpty else { return }
        buffer.append(Int32(elements.count))
        buffer.append(Int32(1))
        for element in elements { buffer.appendField(element) }
    }

    /// Reads the server's binary array.
    ///
    /// - Refuses: `.decoding` for NULL, for more than one dimension, and for an element that is
    ///   NULL where `Self` is not optional.
    public static func decodePostgresArray(_ cell: PostgresCell) throws -> [Self] {
        let accepted =
            postgresArrayType == .textArray
            ? [postgresArrayType, .varcharArray] : [postgresArrayType]
        var reader = ArrayReader(
            cell: cell, bytes: try cell.bytes(of: accepted, for: [Self].self))
        let dimensionCount = try reader.integer(Int32.self)
        _ = try reader.integer(Int32.self)
        let elementType = PostgresType(oid: try reader.integer(UInt32.self))
        guard dimensionCount != 0 else { return [] }
        guard dimensionCount == 1 else {
            throw cell.failure("is an array of \(dimensionCount) dimensions")
        }
        let elementCount = try reader.integer(Int32.self)
        _ = try reader.integer(Int32.self)
        return try (0..<elementCount).map { _ in
            let bytes = try reader.field()
            return try Self(postgresCell: cell.part(type: elementType, bytes: bytes))
        }
    }
}

private struct ArrayReader {
    let cell: PostgresCell
    let bytes: UnsafeRawBufferPointer
    var offset = 0

    init(cell: PostgresCell, bytes: UnsafeRawBufferPointer) {
        self.cell = cell
        self.bytes = bytes
    }

    mutating func integer<Number: FixedWidthInteger>(_: Number.Type) throws -> Number {
        let end = offset + Number.bitWidth / 8
        guard end <= bytes.count else { throw cell.failure("is an array cut short") }
        defer { offset = end }
        return Number(bigEndian: bytes.loadUnaligned(fromByteOffset: offset, as: Number.self))
    }

    mutating func field() throws -> UnsafeRawBufferPointer? {
        let length = Int(try integer(Int32.self))
        guard length >= 0 else { return nil }
        guard length <= bytes.count - offset else { throw cell.failure("is an array cut short") }
        defer { offset += length }
        return UnsafeRawBufferPointer(rebasing: bytes[offset..<offset + length])
    }
}
