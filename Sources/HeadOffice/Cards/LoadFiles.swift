// Loads by file: previewed, asked for by one person, and booked as a whole when another agrees. Cards are judged when the
// file is asked for and again, under their locks, when it is approved.

import Crypto
public import Domain
import Foundation
import PostgresDriver

/// Loads many cards at once.
public struct LoadFiles: Sendable {
    let store: OfficeStore

    /// On head office's database.
    public init(store: OfficeStore) {
        self.store = store
    }

    /// What a file would do; changes nothing.
    ///
    /// - Refuses: `.roleMissing`, then `LoadFileImport.init`'s.
    func preview(_ bytes: [UInt8], by actor: StaffActor) async throws -> LoadFileImport {
        try actor.require(.issuer, .issuingSupervisor)
        let read = try LoadFileImport(bytes: bytes)
        return try await store.read { [store] session in
            try Self.judged(read, store: store, in: session).file
        }
    }

    private struct Judged {
        var file: LoadFileImport
        /// Card ids of the good rows, in the same order.
        var cardIDs: [Int64] = []
    }

    /// Moves rows to the bad ones that the cards as they are now do not allow.
    private static func judged(
        _ read: LoadFileImport, store: OfficeStore, in session: PostgresSession
    ) throws -> Judged {
        let prints = read.good.map { store.cards.fingerprint(ofNumber: $0.number.text) }
        var found: [[UInt8]: (cardID: Int64, fault: LoadRowFault?, room: Money)] = [:]
        for row in try session.query(
            """
            SELECT fingerprint, card_id, state, test, \(fragment: room) AS room
            FROM \(fragment: cards) WHERE fingerprint = ANY(\(prints))
            """)
        {
            found[try row["fingerprint"]] = (
                cardID: try row["card_id"], fault: try fault(row), room: try row["room"]
            )
        }
        var judged = Judged(file: read)
        judged.file.good = []
        for (row, print) in zip(read.good, prints) {
            let card = found[print]
            var fault = card == nil ? .cardUnknown : card?.fault
            if fault == nil, let room = card?.room, row.amount > room { fault = .overMaximum }
            if let fault {
                judged.file.bad.append(
                    LoadBadRow(
                        line: row.line, column: fault == .overMaximum ? 2 : 1, fault: fault,
                        value: fault == .overMaximum
                            ? row.amount.description : row.number.masked))
            } else if let card {
                judged.file.good.append(row)
                judged.cardIDs.append(card.cardID)
            }
        }
        judged.file.bad.sort { ($0.line, $0.column) < ($1.line, $1.column) }
        return judged
    }

    private static let room: SQL = """
        CASE WHEN holder_sealed IS NULL THEN bearer_maximum ELSE balance_maximum END
            - coalesce(account.balance, 0)
        """
    private static let cards: SQL = """
        card JOIN programme USING (programme_id)
        LEFT JOIN account ON account.kind = 'card' AND account.owner_id = card_id
             AND account.book = CASE WHEN test THEN 'test' ELSE 'real' END
        """

    private static func fault(_ row: PostgresRow) throws -> LoadRowFault? {
        if try row["test"] as Bool { return .cardTest }
        return try row["state"] as CardState == .active ? nil : .cardNotActive
    }

