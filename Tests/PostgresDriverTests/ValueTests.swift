import Foundation
import PostgresDriver
import TestSupport
import Testing

private struct Fen: Equatable, PostgresConvertible {
    let amount: Int64
    var postgresForm: Int64 { amount }
    init(_ amount: Int64) { self.amount = amount }
    init(postgresForm: Int64) throws {
        guard postgresForm >= 0 else { throw Negative() }
        amount = postgresForm
    }
    struct Negative: Error {}
}

private enum CardState: String, PostgresConvertible { case active, blocked }

@Suite struct ValueTests {
    private func expectRoundTrip<Value: PostgresEncodable & PostgresDecodable & Equatable>(
        _ values: [Value], as type: String, sourceLocation: SourceLocation = #_sourceLocation
    ) async throws {
        try await withTestPool(maximumConnections: 1) { pool in
            try await pool.withSession {
                try $0.execute("CREATE TABLE t (v \(unsafeSQL: type))")
            }
            for value in values {
                let read = try await pool.transaction { session in
                    try session.execute("DELETE FROM t")
                    try session.execute("INSERT INTO t VALUES (\(value))")
                    let row = try session.queryOne(
                        "SELECT v FROM t WHERE v IS NOT DISTINCT FROM \(value)")
                    return try row?.decode("v", as: Value.self)
                }
                #expect(read == value, sourceLocation: sourceLocation)
            }
        }
    }

    private let uuid = UUID(uuid: (1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 255))

    @Test func `integers come back as they went`() async throws {
        try await expectRoundTrip([0, 1, -1, Int64.min, Int64.max], as: "int8")
        try await expectRoundTrip([0, Int.min, Int.max], as: "int8")
        try await expectRoundTrip([0, Int32.min, Int32.max], as: "int4")
        try await expectRoundTrip([0, Int16.min, Int16.max], as: "int2")
        try await expectRoundTrip([Int64?.none, 5], as: "int8")
    }

    @Test func `texts, bytes, flags and identifiers come back as they went`() async throws {
        try await expectRoundTrip(["", "慧医卡 🧧", "a'b\\c\t\n"], as: "text")
        try await expectRoundTrip(["varchar"], as: "varchar(20)")
        try await expectRoundTrip([String?.none, "x"], as: "text")
        try await expectRoundTrip(
            [[], [0, 1, 255], (0...255).map { $0 }] as [[UInt8]], as: "bytea")
        try await expectRoundTrip([[UInt8]?.none, [0]], as: "bytea")
        try await expectRoundTrip([true, false], as: "bool")
        try await expectRoundTrip([uuid], as: "uuid")
        try await expectRoundTrip([UUID?.none, uuid], as: "uuid")
    }

