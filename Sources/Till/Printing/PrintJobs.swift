import Domain
import GRDB
import Journal
import Receipts

/// A printing that was asked for.
struct AskedPrinting: Sendable, Equatable {
    /// 0 for the original.
    let reprint: Int
    /// Empty when no printer is set up for the slip: then the browser prints.
    let jobs: [Int64]
}

extension TillStore {
    /// Journals a printing before the paper comes out and gives it to the main printer, if there is
    /// one: the original copies, or one reprint.
    ///
    /// - Refuses: `RequestRefusal.notFound` when there is no such slip.
    func recordPrinting(
        _ subject: SlipSubject, by login: String, ids: [RecordID], at now: Instant,
        source: SlipSource
    ) async throws -> AskedPrinting? {
        try await write { database in
            try Self.recordPrinting(
                subject, by: login, ids: ids, at: now, source: source, in: database)
        }
    }

    /// - Returns: nil when there is no such slip.
    private static func recordPrinting(
        _ subject: SlipSubject, by login: String, ids: [RecordID], at now: Instant,
        source: SlipSource, in database: Database
    ) throws -> AskedPrinting? {
        guard let slip = try source.slip(subject, in: database) else { return nil }
        let printer = try Printers.main(subject.slipKind, in: database)
        let reprint = try Slips.nextReprint(subject, in: database)
        let papers = printer.map(subject.paperCount)
        let copies =
            reprint > 0
            ? [subject.originalCount + reprint]
            : Array(1...min(subject.originalCount, papers ?? subject.originalCount))
        for (copy, id) in zip(copies, ids) {
            try Slips.note(
                subject, copy: copy, by: login, id: id, at: now, identity: source.identity,
                in: database)
        }
        guard let printer, let papers else { return AskedPrinting(reprint: reprint, jobs: []) }
        let jobs = try (1...papers).map { index in
            try insertJob(
                slip, subject, paperIndex: index, reprint: reprint, printer: printer, by: login,
                at: now, in: database)
        }
        return AskedPrinting(reprint: reprint, jobs: jobs)
    }

    private static func insertJob(
        _ slip: Slip, _ subject: SlipSubject, paperIndex: Int, reprint: Int, printer: Printer,
        by login: String, at now: Instant, in database: Database
    ) throws -> Int64 {
        try PrintJobs.insert(
            try slip.document(
                paperIndex == 1 ? .merchant : .customer, reprint: reprint,
                language: printer.language),
            printer: printer, kind: subject.jobKind, subject: subject.id, number: slip.number,
            paperIndex: paperIndex, reprint: reprint, by: login, at: now, in: database)
    }

    /// Gives the next sale or approved refund that nobody has printed yet to the main printer.
    ///
    /// - Returns: whether there was one; it may have been printed by hand already.
    func printNext(
        _ slip: SlipKind, ids: [RecordID], at now: Instant, source: SlipSource
    ) async throws -> Bool {
        guard try await read({ try DueSlip.next(slip, in: $0) }) != nil else { return false }
        return try await write { database in
            guard let due = try DueSlip.next(slip, in: database) else { return false }
            try database.execute(
                sql: "UPDATE slip_printing SET after_position = ? WHERE slip = ?",
                arguments: [due.position, slip.rawValue])
            if let subject = due.subject, try Slips.copyCount(subject, in: database) == 0 {
                // A slip that cannot be made is no reason to stop the ones after it.
                try? database.inSavepoint {
                    _ = try Self.recordPrinting(
                        subject, by: due.by, ids: ids, at: now, source: source, in: database)
                    return .commit
                }
            }
            return true
        }
    }

    /// Asks for the page that shows whether a printer is set up right.
    ///
    /// - Refuses: `PrinterRefusal.unknownPrinter`.
    func printTest(
        _ printer: String, by login: String, at now: Instant
    ) async throws -> Int64 {
        try await write { database in
            guard let printer = try Printers.find(printer, in: database) else {
                throw PrinterRefusal.unknownPrinter
            }
            let document = SlipDocument(
                testOf: printer.name, paper: printer.paper, time: now, language: printer.language)
            return try PrintJobs.insert(
                document, printer: printer, kind: .test, subject: "", number: "", paperIndex: 1,
                reprint: 0, by: login, at: now, in: database)
        }
    }

