import Foundation

/// The one folder a till writes to: its database, its keys, its lock.
struct DataFolder: Sendable {
    let url: URL

    var databasePath: String { url.appending(path: "till.sqlite").path }
    var lockPath: String { url.appending(path: "till.lock").path }
    var secretsPath: String { url.appending(path: "till.secrets").path }
    var watermarkPath: String { url.appending(path: "till.watermark").path }
    var authorityPath: String { url.appending(path: "office-ca.pem").path }

    init(path: String) throws {
        url = URL(filePath: path, directoryHint: .isDirectory)
        try FileManager.default.createDirectory(
            at: url, withIntermediateDirectories: true,
            attributes: [.posixPermissions: 0o700])
    }

    /// Room left for this process on the folder's disk, in bytes.
    func freeByteCount() throws -> Int64 {
        var answer = statvfs()
        guard statvfs(url.path, &answer) == 0 else {
            throw TillStoreError(.unavailable, "the data folder's disk does not answer")
        }
        return Int64(answer.f_bavail) * Int64(answer.f_frsize)
    }

    /// Makes an empty file that only its owner reads, unless the file is there already.
    func createPrivateFile(at path: String) throws {
        let descriptor = open(path, O_CREAT | O_RDWR | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else {
            throw TillStoreError(.unavailable, "a file in the data folder cannot be made")
        }
        defer { close(descriptor) }
        guard fchmod(descriptor, 0o600) == 0 else {
            throw TillStoreError(.unavailable, "a file in the data folder cannot be protected")
        }
    }

    /// Writes a private file so that a power cut leaves the old one or the new one, never half.
    func replacePrivateFile(at path: String, with content: Data) throws {
        let draft = path + ".new"
        try? FileManager.default.removeItem(atPath: draft)
        try createPrivateFile(at: draft)
        let handle = try FileHandle(forWritingTo: URL(filePath: draft))
        try handle.write(contentsOf: content)
        try handle.synchronize()
        try handle.close()
        guard rename(draft, path) == 0 else {
            throw TillStoreError(.unavailable, "a file in the data folder cannot be replaced")
        }
        let folder = open(url.path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        if folder >= 0 {
            fsync(folder)
            close(folder)
        }
    }
}

/// Holds the data folder for this process; a second process is refused.
final class DataFolderLock: Sendable {
    private let descriptor: Int32

    init(_ folder: DataFolder) throws {
        try folder.createPrivateFile(at: folder.lockPath)
        descriptor = open(folder.lockPath, O_RDWR | O_CLOEXEC)
        guard descriptor >= 0 else {
            throw TillStoreError(.unavailable, "the lock file cannot be opened")
        }
        // From here on `deinit` closes the descriptor, also when this initialiser throws. Closing it here too would
        // close whatever file got the same number in between: another thread's database, say.
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            throw TillStoreError(
                .dataFileInUse, "another huiyika-till works with this data folder")
        }
    }

    /// Lets another process have the folder.
    func release() { flock(descriptor, LOCK_UN) }

    deinit { close(descriptor) }
}

extension String {
    /// The size of the file at this path; 0 when there is none.
    func fileByteCount() -> Int64 {
        let attributes = try? FileManager.default.attributesOfItem(atPath: self)
        return (attributes?[.size] as? NSNumber)?.int64Value ?? 0
    }
}
