// The schema's history. A ledger row for each migration says which text ran, when and by which
// program; the texts are resources of this target and are never edited once released.

import Crypto
public import Domain
import Foundation
public import PostgresDriver

/// Brings a database to this program's schema.
public struct Migrations: Sendable {
    /// One step, named by its file.
    public struct Step: Sendable, Equatable {
        /// `m0001_create_head_office`.
        public let name: String
        /// The statements.
        public let text: String

        /// A step from its name and its statements.
        public init(name: String, text: String) {
            self.name = name
            self.text = text
        }

        /// SHA-256 of the text, in hex.
        public var hash: String {
            SHA256.hash(data: Data(text.utf8)).map { byte in
                let digits = String(byte, radix: 16)
                return byte < 16 ? "0" + digits : digits
            }.joined()
        }
    }

    /// All steps, oldest first.
    public let steps: [Step]

    /// Any two numbers that nothing else locks: one runner at a time.
    private static let lockKey: Int64 = 0x4855_4959_494B_4101

    /// Those steps, in the order of their names.
    public init(steps: [Step]) {
        self.steps = steps.sorted { $0.name < $1.name }
    }

    /// The steps that come with the program.
    public static func bundled() throws -> Migrations {
        guard
            let folder = Bundle.module.url(forResource: "Migrations", withExtension: nil)
        else {
            throw OfficeStartError.setting(key: "installation", reason: "no migrations found")
        }
        let files = try FileManager.default.contentsOfDirectory(
            at: folder, includingPropertiesForKeys: nil
        ).filter { $0.pathExtension == "sql" }
        return Migrations(
            steps: try files.map { file in
                Step(
                    name: file.deletingPathExtension().lastPathComponent,
                    text: try String(contentsOf: file, encoding: .utf8))
            })
    }

    /// Runs what has not run yet, each step in a transaction of its own.
    ///
    /// - Shape: the names of the steps that ran now; empty when the schema was already current.
    /// - Refuses: `OfficeStartError.schemaNewer`, `.schemaEdited`; nothing has run then.
    /// - Repetition: two runners at once take turns; the second finds nothing to do.
    public func run(
        _ pool: PostgresPool, programVersion: String, at appliedAt: Instant
    ) async throws -> [String] {
        try await pool.transaction { session in
            try session.execute("SELECT pg_advisory_xact_lock(\(Self.lockKey))")
            try session.execute(
                """
                CREATE TABLE IF NOT EXISTS schema_migration (
                    name            text PRIMARY KEY,
                    sha256          text NOT NULL,
                    applied_at      timestamptz NOT NULL,
                    program_version text NOT NULL
                )
                """)
        }
        var ran: [String] = []
        for (index, step) in steps.enumerated() {
            let isNew = try await pool.transaction { session in
                try session.execute("SELECT pg_advisory_xact_lock(\(Self.lockKey))")
                if index == 0 { try check(session) }
                let found = try session.queryOne(
                    "SELECT sha256 FROM schema_migration WHERE name = \(step.name)")
                guard found == nil else { return false }
                try session.executeScript(step.text)
                try session.execute(
                    """
                    INSERT INTO schema_migration (name, sha256, applied_at, program_version)
                    VALUES (\(step.name), \(step.hash), \(appliedAt), \(programVersion))
                    """)
                return true
            }
            if isNew { ran.append(step.name) }
        }
        return ran
    }

    /// Compares what ran before with the steps of this program.
    private func check(_ session: PostgresSession) throws {
        let known = Dictionary(uniqueKeysWithValues: steps.map { ($0.name, $0.hash) })
        for row in try session.query("SELECT name, sha256 FROM schema_migration ORDER BY name") {
            let name: String = try row["name"]
            guard let hash = known[name] else { throw OfficeStartError.schemaNewer(found: name) }
            guard try row["sha256"] == hash else {
                throw OfficeStartError.schemaEdited(name: name)
            }
        }
    }
}
