import CLibPQ

/// One value of one row, in the server's binary form.
public struct PostgresCell {
    /// Keeps `bytes` alive.
    private let owner: PostgresResult
    let type: PostgresType
    let columnName: String
    /// Nil for NULL.
    let bytes: UnsafeRawBufferPointer?

    init(
        owner: PostgresResult, type: PostgresType, columnName: String,
        bytes: UnsafeRawBufferPointer?
    ) {
        self.owner = owner
        self.type = type
        self.columnName = columnName
        self.bytes = bytes
    }

    /// Whether the value is NULL.
    public var isNull: Bool { bytes == nil }

    /// The bytes, if the cell is not NULL and of one of the types.
    func bytes(
        of types: [PostgresType], for wanted: Any.Type
    ) throws -> UnsafeRawBufferPointer {
        guard types.contains(type) else {
            throw failure("has the type number \(type.oid), which is not a \(wanted)")
        }
        guard let bytes else { throw failure("is NULL, which is not a \(wanted)") }
        return bytes
    }

    /// The bytes as one number of exactly that width.
    func integer<Number: FixedWidthInteger>(
        _: Number.Type, of types: [PostgresType], for wanted: Any.Type
    ) throws -> Number {
        let bytes = try bytes(of: types, for: wanted)
        guard bytes.count == Number.bitWidth / 8 else {
            throw failure("has \(bytes.count) bytes, which is not a \(wanted)")
        }
        return Number(bigEndian: bytes.loadUnaligned(as: Number.self))
    }

    /// A part of this cell, such as an array's element.
    func part(type: PostgresType, bytes: UnsafeRawBufferPointer?) -> PostgresCell {
        PostgresCell(owner: owner, type: type, columnName: columnName, bytes: bytes)
    }

    func failure(_ problem: String, cause: (any Error)? = nil) -> PostgresError {
        PostgresError(.decoding, "column \(columnName) \(problem)", cause: cause)
    }

    /// Gives errors of other modules the name of the column.
    func wrappingErrors<Value>(_ body: () throws -> Value) throws -> Value {
        do {
            return try body()
        } catch let error as PostgresError {
            throw error
        } catch {
            throw failure("does not hold an allowed value", cause: error)
        }
    }
}

/// The rows a statement gave, all in memory.
///
/// - Shape: in the server's order; empty for a statement that gives no rows.
public struct PostgresRows: RandomAccessCollection, Sendable {
    let result: PostgresResult

    /// Always 0.
    public var startIndex: Int { 0 }
    /// How many rows there are.
    public var endIndex: Int { result.rowCount }
    /// The columns' names, in order.
    public var columnNames: [String] { result.columnNames }

    /// The row at that position.
    public subscript(position: Int) -> PostgresRow {
        precondition(indices.contains(position), "row \(position) of \(count)")
        return PostgresRow(result: result, rowIndex: position)
    }
}

/// One row, read by column name.
public struct PostgresRow: Sendable {
    let result: PostgresResult
    let rowIndex: Int

    /// The value of a column: `try row.decode("name", as: String.self)`.
    ///
    /// - Shape: ask for an optional where NULL is allowed.
    /// - Refuses: `.decoding` when no column or several have the name, when the value is NULL, or
    ///   when its type differs.
    public func decode<Value: PostgresDecodable>(
        _ columnName: String, as type: Value.Type = Value.self
    ) throws -> Value {
        try Value(postgresCell: cell(named: columnName))
    }

    /// The value of a column: `try row["name"] as String`. As `decode`.
    public subscript<Value: PostgresDecodable>(columnName: String) -> Value {
        get throws { try decode(columnName) }
    }

    func cell(named columnName: String) throws -> PostgresCell {
        guard let columnIndex = result.columnIndex[columnName] else {
            throw PostgresError(.decoding, "there is no column \(columnName)")
        }
        guard columnIndex >= 0 else {
            throw PostgresError(.decoding, "several columns are named \(columnName)")
        }
        return result.cell(rowIndex: rowIndex, columnIndex: columnIndex, columnName: columnName)
    }
}

/// A result of libpq.
///
/// `@unchecked Sendable`: the C result is never written after `init`, reading it from several
/// threads is allowed by libpq, and it is freed once, when the last reader is gone.
final class PostgresResult: @unchecked Sendable {
    let pointer: OpaquePointer
    let rowCount: Int
    let columnNames: [String]
    /// By name; -1 for a name that several columns have.
    let columnIndex: [String: Int]

    /// Takes ownership of the C result.
    init(_ pointer: OpaquePointer) {
        self.pointer = pointer
        rowCount = Int(PQntuples(pointer))
        var names: [String] = []
        var index: [String: Int] = [:]
        for column in 0..<PQnfields(pointer) {
            let name = PQfname(pointer, column).map { String(cString: $0) } ?? ""
            index[name] = index[name] == nil ? Int(column) : -1
            names.append(name)
        }
        columnNames = names
        columnIndex = index
    }

    deinit { PQclear(pointer) }

    var affectedRowCount: Int {
        PQcmdTuples(pointer).flatMap { Int(String(cString: $0)) } ?? 0
    }

    var columnTypes: [PostgresType] {
        columnNames.indices.map { PostgresType(oid: PQftype(pointer, Int32($0))) }
    }

    func cell(rowIndex: Int, columnIndex: Int, columnName: String) -> PostgresCell {
        let row = Int32(rowIndex)
        let column = Int32(columnIndex)
        let type = PostgresType(oid: PQftype(pointer, column))
        var bytes: UnsafeRawBufferPointer?
        if PQgetisnull(pointer, row, column) == 0 {
            bytes = UnsafeRawBufferPointer(
                start: PQgetvalue(pointer, row, column),
                count: Int(PQgetlength(pointer, row, column)))
        }
        return PostgresCell(owner: self, type: type, columnName: columnName, bytes: bytes)
    }
}
