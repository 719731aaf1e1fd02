import Foundation

/// Where PostgreSQL's programs are.
struct ServerPrograms {
    let postgres: String
    let initdb: String

    static let majorVersionMin = 15

    /// The programs of the version that made the data folder; for a new one the highest installed.
    static func find(dataFolder: String) throws -> ServerPrograms {
        let made = FileManager.default.contents(atPath: dataFolder + "/PG_VERSION")
            .flatMap { Int(String(decoding: $0, as: UTF8.self).filter(\.isNumber)) }
        let root = "/usr/lib/postgresql"
        let installed = (try? FileManager.default.contentsOfDirectory(atPath: root)) ?? []
        let versions = installed.compactMap(Int.init).sorted(by: >)
        let inPath = ProcessInfo.processInfo.environment["PATH"]?.split(separator: ":") ?? []
        let candidates =
            versions.filter { version in made.map { $0 == version } ?? (version >= majorVersionMin)
            }
            .map { "\(root)/\($0)/bin" } + inPath.map(String.init)
        for folder in candidates {
            let programs = ServerPrograms(
                postgres: folder + "/postgres", initdb: folder + "/initdb")
            if access(programs.postgres, X_OK) == 0, access(programs.initdb, X_OK) == 0 {
                return programs
            }
        }
        let wanted = made.map { "\($0)" } ?? "\(majorVersionMin) or later"
        throw PostgresError(.cluster, "PostgreSQL \(wanted) is not installed")
    }
}

/// The user the server runs as.
struct ServerAccount: Sendable {
    let name: String
    let userID: uid_t
    let groupID: gid_t
    private let mustChangeUser: Bool

    static func current() throws -> ServerAccount {
        let isRoot = geteuid() == 0
        guard let entry = isRoot ? getpwnam("postgres") : getpwuid(geteuid()),
            let name = entry.pointee.pw_name
        else {
            throw PostgresError(.cluster, "there is no user for PostgreSQL to run as")
        }
        return ServerAccount(
            name: String(cString: name), userID: entry.pointee.pw_uid,
            groupID: entry.pointee.pw_gid, mustChangeUser: isRoot)
    }

    /// A program to be run as this user. `setpriv` becomes the program, so that it is a direct
    /// child, and can have the kernel signal it when its parent ends.
    func process(
        _ program: String, _ arguments: [String], endsWithParent: Bool = false,
        logFile: String? = nil
    ) throws -> Process {
        guard access("/usr/bin/setpriv", X_OK) == 0 else {
            throw PostgresError(.cluster, "setpriv (util-linux) is not installed")
        }
        var words: [String] = []
        if mustChangeUser {
            words += ["--reuid=\(userID)", "--regid=\(groupID)", "--init-groups"]
        }
        if endsWithParent { words += ["--pdeathsig", "INT"] }
        let process = Process()
        process.executableURL = URL(
            fileURLWithPath: words.isEmpty ? program : "/usr/bin/setpriv")
        process.arguments = (words.isEmpty ? [] : words + ["--", program]) + arguments
        process.environment = ["PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8"]
        process.currentDirectoryURL = URL(fileURLWithPath: "/")
        process.standardInput = FileHandle.nullDevice
        if let logFile {
            let descriptor = open(logFile, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o600)
            guard descriptor >= 0 else {
                throw PostgresError(.cluster, "\(logFile) cannot be written")
            }
            let handle = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
            process.standardOutput = handle
            process.standardError = handle
        }
        return process
    }

    func run(_ process: Process) throws -> Int32 {
        do {
            try process.run()
        } catch {
            throw PostgresError(.cluster, "a program could not be started", cause: error)
        }
        process.waitUntilExit()
        return process.terminationStatus
    }
}
