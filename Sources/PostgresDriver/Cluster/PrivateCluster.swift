import CLibPQ
import Foundation
public import Logging
import Synchronization

/// A PostgreSQL server of one's own in a folder, reached by a Unix socket only.
///
/// - Shape: `folder` holds `data`, `server.log` and, when its path is short enough for a socket
///   (107 bytes with the name), `socket`; otherwise the socket stands in the system's folder for
///   temporary files under a name made from the path. The socket's folder has mode 0700, which is
///   the server's only door: behind it every user is trusted. Connections name the owner they
///   expect (`requirepeer`), so that nobody else's server can stand in.
/// - Rules: PostgreSQL refuses to run as root. Started by root, its programs run as the user
///   `postgres`, who gets `folder`; every folder above must let that user through. Needs
///   PostgreSQL 15 or later and `setpriv` (util-linux).
/// - Context: the server is a direct child. When this process dies, whatever the reason, the
///   kernel sends the server SIGINT and it shuts down fast; likewise when this object is released.
///   The work runs on the object's own thread.
public actor PrivateCluster {
    let folder: String
    let settings: [String: String]
    let logger: Logger
    let account: ServerAccount
    /// Where the socket is.
    public nonisolated let socketFolder: String
    private nonisolated let executor = ThreadExecutor(name: "private-cluster")
    private nonisolated let runningPID = Mutex<pid_t?>(nil)
    /// Whether this object launched the server that runs; false for one it found running.
    public private(set) var hasLaunched = false
    /// Whether a server was started and not stopped since.
    private var isWanted = false

    /// The object's own thread. The kernel ties the server's life to the thread that started it.
    public nonisolated var unownedExecutor: UnownedSerialExecutor {
        executor.asUnownedSerialExecutor()
    }

    /// Names a cluster; touches nothing yet.
    ///
    /// - Shape: `folder` is absolute or relative to the working folder; `settings` are server
    ///   settings by name, such as `["max_connections": "50"]`.
    /// - Refuses: `.cluster` when root starts it and there is no user `postgres`.
    public init(
        folder: String, settings: [String: String] = [:], logger: Logger
    ) throws {
        self.folder = URL(fileURLWithPath: folder).standardizedFileURL.path
        self.settings = settings
        self.logger = logger
        account = try ServerAccount.current()
        socketFolder = Self.socketFolder(for: self.folder)
    }

    nonisolated var dataFolder: String { folder + "/data" }
    nonisolated var logFile: String { folder + "/server.log" }

    /// Where to connect, as the cluster's superuser.
    public nonisolated func connectionString(database: String = "postgres") -> String {
        let pairs = [
            ("host", socketFolder), ("port", "5432"), ("user", "postgres"),
            ("requirepeer", account.name), ("dbname", database),
        ]
        return pairs.map { "\($0.0)=\(PostgresConfiguration.quoted($0.1))" }
            .joined(separator: " ")
    }

    /// Makes the cluster if there is none, starts the server, and waits until it answers.
    ///
    /// - Refuses: `.cluster`, with the server's log in the detail, when a program is missing, the
    ///   folder cannot be used, or the server does not answer within `timeout`.
    /// - Repetition: a server that runs on this folder already, from here or from elsewhere, is
    ///   used as it is. What a crashed one left behind is cleared away.
    public func start(timeout: Duration = .seconds(60)) throws {
        let deadline = ContinuousClock.now + timeout
        try prepareFolders()
        let programs = try ServerPrograms.find(dataFolder: dataFolder)
        try makeClusterIfAbsent(programs)
        while true {
            let found = try adoptRunningServer()
            let process = try found ?? launch(programs)
            hasLaunched = found == nil
            if try waitUntilReady(process, deadline: deadline) { break }
        }
        isWanted = true
        logger.info(
            "private PostgreSQL is ready",
            metadata: ["postgres.socket": "\(socketFolder)"])
    }

    /// Starts the server again when it has ended without being asked to.
    ///
    /// - Shape: true when it had ended and runs again now.
    /// - Refuses: what ``start(timeout:)`` refuses; the next call tries again.
    public func restartIfGone() throws -> Bool {
        let pid = runningPID.withLock { $0 }
        guard isWanted, pid.map({ !ServerProcess(pid: $0).isRunning }) ?? true else {
            return false
        }
        logger.critical("the private PostgreSQL has ended; it is started again")
        try start()
        return true
    }

    /// Shuts the server down: running transactions are rolled back, everything committed is kept.
    ///
    /// - Repetition: nothing happens when it does not run.
    public func stop(timeout: Duration = .seconds(60)) throws {
        isWanted = false
        guard let pid = runningPID.withLock({ $0 }) else { return }
        kill(pid, SIGINT)
        guard ServerProcess(pid: pid).waitUntilGone(timeout: timeout) else {
            throw PostgresError(.cluster, "the server did not stop within \(timeout)")
        }
        runningPID.withLock { $0 = nil }
    }

    /// Kills the server and everything it started, as a power failure would. For tests and for
    /// the end of a process.
    ///
    /// - Context: blocks for a moment; may be called from anywhere.
    public nonisolated func killImmediately() {
        runningPID.withLock { running in
            guard let pid = running else { return }
            ServerProcess(pid: pid).killWithChildren()
            running = nil
        }
    }

    /// The server that runs on this folder, if one does.
    private func adoptRunningServer() throws -> ServerProcess? {
        let pidFile = dataFolder + "/postmaster.pid"
        guard let process = ServerProcess(pidFile: pidFile, dataFolder: dataFolder) else {
            // Of a crashed server; its number may belong to another program by now, which would
            // keep the new server from starting.
            if unlink(pidFile) == 0 {
                logger.notice("left-over postmaster.pid removed")
            }
            return nil
        }
        return process
    }

    private func launch(_ programs: ServerPrograms) throws -> ServerProcess {
        var arguments = ["-D", dataFolder]
        var all = Self.fixedSettings
        all["unix_socket_directories"] = socketFolder
        all.merge(settings) { _, given in given }
        for (name, value) in all.sorted(by: { $0.key < $1.key }) {
            arguments += ["-c", "\(name)=\(value)"]
        }
        let process = try account.process(
            programs.postgres, arguments, endsWithParent: true, logFile: logFile)
        do {
            try process.run()
        } catch {
            throw PostgresError(.cluster, "the server could not be started", cause: error)
        }
        return ServerProcess(pid: process.processIdentifier)
    }

    private static let fixedSettings = [
        "listen_addresses": "",
        "port": "5432",
        "unix_socket_permissions": "0700",
        "lc_messages": "C",
        // The details of errors quote rows.
        "log_error_verbosity": "terse",
        "log_min_error_statement": "panic",
    ]

    /// True when it answers, false when it was an old one that has ended meanwhile.
    private func waitUntilReady(
        _ process: ServerProcess, deadline: ContinuousClock.Instant
    ) throws -> Bool {
        runningPID.withLock { $0 = process.pid }
        while ContinuousClock.now < deadline {
            if PQping(connectionString()) == PQPING_OK { return true }
            guard process.isRunning else {
                runningPID.withLock { $0 = nil }
                if process.isAdopted { return false }
                throw failure("the server ended at once")
            }
            Thread.sleep(forTimeInterval: 0.02)
        }
        throw failure("the server did not answer in time")
    }

    func failure(_ message: String) -> PostgresError {
        var error = PostgresError(.cluster, message)
        if let log = FileManager.default.contents(atPath: logFile) {
            error.detail = String(decoding: log.suffix(4_000), as: UTF8.self)
        }
        return error
    }
}