    /// Gives a job that waits to another printer.
    ///
    /// - Refuses, first match wins: `unknownJob`, `unknownPrinter`, `jobNotOpen`.
    func movePrintJob(_ id: Int64, to printer: String) async throws {
        try await write { database in
            guard try PrintJobs.find(id, in: database) != nil else {
                throw PrinterRefusal.unknownJob
            }
            guard try Printers.find(printer, in: database) != nil else {
                throw PrinterRefusal.unknownPrinter
            }
            try database.execute(
                sql: """
                    UPDATE print_job SET printer = ?, trouble = NULL
                    WHERE id = ? AND state = 'waiting'
                    """, arguments: [printer, id])
            guard database.changesCount == 1 else { throw PrinterRefusal.jobNotOpen }
        }
    }

    /// Gives up a job that waits.
    ///
    /// - Refuses, first match wins: `unknownJob`, `jobNotOpen`.
    func dropPrintJob(_ id: Int64, at now: Instant) async throws {
        try await end(id, .dropped, from: .waiting, at: now, orElse: .jobNotOpen)
    }

    /// A person has found the whole paper of a job in question.
    ///
    /// - Refuses, first match wins: `unknownJob`, `jobNotInQuestion`.
    func confirmPrintJob(_ id: Int64, at now: Instant) async throws {
        try await end(id, .printed, from: .unknown, at: now, orElse: .jobNotInQuestion)
    }

    /// A person has found no whole paper of a job in question: it is printed again, as a reprint,
    /// because a first paper may lie somewhere.
    ///
    /// - Refuses, first match wins: `unknownJob`, `jobNotInQuestion`.
    func repeatPrintJob(
        _ id: Int64, by login: String, recordID: RecordID, at now: Instant, source: SlipSource
    ) async throws -> Int64 {
        try await write { database in
            guard let job = try PrintJobs.find(id, in: database) else {
                throw PrinterRefusal.unknownJob
            }
            guard job.state == .unknown, let printer = try Printers.find(job.printer, in: database)
            else { throw PrinterRefusal.jobNotInQuestion }
            try database.execute(
                sql: "UPDATE print_job SET state = 'dropped', ended_at = ? WHERE id = ?",
                arguments: [now.milliseconds, id])
            guard let subject = SlipSubject(job),
                let slip = try source.slip(subject, in: database)
            else {
                guard let document = try PrintJobs.document(of: id, in: database) else {
                    throw PrinterRefusal.unknownJob
                }
                return try PrintJobs.insert(
                    document, printer: printer, kind: job.kind, subject: job.subject,
                    number: job.number, paperIndex: job.paperIndex, reprint: job.reprint,
                    by: login, at: now, in: database)
            }
            let reprint = max(1, try Slips.nextReprint(subject, in: database))
            try Slips.note(
                subject, copy: subject.originalCount + reprint, by: login, id: recordID, at: now,
                identity: source.identity, in: database)
            return try Self.insertJob(
                slip, subject, paperIndex: job.paperIndex, reprint: reprint, printer: printer,
                by: login, at: now, in: database)
        }
    }

    private func end(
        _ id: Int64, _ state: PrintJob.State, from before: PrintJob.State, at now: Instant,
        orElse refusal: PrinterRefusal
    ) async throws {
        try await write { database in
            guard try PrintJobs.find(id, in: database) != nil else {
                throw PrinterRefusal.unknownJob
            }
            try database.execute(
                sql: "UPDATE print_job SET state = ?, ended_at = ? WHERE id = ? AND state = ?",
                arguments: [state.rawValue, now.milliseconds, id, before.rawValue])
            guard database.changesCount == 1 else { throw refusal }
        }
    }
}