    /// Asks for a file's loads: every row must be right.
    ///
    /// - Refuses, first match wins: `.roleMissing`, `LoadFileImport.init`'s, `.loadFileNotRight`, `.loadFileRepeated`
    ///   while a file of the same content waits or was loaded.
    /// - Repetition: the same file id again changes nothing.
    public func ask(
        _ fileID: RecordID, name: String, bytes: [UInt8], by actor: StaffActor, at now: Instant
    ) async throws {
        try actor.require(.issuer, .issuingSupervisor)
        let read = try LoadFileImport(bytes: bytes)
        guard read.bad.isEmpty else { throw CardsRefusal.loadFileNotRight }
        let typed = String(name.trimmedText.prefix(120))
        let name = typed.isEmpty ? "loads.csv" : typed
        let content = Array(SHA256.hash(data: Data(bytes)))
        try await store.write { [store] session in
            let known = try session.query(
                "SELECT state FROM card_load_file WHERE card_load_file_id = \(fileID)")
            guard known.isEmpty else { return }
            let judged = try Self.judged(read, store: store, in: session)
            guard judged.file.bad.isEmpty else { throw CardsRefusal.loadFileNotRight }
            let made = try session.execute(
                """
                INSERT INTO card_load_file (card_load_file_id, name, content, row_count, total,
                                            asked_by, asked_at)
                VALUES (\(fileID), \(name), \(content), \(Int32(read.good.count)),
                        \(read.total), \(actor.accountID), \(now))
                ON CONFLICT DO NOTHING
                """)
            guard made == 1 else { throw CardsRefusal.loadFileRepeated }
            let loadIDs = read.good.map { _ in store.clock.makeID() }
            try session.execute(
                """
                INSERT INTO card_load (load_id, card_id, amount, reason, asked_by, asked_at,
                                       card_load_file_id, file_line)
                SELECT load_id, card_id, amount, reason, \(actor.accountID), \(now),
                       \(fileID), line
                FROM unnest(\(loadIDs), \(judged.cardIDs), \(read.good.map(\.amount)),
                            \(read.good.map(\.reason)), \(read.good.map { Int32($0.line) }))
                     AS row (load_id, card_id, amount, reason, line)
                """)
            try session.audit(
                actor, "card_load_file.ask", name,
                [
                    "file": fileID.description, "rows": String(read.good.count),
                    "total": String(read.total.fen), "sha256": content.hex,
                ], at: now)
        }
    }

    /// Books every row of a file, or none; each load pays first what is to be collected from its card (R-P5).
    ///
    /// - Refuses, first match wins: `.roleMissing`, `.unknownLoadFile`, `.alreadyDecided`, `.samePerson`,
    ///   `.loadFileNotRight` when a card no longer fits; the file's page names the rows.
    public func approve(_ fileID: RecordID, by actor: StaffActor, at now: Instant) async throws {
        try actor.require(.issuingSupervisor)
        try await store.write { session in
            let name = try Self.lockFile(fileID, for: actor, in: session)
            let owed = try ShortfallCollection.lock(
                cardIDs: try session.query(
                    "SELECT card_id FROM card_load WHERE card_load_file_id = \(fileID)"
                ).map { try $0["card_id"] }, in: session)
            let loads = try session.query(
                """
                SELECT load_id, card_load.card_id, amount, card.programme_id, card.state, card.test
                FROM card_load JOIN card USING (card_id)
                WHERE card_load_file_id = \(fileID)
                ORDER BY card_id FOR NO KEY UPDATE OF card
                """)
            let accounts = try Ledger.lock(
                session,
                Set(
                    try loads.map {
                        LedgerAccount(.card, of: try $0["card_id"], in: .real)
                    }))
            precondition(accounts.count == loads.count, "\(accounts.count) of \(loads.count) cards")
            guard try Self.rows(fileID, in: session).allSatisfy({ $0.fault == nil }) else {
                throw CardsRefusal.loadFileNotRight
            }
            try Self.decide(fileID, state: "loaded", by: actor, at: now, in: session)
            try Ledger.post(
                session,
                try loads.map { row in
                    Cards.loadTransfer(
                        try row["amount"], programmeID: try row["programme_id"],
                        cardID: try row["card_id"], isTest: false, loadID: try row["load_id"],
                        at: now)
                }, at: now)
            try owed.take(by: .staff(actor), at: now, in: session)
            try session.audit(
                actor, "card_load_file.approve", name,
                ["file": fileID.description, "rows": String(loads.count)], at: now)
        }
    }

    /// Turns a file down.
    ///
    /// - Refuses, first match wins: `.roleMissing`, `.unknownLoadFile`, `.alreadyDecided`, `.samePerson`.
    public func refuse(_ fileID: RecordID, by actor: StaffActor, at now: Instant) async throws {
        try actor.require(.issuingSupervisor)
        try await store.write { session in
            let name = try Self.lockFile(fileID, for: actor, in: session)
            try Self.decide(fileID, state: "refused", by: actor, at: now, in: session)
            try session.audit(
                actor, "card_load_file.refuse", name, ["file": fileID.description], at: now)
        }
    }

    private static func lockFile(
        _ fileID: RecordID, for actor: StaffActor, in session: PostgresSession
    ) throws -> String {
        guard
            let row = try session.queryOne(
                """
                SELECT name, state, person_id
                FROM card_load_file JOIN staff_account ON staff_account_id = asked_by
                WHERE card_load_file_id = \(fileID) FOR NO KEY UPDATE OF card_load_file
                """)
        else { throw CardsRefusal.unknownLoadFile }
        guard try row["state"] as String == "asked" else { throw CardsRefusal.alreadyDecided }
        guard try row["person_id"] as Int64 != actor.personID else {
            throw CardsRefusal.samePerson
        }
        return try row["name"]
    }

