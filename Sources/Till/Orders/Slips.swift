import Domain
import GRDB
import Journal

/// A slip's kind and what it is of.
enum SlipSubject: Sendable {
    case sale(RecordID)
    case refund(RecordID)

    var id: String {
        switch self {
        case .sale(let id), .refund(let id): id.description
        }
    }

    var kind: String {
        switch self {
        case .sale: "sale"
        case .refund: "refund"
        }
    }

    var record: SlipPrinted.Slip {
        switch self {
        case .sale(let id): .sale(id)
        case .refund(let id): .refund(request: id)
        }
    }
}

/// What has been printed.
enum Slips {
    /// How many copies there are: 0 before the original pair, 2 after it, then one a reprint.
    static func copyCount(_ subject: SlipSubject, in database: Database) throws -> Int {
        try Int.fetchOne(
            database,
            sql: "SELECT coalesce(max(copy), 0) FROM printed_slip WHERE subject = ? AND slip = ?",
            arguments: [subject.id, subject.kind]) ?? 0
    }
}

extension TillStore {
    /// Journals a printing before the paper comes out: the original pair, or one reprint.
    ///
    /// - Returns: the number of the reprint; nil for the original pair.
    func recordPrinting(
        _ subject: SlipSubject, by login: String, ids: [RecordID], at now: Instant,
        book: JournalBook
    ) async throws -> Int? {
        try await write { database in
            let before = try Slips.copyCount(subject, in: database)
            let copies = before == 0 ? [1, 2] : [before + 1]
            for (copy, id) in zip(copies, ids) {
                try book.append(
                    .slipPrinted(.init(slip: subject.record, copy: copy, by: login)), id: id,
                    at: now, in: database)
                try database.execute(
                    sql: """
                        INSERT INTO printed_slip (subject, slip, copy, printed_at, printed_by)
                        VALUES (?, ?, ?, ?, ?)
                        """,
                    arguments: [subject.id, subject.kind, copy, now.milliseconds, login])
            }
            return before == 0 ? nil : before - 1
        }
    }
}
