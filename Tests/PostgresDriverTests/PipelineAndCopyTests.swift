import PostgresDriver
import Synchronization
import TestSupport
import Testing

private struct CopiedRow: Equatable, Sendable {
    let id: Int64
    let note: String?
    let seal: [UInt8]
    let moment: PostgresTimestamp
    let tags: [String?]
}

@Suite struct PipelineTests {
    private func withTable(_ body: (PostgresPool) async throws -> Void) async throws {
        try await withTestPool(maximumConnections: 1) { pool in
            try await pool.withSession {
                try $0.executeScript("CREATE TABLE t (n int8 CONSTRAINT uq_t_n UNIQUE);")
            }
            try await body(pool)
        }
    }

    @Test(arguments: [0, 1, 250, 251, 2_000])
    func `a pipeline answers in order`(count: Int) async throws {
        try await withTable { pool in
            let answers = try await pool.transaction { session in
                let statements = (0..<count).map {
                    SQL("INSERT INTO t VALUES (\($0)) RETURNING n * 2 AS double")
                }
                return try session.pipeline(statements).map { try $0.first?["double"] as Int? }
            }
            let expected = (0..<count).map { Optional($0 * 2) }
            #expect(answers == expected)
        }
    }

    @Test func `an error ends the pipeline, is thrown, and takes the rest with it`() async throws {
        try await withTable { pool in
            let statements: [SQL] = [
                "INSERT INTO t VALUES (\(1))", "INSERT INTO t VALUES (\(1))",
                "INSERT INTO t VALUES (\(2))", "SELECT 1 / \(0) AS never",
            ]
            for isInTransaction in [true, false] {
                let error = await #expect(throws: PostgresError.self) {
                    if isInTransaction {
                        try await pool.transaction { _ = try $0.pipeline(statements) }
                    } else {
                        try await pool.withSession { _ = try $0.pipeline(statements) }
                    }
                }
                #expect(error?.constraintName == "uq_t_n")
                let count = try await pool.withSession { try $0.query("SELECT n FROM t").count }
                #expect(count == 0)
            }
        }
    }

    @Test func `outside a transaction a pipeline is one group`() async throws {
        try await withTable { pool in
            let statements = (0...PostgresSession.pipelineStatementsMax).map {
                SQL("INSERT INTO t VALUES (\($0))")
            }
            let error = await #expect(throws: PostgresError.self) {
                try await pool.withSession { _ = try $0.pipeline(statements) }
            }
            #expect(error?.code == .misuse)
        }
    }

    @Test func `large statements with large answers do not block each other`() async throws {
        try await withTable { pool in
            let text = String(repeating: "汉", count: 100_000)
            let sizes = try await pool.withSession { session in
                let statements = (0..<100).map { _ in SQL("SELECT \(text) AS t") }
                return try session.pipeline(statements).map { rows -> Int in
                    let text: String = try rows.first?["t"] ?? ""
                    return text.utf8.count
                }
            }
            #expect(sizes == Array(repeating: 300_000, count: 100))
        }
    }

    @Test func `many different statements fit one pipeline`() async throws {
        try await withTable { pool in
            let numbers = try await pool.withSession { session in
                var numbers: [Int] = []
                for start in stride(from: 0, to: 1_000, by: 200) {
                    let statements = (start..<start + 200).map {
                        SQL("SELECT \($0) + \(unsafeSQL: "\($0)") AS n")
                    }
                    numbers += try session.pipeline(statements).compactMap { try $0.first?["n"] }
                }
                return numbers
            }
            let expected = (0..<1_000).map { $0 * 2 }
            #expect(numbers == expected)
        }
    }
}

@Suite struct CopyTests {
    private let rows: [CopiedRow] = (0..<10_000).map { (number: Int) -> CopiedRow in
        let note: String? = number % 7 == 0 ? nil : "汉字\t\(number)\n\"引号\",\\N\r"
        let tags: [String?] = number % 3 == 0 ? [] : ["a", nil, ""]
        return CopiedRow(
            id: Int64(number), note: note,
            seal: [UInt8](repeating: UInt8(number % 256), count: number % 40),
            moment: PostgresTimestamp(unixMicroseconds: Int64(number) * 1_000_003), tags: tags)
    }

    private func withStage(_ body: (PostgresPool) async throws -> Void) async throws {
        try await withTestPool(maximumConnections: 1) { pool in
            try await pool.withSession {
                try $0.executeScript(
                    """
                    CREATE TABLE "odd ""stage" (
                        id int8 NOT NULL, note text, seal bytea, moment timestamptz, tags text[],
                        name varchar(10));
                    """)
            }
            try await body(pool)
        }
    }

    private let columns = ["id", "note", "seal", "moment", "tags"]

