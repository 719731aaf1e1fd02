import GRDB
import Receipts

/// The printers of this till.
enum Printers {
    private static let selection = """
        SELECT id, slip, name, device, address, paper, encoding, copies, language, pictures, is_main,
            answers
        FROM printer
        """

    /// By slip, the main one first.
    static func list(in database: Database) throws -> [Printer] {
        try Row.fetchAll(
            database, sql: "\(selection) ORDER BY slip DESC, is_main DESC, name, id"
        ).map(printer)
    }

    static func find(_ id: String, in database: Database) throws -> Printer? {
        try Row.fetchOne(database, sql: "\(selection) WHERE id = ?", arguments: [id]).map(printer)
    }

    /// The one that slips of the kind go to by themselves.
    static func main(_ slip: SlipKind, in database: Database) throws -> Printer? {
        try Row.fetchOne(
            database, sql: "\(selection) WHERE slip = ? AND is_main = 1",
            arguments: [slip.rawValue]
        ).map(printer)
    }

    private static func printer(_ row: Row) throws -> Printer {
        guard let slip = SlipKind(rawValue: row["slip"]),
            let kind = PrinterDevice.Kind(rawValue: row["device"]),
            let paper = SlipPaper(rawValue: row["paper"]),
            let encoding = PrinterEncoding(rawValue: row["encoding"]),
            let language = SlipLanguage(rawValue: row["language"])
        else { throw TillStoreError(.damaged, "a printer has an unknown setting") }
        return Printer(
            id: row["id"], slip: slip, name: row["name"],
            device: PrinterDevice(kind: kind, address: row["address"]), paper: paper,
            encoding: encoding, copies: row["copies"], language: language,
            pictures: row["pictures"], isMain: row["is_main"], answers: row["answers"])
    }
}

extension TillStore {
    /// Sets up a printer; the first for a kind of slip is the main one, and from then on slips of
    /// that kind print by themselves.
    ///
    /// - Refuses: `nameTaken`.
    func addPrinter(_ entry: PrinterEntry, id: String) async throws {
        try await write { database in
            try Self.requireFreeName(entry, id: id, in: database)
            let isFirst = try Printers.main(entry.slip, in: database) == nil
            try database.execute(
                sql: """
                    INSERT INTO printer (id, slip, name, device, address, paper, encoding, copies,
                        language, pictures, is_main)
                    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
                    """,
                arguments: [
                    id, entry.slip.rawValue, entry.name, entry.device.kind.rawValue,
                    entry.device.address, entry.paper.rawValue, entry.encoding.rawValue,
                    entry.copies, entry.language.rawValue, entry.pictures, isFirst,
                ])
            if isFirst { try Self.startPrinting(entry.slip, in: database) }
        }
    }

    /// Changes a printer; waiting slips go to the device as it is then. The kind of slip stays.
    ///
    /// - Refuses, first match wins: `unknownPrinter`, `settingUnknown` (another kind of slip),
    ///   `nameTaken`.
    func changePrinter(_ id: String, to entry: PrinterEntry) async throws {
        try await write { database in
            guard let known = try Printers.find(id, in: database) else {
                throw PrinterRefusal.unknownPrinter
            }
            guard known.slip == entry.slip else { throw PrinterRefusal.settingUnknown }
            try Self.requireFreeName(entry, id: id, in: database)
            try database.execute(
                sql: """
                    UPDATE printer SET name = ?, device = ?, address = ?, paper = ?, encoding = ?,
                        copies = ?, language = ?, pictures = ?, answers = ?
                    WHERE id = ?
                    """,
                arguments: [
                    entry.name, entry.device.kind.rawValue, entry.device.address,
                    entry.paper.rawValue, entry.encoding.rawValue, entry.copies,
                    entry.language.rawValue, entry.pictures,
                    known.answers && known.device == entry.device, id,
                ])
        }
    }

    /// Makes a printer the main one for its slips.
    ///
    /// - Refuses: `unknownPrinter`.
    func makeMainPrinter(_ id: String) async throws {
        try await write { database in
            guard let printer = try Printers.find(id, in: database) else {
                throw PrinterRefusal.unknownPrinter
            }
            try database.execute(
                sql: "UPDATE printer SET is_main = 0 WHERE slip = ?",
                arguments: [printer.slip.rawValue])
            try database.execute(
                sql: "UPDATE printer SET is_main = 1 WHERE id = ?", arguments: [id])
        }
    }

    /// Removes a printer; when it was the main one, another takes its place, if there is one.
    ///
    /// - Refuses, first match wins: `unknownPrinter`, `hasOpenJobs`.
    func removePrinter(_ id: String) async throws {
        try await write { database in
            guard let printer = try Printers.find(id, in: database) else {
                throw PrinterRefusal.unknownPrinter
            }
            let open = try PrintJobs.openCount(of: id, in: database)
            guard open == 0 else { throw PrinterRefusal.hasOpenJobs }
            try database.execute(sql: "DELETE FROM print_job WHERE printer = ?", arguments: [id])
            try database.execute(sql: "DELETE FROM printer WHERE id = ?", arguments: [id])
            guard printer.isMain else { return }
            try database.execute(
                sql: """
                    UPDATE printer SET is_main = 1 WHERE id =
                        (SELECT id FROM printer WHERE slip = ? ORDER BY name LIMIT 1)
                    """, arguments: [printer.slip.rawValue])
            if database.changesCount == 0 {
                try database.execute(
                    sql: "DELETE FROM slip_printing WHERE slip = ?",
                    arguments: [printer.slip.rawValue])
            }
        }
    }

    /// Remembers that a printer answers: from then on its silence is a trouble.
    func notePrinterAnswers(_ id: String) async throws {
        try await write { database in
            try database.execute(
                sql: "UPDATE printer SET answers = 1 WHERE id = ?", arguments: [id])
        }
    }

    private static func requireFreeName(
        _ entry: PrinterEntry, id: String, in database: Database
    ) throws {
        let isTaken = try Bool.fetchOne(
            database,
            sql: "SELECT EXISTS (SELECT 1 FROM printer WHERE slip = ? AND name = ? AND id <> ?)",
            arguments: [entry.slip.rawValue, entry.name, id])
        if isTaken ?? false { throw PrinterRefusal.nameTaken }
    }

    /// What was sold or decided before is printed on request only.
    private static func startPrinting(_ slip: SlipKind, in database: Database) throws {
        let newest =
            switch slip {
            case .sale: "SELECT seq FROM head"
            case .refund: "SELECT coalesce(max(rowid), 0) FROM decision"
            }
        try database.execute(
            sql: """
                INSERT INTO slip_printing (slip, after_position) VALUES (?, (\(newest)))
                ON CONFLICT (slip) DO UPDATE SET after_position = excluded.after_position
                """, arguments: [slip.rawValue])
    }
}
