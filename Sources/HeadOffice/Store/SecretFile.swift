import Foundation

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// A file of key material: readable by its owner alone, written whole or not at all.
struct SecretFile {
    let path: String

    /// The file's bytes, made with `make` and stored durably when there is no file yet.
    ///
    /// - Refuses: `OfficeStartError.secretUnreadable` when the file is there but may be read by
    ///   others, or cannot be read, or when a new one cannot be written.
    func readOrMake(_ make: () throws -> Data) throws -> Data {
        if let found = try read() { return found }
        let made = try make()
        try write(made)
        return made
    }

    /// The file's bytes, or nil when there is no file.
    func read() throws -> Data? {
        let permissions: Int
        do {
            let attributes = try FileManager.default.attributesOfItem(atPath: path)
            permissions = attributes[.posixPermissions] as? Int ?? 0o777
        } catch CocoaError.fileReadNoSuchFile, CocoaError.fileNoSuchFile {
            return nil
        }
        guard permissions & 0o077 == 0 else {
            throw OfficeStartError.secretUnreadable(
                name: name, reason: "others may read it; set its mode to 0600")
        }
        guard let data = FileManager.default.contents(atPath: path) else {
            throw OfficeStartError.secretUnreadable(name: name, reason: "it cannot be read")
        }
        return data
    }

    /// Replaces the file: a new file is written, synced and moved over the old one.
    func write(_ data: Data, mode: mode_t = 0o600) throws {
        let scratch = path + ".new"
        unlink(scratch)
        let descriptor = open(scratch, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode)
        guard descriptor >= 0 else {
            throw OfficeStartError.secretUnreadable(name: name, reason: errorText)
        }
        var written = 0
        let ok = data.withUnsafeBytes { bytes in
            while written < bytes.count {
                let count = Glibc.write(
                    descriptor, bytes.baseAddress?.advanced(by: written), bytes.count - written)
                guard count > 0 else { return false }
                written += count
            }
            return true
        }
        let stored = ok && fsync(descriptor) == 0
        close(descriptor)
        guard stored, rename(scratch, path) == 0 else {
            throw OfficeStartError.secretUnreadable(name: name, reason: errorText)
        }
    }

    private var name: String { URL(fileURLWithPath: path).lastPathComponent }
    private var errorText: String { String(cString: strerror(errno)) }
}