/// The steps of a job's life at the printer.
extension TillStore {
    /// What a stop left in the middle is in question: the paper may be out.
    func recoverPrintJobs() async throws {
        try await write { database in
            try database.execute(
                sql: "UPDATE print_job SET state = 'unknown', trouble = ? WHERE state = 'sending'",
                arguments: [PrinterCondition.tillStopped.rawValue])
        }
    }

    /// Claims a waiting job before its first byte goes out.
    ///
    /// - Returns: what to print; nil when somebody moved or dropped the job meanwhile.
    func beginPrintJob(_ id: Int64, on printer: String) async throws -> SlipDocument? {
        try await write { database in
            try database.execute(
                sql: """
                    UPDATE print_job SET state = 'sending', trouble = NULL
                    WHERE id = ? AND printer = ? AND state = 'waiting'
                    """, arguments: [id, printer])
            guard database.changesCount == 1 else { return nil }
            return try PrintJobs.document(of: id, in: database)
        }
    }

    /// Stores how an attempt ended.
    func endPrintJob(
        _ id: Int64, _ state: PrintJob.State, trouble: PrinterCondition?, at now: Instant
    ) async throws {
        try await write { database in
            try database.execute(
                sql: """
                    UPDATE print_job SET state = ?, trouble = ?, ended_at = ?
                    WHERE id = ? AND state = 'sending'
                    """,
                arguments: [
                    state.rawValue, trouble?.rawValue, state.isOpen ? nil : now.milliseconds, id,
                ])
            try database.execute(
                sql: """
                    DELETE FROM print_job WHERE id IN
                        (SELECT id FROM print_job WHERE state IN ('printed', 'sent', 'dropped')
                         AND ended_at < ? ORDER BY id LIMIT 20)
                    """, arguments: [now.milliseconds - PrintJobs.keptMilliseconds])
        }
    }

    /// Stores why the waiting jobs of a device wait.
    func notePrintTrouble(_ trouble: PrinterCondition, job: Int64) async throws {
        try await write { database in
            try database.execute(
                sql: "UPDATE print_job SET trouble = ? WHERE id = ? AND state = 'waiting'",
                arguments: [trouble.rawValue, job])
        }
    }
}

/// A sale or an approved refund whose slip is due.
private struct DueSlip {
    let subject: SlipSubject?
    let by: String
    let position: Int64

    static func next(_ slip: SlipKind, in database: Database) throws -> DueSlip? {
        let sql =
            switch slip {
            case .sale:
                """
                SELECT s.id, s.cashier AS by_login, s.seq AS position FROM sale AS s
                JOIN slip_printing AS p ON p.slip = 'sale' AND s.seq > p.after_position
                ORDER BY s.seq LIMIT 1
                """
            case .refund:
                """
                SELECT r.id, r.requested_by AS by_login, d.rowid AS position FROM decision AS d
                JOIN slip_printing AS p ON p.slip = 'refund' AND d.rowid > p.after_position
                JOIN refund_request AS r ON r.id = d.request
                WHERE d.state = 'approved' ORDER BY d.rowid LIMIT 1
                """
            }
        return try Row.fetchOne(database, sql: sql).map { row in
            let id = RecordID(row["id"] as String)
            return DueSlip(
                subject: id.map { slip == .sale ? .sale($0) : .refund($0) }, by: row["by_login"],
                position: row["position"])
        }
    }
}

extension SlipSubject {
    var slipKind: SlipKind {
        switch self {
        case .sale, .statement: .sale
        case .refund: .refund
        }
    }

    var jobKind: PrintJob.Kind {
        switch self {
        case .sale: .sale
        case .refund: .refund
        case .statement: .statement
        }
    }

    /// What a job is of; nil for a test.
    init?(_ job: PrintJob) {
        guard let id = RecordID(job.subject) else { return nil }
        switch job.kind {
        case .sale: self = .sale(id)
        case .refund: self = .refund(id)
        case .statement: self = .statement(id)
        case .test: return nil
        }
    }
}
