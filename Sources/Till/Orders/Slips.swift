import Domain
import GRDB
import Journal

/// A slip's kind and what it is of.
enum SlipSubject: Sendable {
    case sale(RecordID)
    case refund(RecordID)
    /// A closing of the day.
    case statement(RecordID)

    var id: String {
        switch self {
        case .sale(let id), .refund(let id), .statement(let id): id.description
        }
    }

    var kind: String {
        switch self {
        case .sale: "sale"
        case .refund: "refund"
        case .statement: "statement"
        }
    }

    /// What the journal says of a printing; nil for a statement, which is a record itself and stands for
    /// no money: its papers are counted at the till only.
    var record: SlipPrinted.Slip? {
        switch self {
        case .sale(let id): .sale(id)
        case .refund(let id): .refund(request: id)
        case .statement: nil
        }
    }

    /// Copies of an original: the pair whatever of it was wanted, or the one statement. Later copies are
    /// reprints.
    var originalCount: Int {
        switch self {
        case .sale, .refund: 2
        case .statement: 1
        }
    }

    /// How many papers a printing takes at a printer.
    func paperCount(at printer: Printer) -> Int {
        switch self {
        case .sale, .refund: printer.copies
        case .statement: 1
        }
    }
}

/// What has been printed.
enum Slips {
    /// The number of the last copy: 0 before the original, then as ``SlipSubject/originalCount`` says.
    static func copyCount(_ subject: SlipSubject, in database: Database) throws -> Int {
        try Int.fetchOne(
            database,
            sql: "SELECT coalesce(max(copy), 0) FROM printed_slip WHERE subject = ? AND slip = ?",
            arguments: [subject.id, subject.kind]) ?? 0
    }

    /// Which reprint the next printing is; 0 for the original.
    static func nextReprint(_ subject: SlipSubject, in database: Database) throws -> Int {
        let printed = try copyCount(subject, in: database)
        // The original of another till's sale was that till's.
        if printed == 0, case .sale(let id) = subject, try !Orders.isOwn(id, in: database) {
            return 1
        }
        return printed == 0 ? 0 : max(1, printed + 1 - subject.originalCount)
    }

    /// Counts a copy, and journals it where it stands for money.
    static func note(
        _ subject: SlipSubject, copy: Int, by login: String, id: RecordID, at now: Instant,
        identity: TillIdentity, in database: Database
    ) throws {
        if let record = subject.record {
            try JournalBook(identity).append(
                .slipPrinted(.init(slip: record, copy: copy, by: login)), id: id, at: now,
                in: database)
        }
        try database.execute(
            sql: """
                INSERT INTO printed_slip (subject, slip, copy, printed_at, printed_by)
                VALUES (?, ?, ?, ?, ?)
                """,
            arguments: [subject.id, subject.kind, copy, now.milliseconds, login])
    }
}
