// Head office tells tills by keeping the newest state of each (scope, topic, key). A row's place in
// the feed is (transaction, change_id); a reader sees only rows below the oldest transaction still
// running, so that a transaction that commits late is never skipped (PROTOCOL §7).

import Foundation
public import PostgresDriver

/// What a change is about. The raw value is the topic on the wire.
public enum ChangeTopic: String, Sendable, CaseIterable {
    case product
    case account
    case limits
    case card
    case programme
    case decision
    case verdict
    case store
    case sealingKey = "sealing_key"
}

/// One new state for tills.
public struct Change: Sendable {
    /// A store's code, or `*` for every store.
    public let scope: String
    /// What it is about.
    public let topic: ChangeTopic
    /// Which one.
    public let key: String
    /// The item's body, one JSON object.
    public let body: PostgresJSON
    /// Whether the thing is gone.
    public let removed: Bool

    /// For every store.
    public static let everyStore = "*"

    /// A change from a body that is already JSON.
    public init(
        scope: String, topic: ChangeTopic, key: String, body: PostgresJSON, removed: Bool = false
    ) {
        self.scope = scope
        self.topic = topic
        self.key = key
        self.body = body
        self.removed = removed
    }

    /// A change from a value, encoded with sorted keys.
    public init(
        scope: String, topic: ChangeTopic, key: String, body: some Encodable,
        removed: Bool = false
    ) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        let text = String(decoding: try encoder.encode(body), as: UTF8.self)
        self.init(
            scope: scope, topic: topic, key: key, body: PostgresJSON(text), removed: removed)
    }
}

/// Puts new states into the feed, in the transaction that makes them true.
public enum ChangePublisher {
    /// Publishes one change.
    public static func publish(_ session: PostgresSession, _ change: Change) throws {
        try publish(session, [change])
    }

    /// Publishes any number of changes in one statement.
    ///
    /// - Shape: of several changes with one (scope, topic, key) the last one counts.
    /// - Repetition: publishing the same state again gives it a new place in the feed.
    public static func publish(_ session: PostgresSession, _ changes: [Change]) throws {
        var newest: [Key: Change] = [:]
        for change in changes { newest[Key(change)] = change }
        guard !newest.isEmpty else { return }
        let rows = newest.values.sorted { Key($0) < Key($1) }
        try session.execute(
            """
            INSERT INTO change (scope, topic, key, body, removed, changed_in, change_id)
            SELECT scope, topic, key, body, removed, pg_current_xact_id(),
                   nextval('change_position')
            FROM unnest(\(rows.map(\.scope)), \(rows.map(\.topic.rawValue)), \(rows.map(\.key)),
                        \(rows.map(\.body)), \(rows.map(\.removed)))
                 AS row (scope, topic, key, body, removed)
            ON CONFLICT (scope, topic, key) DO UPDATE
            SET body = excluded.body, removed = excluded.removed,
                changed_in = excluded.changed_in, change_id = excluded.change_id
            """)
    }

    private struct Key: Hashable, Comparable {
        let scope: String
        let topic: String
        let key: String

        init(_ change: Change) {
            scope = change.scope
            topic = change.topic.rawValue
            key = change.key
        }

        static func < (left: Self, right: Self) -> Bool {
            (left.scope, left.topic, left.key) < (right.scope, right.topic, right.key)
        }
    }
}
