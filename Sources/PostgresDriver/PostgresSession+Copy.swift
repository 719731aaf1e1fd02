import CLibPQ

/// One row on its way into a table, column by column in the order named to `copyIn`.
public struct PostgresCopyRow {
    fileprivate let columnTypes: [PostgresType]
    fileprivate var buffer = PostgresBuffer()
    fileprivate var columnCount = 0
    fileprivate var problem: String?

    fileprivate init(columnTypes: [PostgresType]) {
        self.columnTypes = columnTypes
    }

    /// Adds the next column's value. Its type must be the column's own: binary COPY does not
    /// convert, and would take a moment's eight bytes for a number's.
    public mutating func append<Value: PostgresEncodable>(_ value: Value) {
        if columnCount < columnTypes.count, problem == nil {
            let expected = columnTypes[columnCount]
            let isText = Value.postgresType == .text && [.varchar, .bpchar].contains(expected)
            if Value.postgresType != expected, !isText {
                problem =
                    "column \(columnCount + 1) has the type number \(expected.oid), "
                    + "which is not a \(Value.self)"
            }
        }
        columnCount += 1
        buffer.appendField(value)
    }

    fileprivate mutating func begin() {
        columnCount = 0
        buffer.append(Int16(columnTypes.count))
    }

    fileprivate func check() throws {
        if let problem { throw PostgresError(.misuse, problem) }
        guard columnCount == columnTypes.count else {
            throw PostgresError(
                .misuse, "\(columnCount) values for \(columnTypes.count) columns")
        }
    }
}

/// How `copyOut` writes.
public enum PostgresCopyFormat: Sendable {
    /// PostgreSQL's own text form: tabs between columns, `\N` for NULL.
    case text
    /// Comma-separated values, with or without a first line of names.
    case csv(header: Bool)

    fileprivate var options: String {
        switch self {
        case .text: "FORMAT text"
        case .csv(let header): "FORMAT csv, HEADER \(header)"
        }
    }
}

extension PostgresSession {
    /// Bytes gathered before they go on, in both directions.
    public static let copyChunkBytes = 64 * 1024

    /// Writes rows into a table by binary COPY.
    ///
    /// - Shape: `table` and `columns` are names, quoted here; `write` appends one value for each
    ///   column, in order. Rows are read once, in constant memory.
    ///   ```
    ///   try session.copyIn("stage", columns: ["id", "amount"], rows: sales) { row, sale in
    ///       row.append(sale.id)
    ///       row.append(sale.amount)
    ///   }
    ///   ```
    /// - Refuses: `.misuse` when a row has another number of values or another type than the
    ///   columns; what `write` throws; what the server says. Nothing of the COPY stays then.
    /// - Cost: one extra round trip to learn the columns' types.
    @discardableResult
    public func copyIn<Rows: Sequence>(
        _ table: String, schema: String? = nil, columns: [String], rows: Rows,
        fileID: String = #fileID, line: Int = #line,
        _ write: (inout PostgresCopyRow, Rows.Element) throws -> Void
    ) throws -> Int {
        let location = PostgresError.Location(fileID: fileID, line: line)
        let target = (schema.map { Self.quoted($0) + "." } ?? "") + Self.quoted(table)
        let names = columns.map(Self.quoted).joined(separator: ", ")
        return try perform(location) { link in
            let described = try link.execute(
                SQL(unsafeSQL: "SELECT \(names) FROM \(target) LIMIT 0"), location: location)
            let statement = "COPY \(target) (\(names)) FROM STDIN (FORMAT binary)"
            try link.beginCopy(statement, expecting: PGRES_COPY_IN, location)
            do {
                var row = PostgresCopyRow(columnTypes: described.columnTypes)
                // Signature, flags and the length of the header's extension.
                row.buffer.append(contentsOf: [
                    0x50, 0x47, 0x43, 0x4F, 0x50, 0x59, 0x0A, 0xFF, 0x0D, 0x0A, 0x00,
                ])
                row.buffer.append(Int64(0))
                for element in rows {
                    row.begin()
                    try write(&row, element)
                    try row.check()
                    if row.buffer.bytes.count >= Self.copyChunkBytes {
                        try link.put(row.buffer.bytes, statement, location)
                        row.buffer.removeAll()
                    }
                }
                row.buffer.append(Int16(-1))
                try link.put(row.buffer.bytes, statement, location)
            } catch {
                link.abortCopyIn()
                throw error
            }
            return try link.endCopyIn(statement, location)
        }
    }

