import Domain
import GRDB
import Journal

/// A closing of the day as stored.
struct DayClose: Sendable, Equatable {
    let id: RecordID
    let sequence: Int64
    /// The hash of the chain with this statement in it.
    let hash: RecordHash
    let closedAt: Instant
    /// Whether head office has it.
    let isReceived: Bool
    let statement: DayClosed
}

extension TillStore {
    /// Closes the day: writes what happened since the last closing into the journal.
    ///
    /// What is unsent stays in the journal and is sent as ever; closing only says how much it is.
    ///
    /// - Parameter first: the first sequence the person saw covered; it names the closing, so that two
    ///   presses make one.
    /// - Refuses, first match wins: `DayCloseRefusal` (`managerNeeded`, `alreadyClosed`,
    ///   `paymentsOpen`).
    /// - Repetition: the same person asking again for the same `first` gets the closing that was made.
    func closeDay(
        by login: String, first: Int64, id: RecordID, at now: Instant, identity: TillIdentity
    ) async throws -> RecordID {
        try await write(
            lookUp: { try DayCloses.find(first: first, by: login, in: $0)?.id },
            { database in
                guard try Accounts.find(login, in: database)?.isManager ?? false else {
                    throw DayCloseRefusal.managerNeeded
                }
                if let done = try DayCloses.find(first: first, by: login, in: database) {
                    return done.id
                }
                let statement = try DayCloses.statement(by: login, at: now, in: database)
                guard statement.first == first else { throw DayCloseRefusal.alreadyClosed }
                let open = try DayCloses.openPayments(in: database)
                guard open.isEmpty else { throw DayCloseRefusal.paymentsOpen(open) }
                let (_, sequence) = try JournalBook(identity).append(
                    .dayClosed(statement), id: id, at: now, in: database)
                try database.execute(
                    sql: """
                        INSERT INTO day_close
                            (id, seq, business_date, number, first_seq, closed_at)
                        VALUES (?, ?, ?, ?, ?, ?)
                        """,
                    arguments: [
                        id.description, sequence, statement.date.description, statement.number,
                        first, try SyncState.load(in: database).corrected(now).milliseconds,
                    ])
                try DayCloses.noteApprovals(in: id, in: database)
                return id
            })
    }
}

extension Account {
    var isManager: Bool { roles.contains("manager") }
}
