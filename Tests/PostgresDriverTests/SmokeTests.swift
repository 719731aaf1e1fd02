import PostgresDriver
import TestSupport
import Testing

@Suite struct SmokeTests {
    @Test func `a value goes to the server and comes back`() async throws {
        try await withTestPool { pool in
            let text = try await pool.transaction { session in
                try session.queryOne("SELECT \("慧医卡") || \("'; DROP TABLE x; --") AS t")?["t"]
                    as String?
            }
            #expect(text == "慧医卡'; DROP TABLE x; --")
        }
    }
}
