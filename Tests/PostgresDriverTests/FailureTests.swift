import Foundation
import Logging
import PostgresDriver
import TestSupport
import Testing

/// What happens when the server, or a connection to it, dies. Each test has a server of its own.
@Suite struct FailureTests {
    private func withCluster(
        settings: [String: String] = [:],
        _ body: (PrivateCluster, URL) async throws -> Void
    ) async throws {
        try await withTemporaryDirectory { folder in
            let cluster = try PrivateCluster(
                folder: folder.path + "/cluster", settings: settings,
                logger: Logger(label: "test.cluster"))
            defer { cluster.killImmediately() }
            try await cluster.start()
            try await body(cluster, folder)
        }
    }

    private func makePool(_ cluster: PrivateCluster) -> PostgresPool {
        PostgresPool(
            configuration: PostgresConfiguration(
                connectionString: cluster.connectionString(), maximumConnections: 2),
            logger: Logger(label: "test.pool"))
    }

    private func count(_ pool: PostgresPool, _ sql: SQL) async throws -> Int64 {
        try await pool.withSession { try $0.queryOne(sql)?["n"] ?? -1 }
    }

    @Test func `a server killed during a statement loses the connection, not the pool`()
        async throws
    {
        try await withCluster { cluster, _ in
            let pool = makePool(cluster)
            try await pool.withSession {
                try $0.executeScript("CREATE TABLE t (n int8); INSERT INTO t VALUES (1);")
            }
            let victim = Task {
                try await pool.transaction { session in
                    try session.execute("INSERT INTO t VALUES (2)")
                    try session.execute("SELECT pg_sleep(600)")
                }
            }
            try await eventually("the statement runs") {
                try await count(
                    pool,
                    "SELECT count(*) AS n FROM pg_stat_activity WHERE wait_event = 'PgSleep'") == 1
            }
            cluster.killImmediately()
            let error = await #expect(throws: PostgresError.self) { try await victim.value }
            #expect(error?.code == .connectionLost)
            #expect(error?.isTransient == true)
            let refused = await #expect(throws: PostgresError.self) {
                try await pool.withSession { try $0.execute("SELECT 1") }
            }
            #expect(refused?.code == .connectFailed)

            try await cluster.start()
            // The idle connection of before the crash is replaced without anyone noticing.
            let rows = try await pool.transaction { try $0.query("SELECT n FROM t").count }
            #expect(rows == 1)
            await pool.shutdown()
        }
    }

    @Test func `a connection that ends before COMMIT is sent has certainly committed nothing`()
        async throws
    {
        try await withTestPool(maximumConnections: 2) { pool in
            try await pool.withSession { try $0.execute("CREATE TABLE t (n int8)") }
            let (backends, continuation) = AsyncStream.makeStream(of: Int32.self)
            let goOn = DispatchSemaphore(value: 0)
            let victim = Task {
                try await pool.transaction { session in
                    try session.execute("INSERT INTO t VALUES (1)")
                    let row = try session.queryOne("SELECT pg_backend_pid() AS pid")
                    continuation.yield(try row?["pid"] ?? 0)
                    goOn.wait()
                }
            }
            var iterator = backends.makeAsyncIterator()
            let pid = try #require(await iterator.next())
            try await pool.withSession { session in
                _ = try session.query("SELECT pg_terminate_backend(\(pid), 60000)")
            }
            goOn.signal()
            let error = await #expect(throws: PostgresError.self) { try await victim.value }
            #expect(error?.code == .connectionLost)
            let rows0 = try await count(pool, "SELECT count(*) AS n FROM t")
            #expect(rows0 == 0)
        }
    }

    @Test func `a connection that dies in COMMIT before it is durable is unknown`() async throws {
        try await withTestPool { pool in
            try await pool.withSession {
                try $0.executeScript(
                    """
                    CREATE TABLE t (n int8);
                    CREATE FUNCTION die() RETURNS trigger LANGUAGE plpgsql AS $die$
                    BEGIN
                        PERFORM pg_terminate_backend(pg_backend_pid());
                        RETURN NULL;
                    END $die$;
                    CREATE CONSTRAINT TRIGGER tr_t_die AFTER INSERT ON t
                        DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION die();
                    """)
            }
            let error = await #expect(throws: PostgresError.self) {
                try await pool.transaction { try $0.execute("INSERT INTO t VALUES (1)") }
            }
            #expect(error?.code == .commitUnknown)
            #expect(error?.isTransient == false)
            let rows0 = try await count(pool, "SELECT count(*) AS n FROM t")
            #expect(rows0 == 0)
        }
    }

    @Test func `a connection that dies in COMMIT after it is durable is unknown too`() async throws
    {
        // A standby that never comes keeps COMMIT waiting after the work is on disk.
        let settings = ["synchronous_standby_names": "nobody", "synchronous_commit": "local"]
        try await withCluster(settings: settings) { cluster, _ in
            let pool = makePool(cluster)
            try await pool.withSession { try $0.execute("CREATE TABLE t (n int8)") }
            let victim = Task {
                try await pool.transaction { session in
                    try session.execute("SET LOCAL synchronous_commit = 'on'")
                    try session.execute("INSERT INTO t VALUES (1)")
                }
            }
            try await eventually("COMMIT waits for the standby") {
                try await count(
                    pool,
                    """
                    SELECT count(pg_terminate_backend(pid)) AS n FROM pg_stat_activity
                    WHERE wait_event = 'SyncRep'
                    """) == 1
            }
            let error = await #expect(throws: PostgresError.self) { try await victim.value }
            #expect(error?.code == .commitUnknown)
            let rows1 = try await count(pool, "SELECT count(*) AS n FROM t")
            #expect(rows1 == 1)
            await pool.shutdown()
        }
    }

    @Test func `a stopped cluster keeps its data and starts again`() async throws {
        try await withCluster { cluster, folder in
            let pool = makePool(cluster)
            try await pool.withSession {
                try $0.executeScript("CREATE TABLE t (n int8); INSERT INTO t VALUES (7);")
            }
            try await cluster.stop()
            try await cluster.stop()
            let data = folder.path + "/cluster/data"
            #expect(!FileManager.default.fileExists(atPath: data + "/postmaster.pid"))
            // A left-over that names a process which lives but is no server of this folder.
            let leftOver = "\(getpid())\n\(data)\n0\n5432\n\n\n0 0\n"
            try leftOver.write(toFile: data + "/postmaster.pid", atomically: false, encoding: .utf8)
            try await cluster.start()
            try await cluster.start()
            let rows7 = try await count(pool, "SELECT n FROM t")
            #expect(rows7 == 7)
            let settings = try await pool.withSession { session in
                try ["server_encoding", "data_checksums", "listen_addresses"].map { name in
                    try session.queryOne("SELECT current_setting(\(name)) AS s")?["s"] as String?
                }
            }
            #expect(settings == ["UTF8", "on", ""])
            await pool.shutdown()
        }
    }

    @Test func `a second owner of the same folder uses the running server`() async throws {
        try await withCluster { cluster, folder in
            let second = try PrivateCluster(
                folder: folder.path + "/cluster", logger: Logger(label: "test.second"))
            try await second.start()
            let pool = makePool(second)
            let rows5 = try await count(pool, "SELECT 5::int8 AS n")
            #expect(rows5 == 5)
            await pool.shutdown()
        }
    }

    @Test func `a folder with a long path has its socket elsewhere`() async throws {
        try await withTemporaryDirectory { folder in
            let long = folder.path + "/" + String(repeating: "l", count: 100)
            try FileManager.default.createDirectory(
                atPath: long, withIntermediateDirectories: false)
            let cluster = try PrivateCluster(folder: long, logger: Logger(label: "test.long"))
            defer {
                cluster.killImmediately()
                try? FileManager.default.removeItem(atPath: cluster.socketFolder)
            }
            #expect(!cluster.socketFolder.hasPrefix(folder.path))
            try await cluster.start()
            let pool = makePool(cluster)
            let rows5 = try await count(pool, "SELECT 5::int8 AS n")
            #expect(rows5 == 5)
            await pool.shutdown()
            let attributes = try FileManager.default.attributesOfItem(
                atPath: cluster.socketFolder)
            #expect(attributes[.posixPermissions] as? Int == 0o700)
        }
    }

    @Test func `a server ends with the object that started it`() async throws {
        try await withTemporaryDirectory { folder in
            let data = folder.path + "/cluster/data"
            func startAndForget() async throws {
                let cluster = try PrivateCluster(
                    folder: folder.path + "/cluster", logger: Logger(label: "test.forget"))
                try await cluster.start()
                #expect(FileManager.default.fileExists(atPath: data + "/postmaster.pid"))
            }
            try await startAndForget()
            try await eventually("the server ended") {
                !FileManager.default.fileExists(atPath: data + "/postmaster.pid")
            }
        }
    }
}
