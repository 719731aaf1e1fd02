import Domain
import Foundation
import GRDB
import Journal

/// The records without a verdict, for machine and people.
enum UnsentReport {
    /// Lines before the first record.
    static let headLineCount = 4

    /// The batches that a sender would make of them.
    static func export(_ identity: TillIdentity, in database: Database) throws -> UnsentExport {
        var export = UnsentExport(till: identity.till, epoch: identity.epoch, frames: [])
        let head = try JournalBook.head(in: database)
        guard
            var first = try Int64.fetchOne(
                database, sql: "SELECT min(seq) FROM journal_record WHERE verdict IS NULL")
        else { return export }
        let book = JournalBook(identity)
        let world = TillWorld.machine
        while first <= head.sequence {
            let entries = try JournalBook.entries(from: first, bounds: .draining, in: database)
            guard let last = entries.last,
                let previous = try book.head(
                    at: first - 1, publicKey: identity.signingKey.verifyingKey, in: database)
            else { break }
            let frame = BatchFrame(
                batch: world.makeID(), chain: identity.chain, after: previous,
                entries: entries.map { BatchEntry(record: $0.bytes, credential: $0.credential) },
                tillHead: head, status: try TillStore.tillStatus(in: database))
            export.frames.append(.init(bytes: frame.encoded(), key: identity.signingKey))
            first = last.sequence + 1
        }
        return export
    }

    /// One line a record, under a head.
    static func lines(_ identity: TillIdentity, in database: Database) throws -> [String] {
        let unsent = try Unsent.load(in: database)
        let head = [
            "慧医卡 未上传记录 / Huiyika unsent records",
            "\(identity.till) (\(identity.epoch))",
            "\(unsent.recordCount) 条 records, \(unsent.saleCount) 笔 sales, ¥\(unsent.value)",
            "seq\ttime\tkind\torder\ttotal\tcard\tmode\tcashier\tid",
        ]
        let rows = try Row.fetchAll(
            database,
            sql: """
                SELECT j.seq, j.id, j.kind, j.at, s.receipt, s.total, s.mask, s.mode, s.cashier
                FROM journal_record AS j LEFT JOIN sale AS s ON s.seq = j.seq
                WHERE j.verdict IS NULL ORDER BY j.seq
                """)
        return head
            + rows.map { row in
                let total = (row["total"] as Int64?).map { Money(fen: $0).description }
                return [
                    String(row["seq"] as Int64), Texts.time(row["at"]), row["kind"] as String,
                    (row["receipt"] as String?) ?? "-", total ?? "-",
                    (row["mask"] as String?) ?? "-", (row["mode"] as String?) ?? "-",
                    (row["cashier"] as String?) ?? "-", row["id"] as String,
                ].joined(separator: "\t")
            }
    }
}
