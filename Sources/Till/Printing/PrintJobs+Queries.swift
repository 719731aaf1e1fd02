import Domain
import GRDB
import Receipts

/// The print queue.
enum PrintJobs {
    /// How long an ended job is kept, for the page that shows the last ones.
    static let keptMilliseconds: Int64 = 3 * 86_400_000
    static let listCountMax = 50

    private static let selection = """
        SELECT j.id, j.printer, p.name, j.slip, j.subject, j.number, j.paper_index, j.reprint,
            j.asked_by, j.asked_at, j.state, j.trouble
        FROM print_job AS j JOIN printer AS p ON p.id = j.printer
        """

    /// Jobs that are not done, oldest first.
    static func open(in database: Database) throws -> [PrintJob] {
        try Row.fetchAll(
            database,
            sql: """
                \(selection) WHERE j.state IN ('waiting', 'sending', 'unknown') ORDER BY j.id
                LIMIT ?
                """, arguments: [listCountMax]
        ).map(job)
    }

    /// The newest jobs that ended.
    static func ended(in database: Database) throws -> [PrintJob] {
        try Row.fetchAll(
            database,
            sql: """
                \(selection) WHERE j.state IN ('printed', 'sent', 'dropped') ORDER BY j.id DESC
                LIMIT 10
                """
        ).map(job)
    }

    /// The first waiting job of each device that has one.
    static func next(in database: Database) throws -> [PrintJob] {
        try Row.fetchAll(
            database,
            sql: """
                \(selection) WHERE j.id IN
                    (SELECT min(w.id) FROM print_job AS w JOIN printer AS q ON q.id = w.printer
                     WHERE w.state = 'waiting' GROUP BY q.device, q.address)
                ORDER BY j.id
                """
        ).map(job)
    }

    static func of(_ subject: SlipSubject, in database: Database) throws -> [PrintJob] {
        try Row.fetchAll(
            database,
            sql: "\(selection) WHERE j.subject = ? AND j.slip = ? ORDER BY j.id DESC LIMIT ?",
            arguments: [subject.id, subject.kind, listCountMax]
        ).map(job)
    }

    static func find(_ id: Int64, in database: Database) throws -> PrintJob? {
        try Row.fetchOne(database, sql: "\(selection) WHERE j.id = ?", arguments: [id]).map(job)
    }

    static func document(of id: Int64, in database: Database) throws -> SlipDocument? {
        try String.fetchOne(
            database, sql: "SELECT document FROM print_job WHERE id = ?", arguments: [id]
        ).map(StoredSlip.document)
    }

    static func openCount(of printer: String, in database: Database) throws -> Int {
        try Int.fetchOne(
            database,
            sql: """
                SELECT count(*) FROM print_job
                WHERE printer = ? AND state IN ('waiting', 'sending', 'unknown')
                """, arguments: [printer]) ?? 0
    }

    static func insert(
        _ document: SlipDocument, printer: Printer, kind: PrintJob.Kind, subject: String,
        number: String, paperIndex: Int, reprint: Int, by login: String, at now: Instant,
        in database: Database
    ) throws -> Int64 {
        try database.execute(
            sql: """
                INSERT INTO print_job (printer, slip, subject, number, paper_index, reprint,
                    document, asked_by, asked_at, state)
                VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, 'waiting')
                """,
            arguments: [
                printer.id, kind.rawValue, subject, number, paperIndex, reprint,
                try StoredSlip.text(document), login, now.milliseconds,
            ])
        return database.lastInsertedRowID
    }

    private static func job(_ row: Row) throws -> PrintJob {
        guard let kind = PrintJob.Kind(rawValue: row["slip"]),
            let state = PrintJob.State(rawValue: row["state"])
        else { throw TillStoreError(.damaged, "a print job has an unknown state") }
        return PrintJob(
            id: row["id"], printer: row["printer"], printerName: row["name"], kind: kind,
            subject: row["subject"], number: row["number"], paperIndex: row["paper_index"],
            reprint: row["reprint"], askedBy: row["asked_by"], askedAt: row["asked_at"],
            state: state,
            trouble: (row["trouble"] as String?).flatMap(PrinterCondition.init(rawValue:)))
    }
}
