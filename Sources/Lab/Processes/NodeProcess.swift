public import Foundation
import Glibc
import Synchronization

/// A program of the network under test: started, watched, ended by its id.
///
/// Its output goes to a log file, so that a failure can show what the program said.
public final class NodeProcess: Sendable {
    /// The name that log lines and messages use.
    public let name: String
    /// Where standard output and standard error go, appended over restarts.
    public let logFile: URL
    /// The process id.
    public let processID: pid_t

    /// Programs started here and not yet collected: only these may be signalled.
    private static let alive = Mutex<Set<pid_t>>([])

    private init(name: String, logFile: URL, processID: pid_t) {
        self.name = name
        self.logFile = logFile
        self.processID = processID
        Self.alive.withLock { _ = $0.insert(processID) }
    }

    /// Stops every program that was started here and still runs; for the end of the lab itself.
    public static func stopAll(within seconds: Int = 20) {
        for processID in alive.withLock({ $0 }) { Glibc.kill(processID, SIGTERM) }
        for _ in 0..<(seconds * 20) {
            if alive.withLock({ $0 }).allSatisfy({ collect($0, waiting: false) }) { return }
            usleep(50_000)
        }
        for processID in alive.withLock({ $0 }) {
            Glibc.kill(processID, SIGKILL)
            _ = collect(processID, waiting: true)
        }
    }

    /// Whether the process has ended; then its number is given back to the system.
    private static func collect(_ processID: pid_t, waiting: Bool) -> Bool {
        alive.withLock { alive in
            guard alive.contains(processID) else { return true }
            var status: Int32 = 0
            guard waitpid(processID, &status, waiting ? 0 : WNOHANG) != 0 else { return false }
            alive.remove(processID)
            return true
        }
    }

    /// Starts a program in its own process group, with nothing on standard input.
    ///
    /// - Shape: `arguments` without the program's own name; `environment` replaces names in the inherited one.
    /// - Refuses: `LabError` when the program cannot be started.
    public static func start(
        _ name: String, program: String, arguments: [String], environment: [String: String] = [:],
        logFile: URL
    ) throws -> NodeProcess {
        let processID = try spawn(
            name, program, arguments, environment, output: logFile, errors: nil)
        return NodeProcess(name: name, logFile: logFile, processID: processID)
    }

    /// Whether the process still runs; collects it when it has ended.
    public var isRunning: Bool { !Self.collect(processID, waiting: false) }

    /// Ends the process at once, as a power cut of the program would, and waits for it.
    public func kill() {
        guard isRunning else { return }
        Glibc.kill(processID, SIGKILL)
        _ = Self.collect(processID, waiting: true)
    }

    /// Asks the process to stop and waits; after `seconds` it is killed.
    ///
    /// - Shape: returns true when it stopped by itself.
    @discardableResult
    public func stop(within seconds: Int = 20) -> Bool {
        if isRunning { Glibc.kill(processID, SIGTERM) }
        for _ in 0..<(seconds * 20) {
            if !isRunning { return true }
            usleep(50_000)
        }
        kill()
        return false
    }

    /// The last lines of the log, for messages about a failure.
    public func lastLines(_ count: Int = 20) -> String {
        let text = (try? String(contentsOf: logFile, encoding: .utf8)) ?? ""
        return text.split(separator: "\n").suffix(count).joined(separator: "\n")
    }

    /// Runs a program to its end and returns its standard output.
    ///
    /// - Refuses: `LabError` with the end of its output when it exits with another status than `expecting`.
    @discardableResult
    public static func run(
        _ program: String, _ arguments: [String], environment: [String: String] = [:],
        expecting: Int32 = 0
    ) throws -> String {
        let folder = FileManager.default.temporaryDirectory
            .appending(path: "huiyika-lab-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let (output, errors) = (folder.appending(path: "output"), folder.appending(path: "errors"))
        let processID = try spawn(
            program, program, arguments, environment, output: output, errors: errors)
        var status: Int32 = 0
        while waitpid(processID, &status, 0) < 0, errno == EINTR {}
        let text = String(decoding: try Data(contentsOf: output), as: UTF8.self)
        let exitCode = status & 0x7F == 0 ? status >> 8 & 0xFF : -(status & 0x7F)
        guard exitCode == expecting else {
            let said = (try? String(contentsOf: errors, encoding: .utf8)) ?? ""
            throw LabError(
                "\(program) \(arguments.prefix(3).joined(separator: " ")) ended with "
                    + "\(exitCode), not \(expecting): \(text.suffix(1500))\(said.suffix(1500))"
            )
        }
        return text
    }

    /// Starts a program in its own process group, with nothing on standard input and no signal blocked or ignored:
    /// what this program's threads block would reach it otherwise, and pgbench waits for its alarm for ever.
    private static func spawn(
        _ name: String, _ program: String, _ arguments: [String], _ environment: [String: String],
        output: URL, errors: URL?
    ) throws -> pid_t {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0)
        let append = O_WRONLY | O_CREAT | O_APPEND
        posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, output.path, append, 0o600)
        if let errors {
            posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, errors.path, append, 0o600)
        } else {
            posix_spawn_file_actions_adddup2(&actions, STDOUT_FILENO, STDERR_FILENO)
        }
        keepOpenFilesToThisProgram()

        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        var defaults = sigset_t()
        sigemptyset(&defaults)
        posix_spawnattr_setsigmask(&attributes, &defaults)
        for signal in [SIGINT, SIGTERM, SIGPIPE] { sigaddset(&defaults, signal) }
        posix_spawnattr_setsigdefault(&attributes, &defaults)
        posix_spawnattr_setflags(
            &attributes,
            Int16(POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK))

        let merged = ProcessInfo.processInfo.environment.merging(environment) { $1 }
        var processID = pid_t()
        let status = withCStrings([program] + arguments) { argv in
            withCStrings(merged.map { "\($0.key)=\($0.value)" }) { environ in
                posix_spawnp(&processID, program, &actions, &attributes, argv, environ)
            }
        }
        guard status == 0 else {
            throw LabError("\(name): cannot start \(program): \(String(cString: strerror(status)))")
        }
        return processID
    }

    /// A socket of this program that lived on in the started one would never seem closed to its peer.
    private static func keepOpenFilesToThisProgram() {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd")) ?? []
        for descriptor in names.compactMap({ Int32($0) }) where descriptor > STDERR_FILENO {
            _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
        }
    }
}

/// Something the lab expected of the network and did not see.
public struct LabError: Error, CustomStringConvertible {
    /// What was expected and what was seen.
    public let description: String

    /// Says what was expected and what was seen.
    public init(_ description: String) {
        self.description = description
    }
}

private func withCStrings<Result>(
    _ strings: [String], _ body: ([UnsafeMutablePointer<CChar>?]) -> Result
) -> Result {
    let copies = strings.map { strdup($0) }
    defer { copies.forEach { free($0) } }
    return body(copies + [nil])
}