    private static func decide(
        _ fileID: RecordID, state: String, by actor: StaffActor, at now: Instant,
        in session: PostgresSession
    ) throws {
        let decided = try session.execute(
            """
            UPDATE card_load_file SET state = \(state), decided_by = \(actor.accountID),
                decided_at = \(now)
            WHERE card_load_file_id = \(fileID) AND state = 'asked'
              AND (SELECT person_id FROM staff_account WHERE staff_account_id = asked_by)
                  <> \(actor.personID)
            """)
        guard decided == 1 else { throw CardsRefusal.alreadyDecided }
        try session.execute(
            """
            UPDATE card_load SET state = \(state), decided_by = \(actor.accountID),
                decided_at = \(now)
            WHERE card_load_file_id = \(fileID)
            """)
    }

    /// A row of a file as its page shows it. `amount` in fen.
    struct Row: Sendable {
        let line: Int64
        let cardID: Int64
        let mask: String
        let amount: Money
        let reason: String
        /// Why the card, as it is now, does not take it.
        let fault: LoadRowFault?
    }

    private static func rows(_ fileID: RecordID, in session: PostgresSession) throws -> [Row] {
        try session.query(
            """
            SELECT file_line, card_load.card_id, mask, amount, reason, card.state, card.test,
                   \(fragment: room) AS room
            FROM \(fragment: cards) JOIN card_load USING (card_id)
            WHERE card_load_file_id = \(fileID) ORDER BY file_line
            """
        ).map { row in
            let (amount, room): (Money, Money) = (try row["amount"], try row["room"])
            return Row(
                line: try row["file_line"], cardID: try row["card_id"], mask: try row["mask"],
                amount: amount, reason: try row["reason"],
                fault: try fault(row) ?? (amount > room ? .overMaximum : nil))
        }
    }

    /// A file as lists show it. `total` in fen.
    struct Listed: Sendable, Asked {
        let fileID: RecordID
        let name: String
        let rowCount: Int64
        let total: Money
        let state: String
        let askedBy: String
        let askerID: Int64
        let askedAt: Instant
        let decidedBy: String?
        var askedID: RecordID { fileID }
    }

    /// A page of files.
    ///
    /// - Refuses: `.roleMissing`.
    func list(
        _ filter: AskedFilter = AskedFilter(), limit: Int = AskedFilter.pageSize,
        by actor: StaffActor
    ) async throws -> [Listed] {
        try Cards.requireReader(actor)
        return try await store.read {
            try Self.files(
                filter.sql("card_load_file", id: "card_load_file_id", limit: limit), in: $0)
        }
    }

    /// A file with its rows.
    ///
    /// - Refuses: `.roleMissing`, `.unknownLoadFile`.
    func show(
        _ fileID: RecordID, by actor: StaffActor
    ) async throws -> (file: Listed, rows: [Row]) {
        try Cards.requireReader(actor)
        return try await store.read { session in
            guard let file = try Self.files("card_load_file_id = \(fileID)", in: session).first
            else { throw CardsRefusal.unknownLoadFile }
            return (file, try Self.rows(fileID, in: session))
        }
    }

    private static func files(_ found: SQL, in session: PostgresSession) throws -> [Listed] {
        try session.query(
            """
            SELECT card_load_file_id, card_load_file.name, row_count, total, state,
                   asker.name AS asked_by, asker.person_id AS asker_id, asked_at,
                   decider.name AS decided_by
            FROM card_load_file
            JOIN staff_account AS asking ON asking.staff_account_id = asked_by
            JOIN person AS asker ON asker.person_id = asking.person_id
            LEFT JOIN staff_account AS deciding ON deciding.staff_account_id = decided_by
            LEFT JOIN person AS decider ON decider.person_id = deciding.person_id
            WHERE \(fragment: found)
            """
        ).map { row in
            Listed(
                fileID: try row["card_load_file_id"], name: try row["name"],
                rowCount: try row["row_count"], total: try row["total"],
                state: try row["state"], askedBy: try row["asked_by"],
                askerID: try row["asker_id"], askedAt: try row["asked_at"],
                decidedBy: try row["decided_by"])
        }
    }
}
