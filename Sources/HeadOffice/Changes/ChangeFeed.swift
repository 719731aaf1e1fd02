public import PostgresDriver

/// A place in the change feed: everything at or before it is known.
///
/// - Shape: on the wire `TRANSACTION.CHANGE`, opaque to tills; empty is before everything.
public struct ChangeCursor: Hashable, Comparable, Sendable {
    /// The transaction that made the change.
    public let transaction: UInt64
    /// The change within the feed.
    public let changeID: Int64

    /// Before everything.
    public static let start = ChangeCursor(transaction: 0, changeID: 0)

    /// A place from its parts.
    public init(transaction: UInt64, changeID: Int64) {
        self.transaction = transaction
        self.changeID = changeID
    }

    /// A place as a till gives it back. Nil for text that is not a cursor.
    public init?(text: String) {
        guard !text.isEmpty else {
            self = .start
            return
        }
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 2, let transaction = UInt64(parts[0]),
            let changeID = Int64(parts[1]), changeID >= 0
        else { return nil }
        self.init(transaction: transaction, changeID: changeID)
    }

    /// The place as tills keep it.
    public var text: String {
        self == .start ? "" : "\(transaction).\(changeID)"
    }

    /// In the order of the feed.
    public static func < (left: Self, right: Self) -> Bool {
        (left.transaction, left.changeID) < (right.transaction, right.changeID)
    }
}

/// Reads the change feed for a store's tills.
public enum ChangeFeed {
    /// One state a till learns.
    public struct Item: Sendable, Equatable {
        /// Its place.
        public let position: ChangeCursor
        /// What it is about.
        public let topic: String
        /// Which one.
        public let key: String
        /// A JSON object.
        public let body: String
        /// Whether the thing is gone.
        public let removed: Bool
    }

    /// What one look at the feed gave.
    public struct Page: Sendable, Equatable {
        /// In the order of the feed.
        public let items: [Item]
        /// Where the next look starts.
        public let next: ChangeCursor
        /// Whether there is more right now.
        public let more: Bool
        /// Whether nothing committed is hidden behind a transaction still running: only then may the
        /// page be called complete.
        public let isComplete: Bool
    }

    /// At most so many items in a page.
    public static let pageSize = 1_000

    /// The changes of a store and of every store after `cursor`.
    ///
    /// - Shape: a cursor from beyond the present (a database restored into a new cluster) starts over:
    ///   applying an item twice changes nothing.
    public static func read(
        _ session: PostgresSession, scope: String, after cursor: ChangeCursor,
        limit: Int = pageSize
    ) throws -> Page {
        let rows = try session.query(
            """
            WITH edge AS (
                SELECT pg_snapshot_xmin(pg_current_snapshot()) AS before_in,
                       CASE WHEN \(String(cursor.transaction))::xid8
                                 >= pg_snapshot_xmax(pg_current_snapshot())
                            THEN '0'::xid8 ELSE \(String(cursor.transaction))::xid8 END AS after_in,
                       CASE WHEN \(String(cursor.transaction))::xid8
                                 >= pg_snapshot_xmax(pg_current_snapshot())
                            THEN 0 ELSE \(cursor.changeID) END AS after_id
            ), page AS (
                (SELECT changed_in, change_id, topic, key, body, removed
                 FROM change, edge
                 WHERE scope = '*' AND (changed_in, change_id) > (after_in, after_id)
                   AND changed_in < before_in
                 ORDER BY changed_in, change_id LIMIT \(Int64(limit + 1)))
                UNION ALL
                (SELECT changed_in, change_id, topic, key, body, removed
                 FROM change, edge
                 WHERE scope = \(scope) AND (changed_in, change_id) > (after_in, after_id)
                   AND changed_in < before_in
                 ORDER BY changed_in, change_id LIMIT \(Int64(limit + 1)))
            )
            SELECT EXISTS (SELECT FROM change
                           WHERE scope IN ('*', \(scope)) AND changed_in >= edge.before_in) AS hidden,
                   (edge.after_in = '0'::xid8) AS from_start,
                   page.changed_in::text AS made_in, change_id, topic, key, body, removed
            FROM edge LEFT JOIN page ON true
            ORDER BY page.changed_in, change_id
            LIMIT \(Int64(limit + 1))
            """)
        var items: [Item] = []
        var hidden = false
        var fromStart = false
        for row in rows {
            hidden = try row["hidden"]
            fromStart = try row["from_start"]
            guard let transaction = try row.decode("made_in", as: String?.self) else { break }
            items.append(
                Item(
                    position: ChangeCursor(
                        transaction: UInt64(transaction) ?? 0, changeID: try row["change_id"]),
                    topic: try row["topic"], key: try row["key"],
                    body: try row.decode("body", as: PostgresJSON.self).text,
                    removed: try row["removed"]))
        }
        let more = items.count > limit
        if more { items.removeLast() }
        return Page(
            items: items, next: items.last?.position ?? (fromStart ? .start : cursor),
            more: more, isComplete: !more && !hidden)
    }

    /// The newest place that readers can see, and the scopes that changed after `cursor`.
    static func newest(
        _ session: PostgresSession, after cursor: ChangeCursor
    ) throws -> (position: ChangeCursor, scopes: Set<String>) {
        let rows = try session.query(
            """
            SELECT scope, changed_in::text AS made_in, change_id
            FROM change
            WHERE (changed_in, change_id) > (\(String(cursor.transaction))::xid8,
                                             \(cursor.changeID))
              AND changed_in < pg_snapshot_xmin(pg_current_snapshot())
            ORDER BY change.changed_in DESC, change_id DESC
            LIMIT 1000
            """)
        var newest = cursor
        var scopes: Set<String> = rows.count == 1_000 ? [Change.everyStore] : []
        for row in rows {
            scopes.insert(try row["scope"])
            let transaction = UInt64(try row.decode("made_in", as: String.self)) ?? 0
            newest = max(
                newest,
                ChangeCursor(transaction: transaction, changeID: try row["change_id"]))
        }
        return (newest, scopes)
    }
}