    @Test func `moments, days and documents come back as they went`() async throws {
        let moments = [0, -1, 1, 1_764_063_333_123_456, -62_135_596_800_000_000]
            .map { PostgresTimestamp(unixMicroseconds: $0) }
        try await expectRoundTrip(moments, as: "timestamptz")
        let days = [0, -1, 20_417, -719_162].map { PostgresDate(daysSince1970: $0) }
        try await expectRoundTrip(days, as: "date")
        try await expectRoundTrip([PostgresJSON(#"{"名": [1, null, "x"]}"#)], as: "jsonb")
    }

    @Test func `arrays come back as they went, empty and with NULLs`() async throws {
        try await expectRoundTrip([[], [1, -1, Int64.max]] as [[Int64]], as: "int8[]")
        try await expectRoundTrip([[], [1, nil, 3], [nil]] as [[Int64?]], as: "int8[]")
        try await expectRoundTrip([[], [1, 2]] as [[Int]], as: "int8[]")
        try await expectRoundTrip([[], [1, nil]] as [[Int32?]], as: "int4[]")
        try await expectRoundTrip([[], [1, nil]] as [[Int16?]], as: "int2[]")
        try await expectRoundTrip(
            [[], ["", "a,\"b\"{}\\", "NULL", "汉"]] as [[String]], as: "text[]")
        try await expectRoundTrip([["a", nil, ""]] as [[String?]], as: "text[]")
        try await expectRoundTrip([[], [[], [0, 255]]] as [[[UInt8]]], as: "bytea[]")
        try await expectRoundTrip([[[1], nil, []]] as [[[UInt8]?]], as: "bytea[]")
        try await expectRoundTrip([[], [uuid]] as [[UUID]], as: "uuid[]")
        try await expectRoundTrip([[nil, uuid]] as [[UUID?]], as: "uuid[]")
        try await expectRoundTrip([[true, false, nil]] as [[Bool?]], as: "bool[]")
        let moment = PostgresTimestamp(unixMicroseconds: 1_764_063_333_123_456)
        try await expectRoundTrip([[], [moment]], as: "timestamptz[]")
        try await expectRoundTrip([[moment, nil]] as [[PostgresTimestamp?]], as: "timestamptz[]")
        let day = PostgresDate(daysSince1970: 20_417)
        try await expectRoundTrip([[day, nil], []] as [[PostgresDate?]], as: "date[]")
        try await expectRoundTrip([[Int64]?.none, [1]], as: "int8[]")
        try await expectRoundTrip([[PostgresJSON("[1]")]], as: "jsonb[]")
    }

    @Test func `a module's own types travel as the standard ones`() async throws {
        try await expectRoundTrip([Fen(0), Fen(1_234)], as: "int8")
        try await expectRoundTrip([Fen?.none, Fen(7)], as: "int8")
        try await expectRoundTrip([[Fen(1), Fen(2)], []], as: "int8[]")
        try await expectRoundTrip([[Fen(1), nil]] as [[Fen?]], as: "int8[]")
        try await expectRoundTrip([CardState.active, .blocked], as: "text")
        try await expectRoundTrip([[CardState.active, .blocked]], as: "text[]")
    }

    @Test(arguments: [
        "0", "1", "-1", "0.5", "-0.05", "12345678901234567890.123456789", "10000", "100000000",
        "0.00001", "1.10", "9999.9999", "NaN", "Infinity", "-Infinity", "0.000", "10000.0001",
    ])
    func `exact decimals are read in their decimal spelling`(text: String) async throws {
        try await withTestPool(maximumConnections: 1) { pool in
            let both = try await pool.withSession { session in
                let row = try session.queryOne(
                    "SELECT \(text)::numeric AS n, (\(text)::numeric)::text AS t")
                return [try row?["n"] as String?, try row?["t"] as String?]
            }
            #expect(both[0] == both[1])
        }
    }

    @Test func `snapshot positions are read as decimal text and written back`() async throws {
        try await withTestPool(maximumConnections: 1) { pool in
            let isSame = try await pool.withSession { session in
                let now = try session.queryOne("SELECT pg_current_xact_id() AS x")
                let text = try now?["x"] as String?
                let row = try session.queryOne(
                    "SELECT \(text)::xid8 < pg_current_xact_id() AS earlier")
                return try row?["earlier"] as Bool?
            }
            #expect(isSame == true)
        }
    }

    @Test func `the spelling of values agrees with the server's`() async throws {
        try await withTestPool(maximumConnections: 1) { pool in
            let row = try #require(
                try await pool.withSession {
                    try $0.queryOne(
                        """
                        SELECT \(PostgresTimestamp(unixMicroseconds: 1_700_000_000_000_001))::text
                                   AS moment,
                               \(PostgresDate(daysSince1970: 19_675))::text AS day,
                               timestamptz '1970-01-01 00:00:01+00' AS second,
                               date '1969-12-31' AS before
                        """)
                })
            #expect(try row["moment"] == "2023-11-14 22:13:20.000001+00")
            #expect(try row["day"] == "2023-11-14")
            #expect(try row["second"] == PostgresTimestamp(unixMicroseconds: 1_000_000))
            #expect(try row["before"] == PostgresDate(daysSince1970: -1))
        }
    }

    @Test func `moments and days outside the server's range are refused, not bent`() async throws {
        try await withTestPool(maximumConnections: 1) { pool in
            for moment in [Int64.min, Int64.min + 1, Int64.min + 946_684_800_000_000] {
                let error = await #expect(throws: PostgresError.self) {
                    try await pool.withSession {
                        try $0.query("SELECT \(PostgresTimestamp(unixMicroseconds: moment)) AS m")
                            .count
                    }
                }
                #expect(error?.sqlState == "22008")
            }
            for day in [Int32.min, Int32.max] {
                let error = await #expect(throws: PostgresError.self) {
                    try await pool.withSession {
                        try $0.query("SELECT \(PostgresDate(daysSince1970: day)) AS d").count
                    }
                }
                #expect(error?.sqlState == "22008")
            }
            let row = try #require(
                try await pool.withSession {
                    try $0.queryOne("SELECT 'infinity'::timestamptz AS m, '-infinity'::date AS d")
                })
            #expect(throws: PostgresError.self) { try row.decode("m", as: PostgresTimestamp.self) }
            #expect(throws: PostgresError.self) { try row.decode("d", as: PostgresDate.self) }
        }
    }

    @Test func `reading a value as something else is refused by name`() async throws {
        try await withTestPool(maximumConnections: 1) { pool in
            let row = try #require(
                try await pool.withSession {
                    try $0.queryOne(
                        """
                        SELECT 1::int8 AS number, NULL::int8 AS nothing, 'x' AS text, 1 AS twice,
                               2 AS twice, ARRAY[1, NULL]::int8[] AS holes, -5::int8 AS negative,
                               ARRAY[ARRAY[1]]::int8[] AS nested, 2::int4 AS small
                        """)
                })
            func refusal<Value: PostgresDecodable>(_ name: String, _: Value.Type) -> PostgresError?
            {
                #expect(throws: PostgresError.self) { try row.decode(name, as: Value.self) }
            }
            #expect(refusal("number", String.self)?.code == .decoding)
            #expect(refusal("number", String.self)?.message.contains("number") == true)
            #expect(refusal("number", Int32.self)?.code == .decoding)
            #expect(refusal("nothing", Int64.self)?.message.contains("NULL") == true)
            #expect(refusal("absent", Int64.self)?.message.contains("absent") == true)
            #expect(refusal("twice", Int64.self)?.message.contains("several") == true)
            #expect(refusal("holes", [Int64].self)?.message.contains("NULL") == true)
            #expect(refusal("nested", [Int64].self)?.code == .decoding)
            #expect(refusal("text", CardState.self)?.code == .decoding)
            #expect(refusal("negative", Fen.self)?.cause is Fen.Negative)
            #expect(try row["nothing"] as Int64? == nil)
            #expect(try row["small"] as Int64 == 2)
            #expect(try row["holes"] as [Int64?] == [1, nil])
        }
    }
}
