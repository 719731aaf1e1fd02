import Crypto
import Foundation
import GRDB

/// Brings the file to this build's schema: forward only, each migration in its own transaction,
/// each remembered by name and SHA-256.
enum Migrations {
    struct Migration: Sendable {
        let name: String
        let text: String

        var digest: String {
            SHA256.hash(data: Data(text.utf8)).map { String(format: "%02x", $0) }.joined()
        }
    }

    /// The migrations of this build, in order.
    static func bundled() throws -> [Migration] {
        guard let folder = Bundle.module.url(forResource: "Migrations", withExtension: nil) else {
            throw TillStoreError(.foreignSchema, "the migrations are not installed")
        }
        return try FileManager.default.contentsOfDirectory(
            at: folder, includingPropertiesForKeys: nil
        )
        .filter { $0.pathExtension == "sql" }
        .sorted { $0.lastPathComponent < $1.lastPathComponent }
        .map { file in
            Migration(
                name: file.deletingPathExtension().lastPathComponent,
                text: try String(contentsOf: file, encoding: .utf8))
        }
    }

    static func run(_ migrations: [Migration], on writer: DatabaseQueue) throws {
        try writer.write { database in
            try database.execute(
                sql: """
                    CREATE TABLE IF NOT EXISTS schema_migration (
                        name TEXT PRIMARY KEY, digest TEXT NOT NULL, applied_at TEXT NOT NULL
                    ) STRICT
                    """)
        }
        let applied = try writer.read { database in
            try Row.fetchAll(
                database, sql: "SELECT name, digest FROM schema_migration ORDER BY name"
            ).map { (name: $0["name"] as String, digest: $0["digest"] as String) }
        }
        guard applied.count <= migrations.count else {
            throw TillStoreError(.foreignSchema, "the data file was written by a newer version")
        }
        for (known, migration) in zip(applied, migrations)
        where known.name != migration.name || known.digest != migration.digest {
            throw TillStoreError(
                .foreignSchema, "migration \(known.name) of the data file is not this version's")
        }
        for migration in migrations.dropFirst(applied.count) {
            try writer.writeWithoutTransaction { try apply(migration, in: $0) }
        }
    }

    /// A table that others refer to is replaced only while nobody checks the references; they are
    /// checked once before the commit (https://sqlite.org/lang_altertable.html §7).
    private static func apply(_ migration: Migration, in database: Database) throws {
        try database.execute(sql: "PRAGMA foreign_keys = OFF")
        try database.inTransaction {
            try database.execute(sql: migration.text)
            guard try Row.fetchOne(database, sql: "PRAGMA foreign_key_check") == nil else {
                throw TillStoreError(
                    .foreignSchema, "migration \(migration.name) leaves a reference to nothing")
            }
            try database.execute(
                sql: """
                    INSERT INTO schema_migration (name, digest, applied_at)
                    VALUES (?, ?, strftime('%Y-%m-%dT%H:%M:%SZ', 'now'))
                    """,
                arguments: [migration.name, migration.digest])
            return .commit
        }
        // After a failure the file is closed.
        try database.execute(sql: "PRAGMA foreign_keys = ON")
    }
}
