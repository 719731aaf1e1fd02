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
    /// The number of the last copy: 0 before the original pair, 1 or 2 after it, from 3 a reprint.
    static func copyCount(_ subject: SlipSubject, in database: Database) throws -> Int {
        try Int.fetchOne(
            database,
            sql: "SELECT coalesce(max(copy), 0) FROM printed_slip WHERE subject = ? AND slip = ?",
            arguments: [subject.id, subject.kind]) ?? 0
    }
}
