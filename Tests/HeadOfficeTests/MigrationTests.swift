import HeadOffice
import PostgresDriver
import TestSupport
import Testing

struct MigrationTests {
    private func run(_ pool: PostgresPool, _ steps: [Migrations.Step]) async throws -> [String] {
        try await Migrations(steps: steps).run(pool, programVersion: "1", at: TestOffice.morning)
    }

    private let one = Migrations.Step(name: "m0001_one", text: "CREATE TABLE one (id int);")
    private let two = Migrations.Step(
        name: "m0002_two", text: "CREATE TABLE two (id int); INSERT INTO one VALUES (1);")

    @Test func `steps run once, in order, and the ledger says so`() async throws {
        try await withTestPool { pool in
            #expect(try await run(pool, [two, one]) == ["m0001_one", "m0002_two"])
            #expect(try await run(pool, [one, two]) == [])
            let rows = try await pool.withSession { session in
                try session.query("SELECT name, sha256 FROM schema_migration ORDER BY name")
                    .map { try $0["sha256"] as String }
            }
            #expect(rows == [one.hash, two.hash])
        }
    }

    @Test func `a step that fails leaves nothing behind`() async throws {
        try await withTestPool { pool in
            let broken = Migrations.Step(
                name: "m0002_broken", text: "CREATE TABLE half (id int); SELECT 1/0;")
            await #expect(throws: PostgresError.self) { try await run(pool, [one, broken]) }
            let half = try await pool.withSession { session in
                try session.queryOne("SELECT to_regclass('half')::text AS name")?
                    .decode("name", as: String?.self)
            }
            #expect(half == .some(nil))
            #expect(try await run(pool, [one, two]) == ["m0002_two"])
        }
    }

    @Test func `a newer or edited schema is refused`() async throws {
        try await withTestPool { pool in
            _ = try await run(pool, [one, two])
            await #expect(throws: OfficeStartError.schemaNewer(found: "m0002_two")) {
                try await run(pool, [one])
            }
            let edited = Migrations.Step(name: "m0001_one", text: "CREATE TABLE one (id bigint);")
            await #expect(throws: OfficeStartError.schemaEdited(name: "m0001_one")) {
                try await run(pool, [edited, two])
            }
        }
    }

    @Test func `two runners at once take turns`() async throws {
        try await withTestPool { pool in
            async let first = run(pool, [one, two])
            async let second = run(pool, [one, two])
            let ran = try await (first + second).sorted()
            #expect(ran == ["m0001_one", "m0002_two"])
        }
    }
}
