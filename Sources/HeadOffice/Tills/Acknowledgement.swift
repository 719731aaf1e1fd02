// A till that asks for changes after a cursor has everything before it. What it records of its sales afterwards can
// only be as new or newer; older means that its database was put back (R-P14).

import Domain
import Journal
import PostgresDriver

/// The versions that a till had said it knows when its journal ended at a record.
struct Acknowledgement: Sendable, Equatable {
    /// The newest record the till had then.
    let sequence: Int64
    let limitsVersion: Int64
    let blockListVersion: Int64

    /// Nothing is known of the till.
    static let none = Acknowledgement(sequence: 0, limitsVersion: 0, blockListVersion: 0)

    /// The highest versions acknowledged before a record was made.
    static func highest(of all: [Acknowledgement], before sequence: Int64) -> Acknowledgement {
        all.filter { $0.sequence < sequence }.reduce(.none) { known, next in
            Acknowledgement(
                sequence: max(known.sequence, next.sequence),
                limitsVersion: max(known.limitsVersion, next.limitsVersion),
                blockListVersion: max(known.blockListVersion, next.blockListVersion))
        }
    }

    /// Whether a sale made afterwards states less than the till knew.
    func isAhead(of knew: SaleCompleted.Knew) -> Bool {
        knew.limitsVersion < limitsVersion || knew.blockListVersion < blockListVersion
    }
}

extension Tills {
    /// Notes what a till knows that has everything up to `cursor`, when that is news: limits, blocks, sealing key.
    ///
    /// - Shape: the version of the last item before the cursor counts, at most what the till goes by, so that nobody is
    ///   suspected wrongly. A cursor from beyond the present says nothing.
    /// - Repetition: saying the same again changes nothing.
    func acknowledge(
        _ till: KnownTill, headSequence: Int64, cursor: ChangeCursor
    ) async throws {
        let transaction = String(cursor.transaction)
        let now = store.clock.now()
        try await store.write { session in
            try Self.noteSealingKey(
                till, headSequence: headSequence, cursor: cursor, at: now, in: session)
            try session.execute(
                """
                INSERT INTO till_acknowledgement
                    (till_id, seq, limits_version, block_list_version, acknowledged_at)
                SELECT \(till.tillID), \(headSequence), limits, blocks, \(now)
                FROM (
                    SELECT coalesce(max(change_id) FILTER (WHERE topic = 'limits'), 0) AS limits,
                           coalesce(max(change_id) FILTER (WHERE topic = 'card'), 0) AS blocks
                    FROM (VALUES ('*', 'limits'), (\(till.storeCode), 'limits'), ('*', 'card'))
                             AS wanted (scope, topic)
                    CROSS JOIN LATERAL (
                        SELECT change_id FROM change
                        WHERE change.scope = wanted.scope AND change.topic = wanted.topic
                          AND (changed_in, change_id) <= (\(transaction)::xid8, \(cursor.changeID))
                        ORDER BY changed_in DESC, change_id DESC LIMIT 1) AS last
                    WHERE \(transaction)::xid8 < pg_snapshot_xmax(pg_current_snapshot())
                ) AS known
                WHERE (limits > 0 OR blocks > 0) AND NOT EXISTS (
                    SELECT FROM till_acknowledgement
                    WHERE till_id = \(till.tillID) AND limits_version >= limits
                      AND block_list_version >= blocks)
                ON CONFLICT (till_id, seq) DO UPDATE
                SET limits_version = greatest(till_acknowledgement.limits_version,
                                              excluded.limits_version),
                    block_list_version = greatest(till_acknowledgement.block_list_version,
                                                  excluded.block_list_version)
                """)
        }
    }
}

extension Acknowledgement {
    /// What counts for records at those places: one line for all before the first, and each one between.
    static func read(
        _ session: PostgresSession, _ tillID: Int64, before sequences: [Int64]
    ) throws -> [Acknowledgement] {
        guard let first = sequences.min(), let last = sequences.max() else { return [] }
        return try session.query(
            """
            SELECT max(seq) AS seq, max(limits_version) AS limits, max(block_list_version) AS blocks
            FROM till_acknowledgement WHERE till_id = \(tillID) AND seq < \(first)
            HAVING count(*) > 0
            UNION ALL
            SELECT seq, limits_version, block_list_version
            FROM till_acknowledgement
            WHERE till_id = \(tillID) AND seq >= \(first) AND seq < \(last)
            """
        ).map {
            Acknowledgement(
                sequence: try $0["seq"], limitsVersion: try $0["limits"],
                blockListVersion: try $0["blocks"])
        }
    }
}
