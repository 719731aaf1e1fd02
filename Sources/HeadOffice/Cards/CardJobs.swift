// What time and tills' reports bring about on cards. Each job may run twice, or in two processes at once.

import Domain
import PostgresDriver

/// The work on cards that nobody asks for.
struct CardJobs: Sendable {
    let store: OfficeStore

    /// How many cards one look handles.
    private static let portion: Int64 = 500

    init(_ store: OfficeStore) { self.store = store }

    /// Releases what tills have reported on, then moves on what became free.
    ///
    /// - Shape: how many cards money moved on from.
    func settleBlockedCards(now: Instant) async throws -> Int {
        _ = try await store.write { try CardHoldBacks.release(at: now, in: $0) }
        return try await moveRemainders(now: now)
    }

    /// A till has asked for changes after `cursor`: it knows every block before it.
    func hear(
        tillID: Int64, epoch: Int, headSequence: Int64, cursor: ChangeCursor
    ) async throws {
        let now = store.clock.now()
        let heard = try await store.write { session in
            try CardHoldBacks.hear(
                tillID: tillID, epoch: epoch, headSequence: headSequence, cursor: cursor,
                in: session)
        }
        guard heard > 0 else { return }
        let released = try await store.write { session in
            try CardHoldBacks.release(tillID: tillID, at: now, in: session)
        }
        if released > 0 { _ = try await moveRemainders(now: now) }
    }

    private func moveRemainders(now: Instant) async throws -> Int {
        var moved = 0
        var last: Int64 = 0
        while !Task.isCancelled {
            let after = last
            let due = try await store.read { session in
                try CardHoldBacks.due(after: after, limit: Self.portion, in: session)
            }
            for cardID in due {
                let sourceID = store.clock.makeID()
                let amount = try await store.write { session in
                    try CardHoldBacks.settle(cardID, sourceID: sourceID, at: now, in: session)
                }
                if amount > .zero { moved += 1 }
                last = cardID
            }
            if due.count < Self.portion { break }
        }
        return moved
    }

    /// Freezes cards whose last day is over; tills learn it.
    ///
    /// - Shape: how many.
    func expireCards(now: Instant) async throws -> Int {
        let today = BusinessDate(now)
        return try await store.write { session in
            let expired = try session.query(
                """
                UPDATE card SET state = 'frozen', state_since = \(now), expired = true
                WHERE card_id IN (SELECT card_id FROM card
                                  WHERE state = 'active' AND expires_on < \(today)
                                  ORDER BY card_id LIMIT \(Self.portion)
                                  FOR NO KEY UPDATE SKIP LOCKED)
                RETURNING card_id, mask
                """)
            guard !expired.isEmpty else { return 0 }
            try ChangeItems.publishCards(try expired.map { try $0["card_id"] }, in: session)
            for row in expired {
                let cardID: Int64 = try row["card_id"]
                try AuditEntry(
                    actor: .system, action: "card.expire", subject: try row["mask"],
                    detail: ["card": String(cardID)]
                ).write(session, at: now)
            }
            return expired.count
        }
    }
}