    private static func write(_ row: inout PostgresCopyRow, _ source: CopiedRow) {
        row.append(source.id)
        row.append(source.note)
        row.append(source.seal)
        row.append(source.moment)
        row.append(source.tags)
    }

    @Test func `ten thousand rows go in by COPY and come back the same`() async throws {
        try await withStage { [rows, columns] pool in
            let count = try await pool.transaction { session in
                try session.copyIn("odd \"stage", columns: columns, rows: rows) {
                    Self.write(&$0, $1)
                }
            }
            #expect(count == rows.count)
            let read = try await pool.withSession { session in
                try session.query(
                    #"SELECT id, note, seal, moment, tags FROM "odd ""stage" ORDER BY id"#
                ).map {
                    CopiedRow(
                        id: try $0["id"], note: try $0["note"], seal: try $0["seal"],
                        moment: try $0["moment"], tags: try $0["tags"])
                }
            }
            #expect(read == rows)
        }
    }

    @Test func `a COPY that fails half-way leaves nothing and the connection usable`() async throws
    {
        struct Stop: Error {}
        try await withStage { [rows, columns] pool in
            await #expect(throws: Stop.self) {
                try await pool.withSession { session in
                    try session.copyIn("odd \"stage", columns: columns, rows: rows) { row, source in
                        if source.id == 9_000 { throw Stop() }
                        Self.write(&row, source)
                    }
                }
            }
            let tooFew = await #expect(throws: PostgresError.self) {
                try await pool.withSession { session in
                    try session.copyIn("odd \"stage", columns: columns, rows: rows) {
                        $0.append($1.id)
                    }
                }
            }
            #expect(tooFew?.code == .misuse)
            let wrongType = await #expect(throws: PostgresError.self) {
                try await pool.withSession { session in
                    try session.copyIn("odd \"stage", columns: ["id"], rows: rows) {
                        $0.append($1.moment)
                    }
                }
            }
            #expect(wrongType?.code == .misuse)
            let tooLong = await #expect(throws: PostgresError.self) {
                try await pool.withSession { session in
                    try session.copyIn("odd \"stage", columns: ["id", "name"], rows: 0..<1) {
                        $0.append($1)
                        $0.append("12345678901")
                    }
                }
            }
            #expect(tooLong?.sqlState == "22001")
            let count = try await pool.withSession {
                try $0.query(#"SELECT id FROM "odd ""stage""#).count
            }
            #expect(count == 0)
        }
    }

    @Test func `an export comes in whole lines and takes values of every type`() async throws {
        try await withTestPool(maximumConnections: 1) { pool in
            let chunks = Mutex<[[UInt8]]>([])
            let count = try await pool.withSession { session in
                try session.copyOut(
                    """
                    SELECT n AS number, \("'; DROP TABLE x; -- \\ $1 汉,\"\n") AS text,
                           \(PostgresTimestamp(unixMicroseconds: 1)) AS moment,
                           \([1, nil, 3] as [Int64?]) AS list, \([0, 255] as [UInt8]) AS bytes,
                           \(Int64?.none) AS nothing, \(PostgresDate(daysSince1970: 0)) AS day
                    FROM generate_series(1, \(5_000)) AS n ORDER BY n
                    """
                ) { chunk in chunks.withLock { $0.append(chunk) } }
            }
            #expect(count == 5_000)
            let all = chunks.withLock { $0 }
            #expect(all.count > 1)
            #expect(all.allSatisfy { $0.last == UInt8(ascii: "\n") })
            #expect(
                all.allSatisfy { $0.count < PostgresSession.copyChunkBytes + 1_000 })
            let text = String(decoding: all.joined(), as: UTF8.self)
            let first = """
                number,text,moment,list,bytes,nothing,day
                1,"'; DROP TABLE x; -- \\ $1 汉,""
                ",1970-01-01 00:00:00.000001+00,"{1,NULL,3}",\\x00ff,,1970-01-01
                2,
                """
            #expect(text.hasPrefix(first))
        }
    }

    @Test func `an export whose reader gives up ends and the pool goes on`() async throws {
        struct Full: Error {}
        try await withTestPool(maximumConnections: 1) { pool in
            await #expect(throws: Full.self) {
                try await pool.transaction { session in
                    try session.copyOut(
                        "SELECT n FROM generate_series(1, 1000000) AS n", format: .text
                    ) { _ in throw Full() }
                }
            }
            let error = await #expect(throws: PostgresError.self) {
                try await pool.withSession { session in
                    try session.copyOut("SELECT 1 / (n - 9000) FROM generate_series(1, 9000) AS n")
                    { _ in }
                }
            }
            #expect(error?.sqlState == "22012")
            let one = try await pool.withSession { try $0.query("SELECT 1 AS n").count }
            #expect(one == 1)
        }
    }
}
