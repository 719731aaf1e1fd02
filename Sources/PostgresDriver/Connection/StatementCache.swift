/// Which statements are prepared on one connection; the least recently used leave first.
struct StatementCache {
    struct Key: Hashable {
        let text: String
        let types: [PostgresType]
    }

    private struct Entry {
        let name: String
        var lastUse: UInt64
    }

    let capacity: Int
    private var entries: [Key: Entry] = [:]
    private var uses: UInt64 = 0
    private var names: UInt64 = 0

    init(capacity: Int) {
        precondition(capacity > 0, "capacity is \(capacity)")
        self.capacity = capacity
    }

    var count: Int { entries.count }

    /// The name under which the statement is prepared, marking it as used now.
    mutating func name(of key: Key) -> String? {
        guard let name = entries[key]?.name else { return nil }
        uses += 1
        entries[key]?.lastUse = uses
        return name
    }

    /// A name never given before on this connection.
    mutating func makeName() -> String {
        names += 1
        return "s\(names)"
    }

    /// Remembers a prepared statement.
    ///
    /// - Shape: returns the name of the statement that had to leave, to be deallocated.
    mutating func insert(_ key: Key, name: String) -> String? {
        uses += 1
        entries[key] = Entry(name: name, lastUse: uses)
        guard entries.count > capacity else { return nil }
        guard let oldest = entries.min(by: { $0.value.lastUse < $1.value.lastUse }) else {
            return nil
        }
        entries[oldest.key] = nil
        return oldest.value.name
    }

    mutating func remove(_ key: Key) -> String? {
        entries.removeValue(forKey: key)?.name
    }
}
