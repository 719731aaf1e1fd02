import CLibPQ

extension Link {
    /// Runs one statement with its values, prepared once per connection.
    func execute(_ sql: SQL, location: PostgresError.Location?) throws -> PostgresResult {
        let text = sql.text
        let key = StatementCache.Key(text: text, types: sql.binds.map(\.type))
        let cached = cache.name(of: key)
        let name = try cached ?? prepare(key, location: location)
        do {
            let pointer = ParameterList(sql.binds).withPointers { values, lengths, formats in
                PQexecPrepared(
                    handle, name, Int32(sql.binds.count), values, lengths, formats, 1)
            }
            return try check(pointer, statement: text, location: location)
        } catch let error as PostgresError where error.isStalePlan {
            forget(key)
            throw error
        }
    }

    /// Prepares the statement and gives its name.
    func prepare(_ key: StatementCache.Key, location: PostgresError.Location?) throws -> String {
        guard !TransactionControl.begins(key.text) else {
            throw misuse("transactions belong to the pool", key.text, location)
        }
        let name = cache.makeName()
        let types = key.types.map(\.oid)
        _ = try check(
            PQprepare(handle, name, key.text, Int32(types.count), types),
            statement: key.text, location: location)
        if let evicted = cache.insert(key, name: name) {
            _ = try run("DEALLOCATE \(evicted)", location: location)
        }
        return name
    }

    /// Parses the text on the server and keeps nothing.
    func prepareOnly(
        _ text: String, types: [PostgresType], location: PostgresError.Location?
    ) throws {
        let types = types.map(\.oid)
        _ = try check(
            PQprepare(handle, "prepare_only", text, Int32(types.count), types),
            statement: text, location: location)
        _ = try run("DEALLOCATE prepare_only", location: location)
    }

    /// Forgets a statement whose plan no longer fits the tables, so that it is prepared anew.
    func forget(_ key: StatementCache.Key) {
        _ = cache.remove(key)
    }
}

extension PostgresError {
    /// A prepared statement that a change of the schema, or a reset of the session, has outdated.
    var isStalePlan: Bool {
        code == .sqlState
            && (sqlState == "26000"
                || sqlState == "0A000" && message.contains("cached plan must not change"))
    }
}

/// Values laid out as libpq wants them: all bytes in one block, and pointers into it.
struct ParameterList {
    private let block: [UInt8]
    private let offsets: [Int?]
    private let lengths: [Int32]
    private let formats: [Int32]

    init(_ binds: [PostgresBind]) {
        var block: [UInt8] = []
        var offsets: [Int?] = []
        var lengths: [Int32] = []
        for bind in binds {
            offsets.append(bind.bytes == nil ? nil : block.count)
            lengths.append(Int32(bind.bytes?.count ?? 0))
            block += bind.bytes ?? []
        }
        // An empty value needs an address too: a null pointer would mean NULL.
        block.append(0)
        self.block = block
        self.offsets = offsets
        self.lengths = lengths
        formats = Array(repeating: 1, count: binds.count)
    }

    func withPointers<Result>(
        _ body: (
            UnsafePointer<UnsafePointer<CChar>?>?, UnsafePointer<Int32>?, UnsafePointer<Int32>?
        ) -> Result
    ) -> Result {
        block.withUnsafeBytes { bytes in
            let start = bytes.baseAddress?.assumingMemoryBound(to: CChar.self)
            let pointers = offsets.map { offset in offset.flatMap { start?.advanced(by: $0) } }
            return body(pointers, lengths, formats)
        }
    }
}
