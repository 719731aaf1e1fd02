import PostgresDriver
import TestSupport
import Testing

@Suite struct SQLTests {
    @Test func `interpolated values become binds numbered in order`() {
        let sql: SQL = "SELECT \(1) + \(Int64(2)), \("三")"
        #expect(sql.text == "SELECT $1 + $2, $3")
        #expect(sql.bindCount == 3)
    }

    @Test func `fragments bring their binds and are numbered anew`() {
        let condition: SQL = "store = \(7) AND state = \("open")"
        let sql: SQL =
            "SELECT id FROM card WHERE kind = \("K") AND (\(fragment: condition)) LIMIT \(5)"
        #expect(
            sql.text
                == "SELECT id FROM card WHERE kind = $1 AND (store = $2 AND state = $3) LIMIT $4")
        #expect(sql.bindCount == 4)
        #expect((condition + " OR \(true)").text == "store = $1 AND state = $2 OR $3")
        let list = [1, 2, 3].map { SQL("\($0)") }.joined(separator: ", ")
        #expect(list.text == "$1, $2, $3")
    }

    @Test func `only unsafeSQL puts text in`() {
        let column = "name"
        let sql: SQL = "SELECT \(unsafeSQL: column) FROM t WHERE \(unsafeSQL: column) = \(column)"
        #expect(sql.text == "SELECT name FROM t WHERE name = $1")
    }

    @Test(arguments: [
        "'; DROP TABLE victim; --", "\\'; DROP TABLE victim; --", "$1", "$$", "\"", "a\\b",
        "%s %n", "汉字 🧧", "tab\tnewline\nreturn\r", "",
    ])
    func `hostile text is stored as it is`(text: String) async throws {
        try await withTestPool(maximumConnections: 1) { pool in
            let stored = try await pool.transaction { session in
                try session.execute("CREATE TABLE victim (name text)")
                try session.execute("INSERT INTO victim VALUES (\(text))")
                let row = try session.queryOne("SELECT name FROM victim WHERE name = \(text)")
                return try row?.decode("name", as: String.self)
            }
            #expect(stored == text)
        }
    }

    @Test func `a NUL character is refused by the server and nothing else happens`() async throws {
        try await withTestPool { pool in
            let error = await #expect(throws: PostgresError.self) {
                try await pool.withSession { try $0.query("SELECT \("a\0b") AS t").count }
            }
            #expect(error?.sqlState == "22021")
        }
    }

    @Test func `another database of the same server is spelled safely`() throws {
        let address = "postgresql://me:it%27s@example.org:6000/old?connect_timeout=3"
        let changed = try PostgresConfiguration.connectionString(address, database: "new 'one'")
        #expect(changed.contains("dbname='new \\'one\\''"))
        #expect(changed.contains("password='it\\'s'"))
        #expect(changed.contains("connect_timeout='3'"))
        #expect(!changed.contains("old"))
        #expect(throws: PostgresError.self) {
            try PostgresConfiguration.connectionString("host='unclosed", database: "x")
        }
    }
}