    /// Writes a query's rows out in constant memory: `COPY (…) TO STDOUT`.
    ///
    /// - Shape: `sql` is a query and may carry values; `onChunk` gets whole lines, about
    ///   `copyChunkBytes` at a time. Returns the number of rows. Moments are written in UTC, days
    ///   as year-month-day.
    /// - Refuses: what the server says; what `onChunk` throws, after which the connection is
    ///   closed, because the rest of the rows would have to be read to keep it.
    /// - Cost: one extra round trip when the query carries values.
    @discardableResult
    public func copyOut(
        _ sql: SQL, format: PostgresCopyFormat = .csv(header: true),
        fileID: String = #fileID, line: Int = #line,
        onChunk: ([UInt8]) throws -> Void
    ) throws -> Int {
        let location = PostgresError.Location(fileID: fileID, line: line)
        return try perform(location) { link in
            let text = sql.text(replacingBindsBy: try link.literals(sql.binds, location))
            let statement = "COPY (\(sql.text)) TO STDOUT (\(format.options))"
            try link.beginCopy(
                "COPY (\(text)) TO STDOUT (\(format.options))", shownAs: statement,
                expecting: PGRES_COPY_OUT, location)
            do {
                return try link.readCopy(statement, location, onChunk)
            } catch {
                link.abandon()
                throw error
            }
        }
    }

    static func quoted(_ identifier: String) -> String {
        "\""
            + identifier.split(separator: "\"", omittingEmptySubsequences: false)
            .joined(separator: "\"\"") + "\""
    }
}

extension Link {
    /// COPY takes no values, so the server itself spells them as quoted literals first: of their
    /// exact type, by its own rules of quoting.
    fileprivate func literals(
        _ binds: [PostgresBind], _ location: PostgresError.Location
    ) throws -> [String] {
        guard !binds.isEmpty else { return [] }
        var sql: SQL = "SELECT ARRAY["
        for (index, bind) in binds.enumerated() {
            if index > 0 { sql.append(", ") }
            sql.append("quote_nullable((")
            sql.append(bind)
            sql.append(")::text) || '::' || ")
            sql.append(SQL(unsafeSQL: "format_type(\(bind.type.oid), NULL)"))
        }
        sql.append("] AS literals")
        let result = try execute(sql, location: location)
        guard let row = PostgresRows(result: result).first else {
            throw misuse("no literals came back", sql.text, location)
        }
        return try row.decode("literals", as: [String].self).map { "(\($0))" }
    }

    fileprivate func beginCopy(
        _ text: String, shownAs shown: String? = nil, expecting status: ExecStatusType,
        _ location: PostgresError.Location
    ) throws {
        let pointer = PQexec(handle, text)
        if let pointer, PQresultStatus(pointer) == status {
            PQclear(pointer)
            return
        }
        _ = try check(pointer, statement: shown ?? text, location: location)
        throw misuse("the statement is not a COPY", shown ?? text, location)
    }

    fileprivate func put(
        _ bytes: [UInt8], _ statement: String, _ location: PostgresError.Location
    ) throws {
        let sent = bytes.withUnsafeBytes { buffer in
            PQputCopyData(
                handle, buffer.baseAddress?.assumingMemoryBound(to: CChar.self),
                Int32(buffer.count))
        }
        guard sent == 1 else { throw failure(nil, statement: statement, location: location) }
    }

    fileprivate func abortCopyIn() {
        guard PQputCopyEnd(handle, "the client gave up") == 1 else { return abandon() }
        while let result = PQgetResult(handle) { PQclear(result) }
    }

    fileprivate func endCopyIn(
        _ statement: String, _ location: PostgresError.Location
    ) throws -> Int {
        guard PQputCopyEnd(handle, nil) == 1 else {
            throw failure(nil, statement: statement, location: location)
        }
        return try endOfCopy(statement, location)
    }

    /// The result behind the data, and the null that ends it.
    private func endOfCopy(
        _ statement: String, _ location: PostgresError.Location
    ) throws -> Int {
        let pointer = PQgetResult(handle)
        defer { while isUsable, let extra = PQgetResult(handle) { PQclear(extra) } }
        return try check(pointer, statement: statement, location: location).affectedRowCount
    }

    fileprivate func readCopy(
        _ statement: String, _ location: PostgresError.Location,
        _ onChunk: ([UInt8]) throws -> Void
    ) throws -> Int {
        var chunk: [UInt8] = []
        chunk.reserveCapacity(PostgresSession.copyChunkBytes * 2)
        while true {
            var line: UnsafeMutablePointer<CChar>?
            let length = PQgetCopyData(handle, &line, 0)
            guard length >= 0 else {
                guard length == -1 else {
                    throw failure(nil, statement: statement, location: location)
                }
                break
            }
            chunk.append(contentsOf: UnsafeRawBufferPointer(start: line, count: Int(length)))
            PQfreemem(line)
            if chunk.count >= PostgresSession.copyChunkBytes {
                try onChunk(chunk)
                chunk.removeAll(keepingCapacity: true)
            }
        }
        if !chunk.isEmpty { try onChunk(chunk) }
        return try endOfCopy(statement, location)
    }
}
