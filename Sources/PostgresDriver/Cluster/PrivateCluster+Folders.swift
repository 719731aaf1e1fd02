import Foundation

extension PrivateCluster {
    /// The longest path of a Unix socket, without its final zero.
    private static let socketPathBytesMax = 107

    static func socketFolder(for folder: String) -> String {
        let inside = folder + "/socket"
        if (inside + "/.s.PGSQL.5432").utf8.count <= socketPathBytesMax { return inside }
        // FNV-1a: the same folder has the same name in every process.
        let hash = folder.utf8.reduce(UInt64(0xCBF2_9CE4_8422_2325)) { hash, byte in
            (hash ^ UInt64(byte)) &* 0x100_0000_01B3
        }
        return FileManager.default.temporaryDirectory.path + "/huiyika-pg-"
            + String(hash, radix: 36)
    }

    func prepareFolders() throws {
        try makePrivateFolder(folder)
        try makePrivateFolder(socketFolder)
        let test = try account.process("/usr/bin/test", ["-w", folder])
        guard try account.run(test) == 0 else {
            throw PostgresError(
                .cluster,
                "\(folder) cannot be reached by the user \(account.name): "
                    + "a folder above it does not let that user through")
        }
        let attributes = try? FileManager.default.attributesOfItem(atPath: logFile)
        if let size = attributes?[.size] as? Int, size > Self.logBytesMax {
            rename(logFile, logFile + ".1")
        }
    }

    /// A log longer than this is set aside at the next start; the one before it is overwritten.
    private static let logBytesMax = 8 * 1024 * 1024

    /// A folder that only the server's user may enter. One of another owner is not touched.
    private func makePrivateFolder(_ path: String) throws {
        if mkdir(path, 0o700) != 0, errno == ENOENT {
            let parent = URL(fileURLWithPath: path).deletingLastPathComponent()
            try FileManager.default.createDirectory(
                at: parent, withIntermediateDirectories: true)
            mkdir(path, 0o700)
        }
        var status = stat()
        guard lstat(path, &status) == 0, status.st_mode & S_IFMT == S_IFDIR else {
            throw PostgresError(.cluster, "\(path) is not a folder")
        }
        guard status.st_uid == account.userID || status.st_uid == geteuid() else {
            throw PostgresError(.cluster, "\(path) belongs to another user")
        }
        guard chown(path, account.userID, account.groupID) == 0, chmod(path, 0o700) == 0 else {
            throw PostgresError(.cluster, "\(path) cannot be given to \(account.name)")
        }
    }

    /// Makes the cluster beside its place first, so that a start cut short leaves nothing that
    /// looks like a cluster.
    func makeClusterIfAbsent(_ programs: ServerPrograms) throws {
        guard access(dataFolder + "/PG_VERSION", F_OK) != 0 else { return }
        let unfinished = folder + "/data.unfinished"
        try? FileManager.default.removeItem(atPath: unfinished)
        let process = try account.process(
            programs.initdb,
            [
                "-D", unfinished, "--username=postgres", "--encoding=UTF8", "--locale=C.UTF-8",
                "--data-checksums", "--auth-local=trust", "--auth-host=reject",
            ], logFile: logFile)
        guard try account.run(process) == 0 else { throw failure("initdb failed") }
        guard rename(unfinished, dataFolder) == 0 else {
            throw PostgresError(.cluster, "\(dataFolder) is in the way")
        }
    }
}
