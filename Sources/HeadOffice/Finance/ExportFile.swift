import Crypto
import Foundation

/// A file that is hashed while it is written.
final class ExportFile {
    private let handle: FileHandle
    private var hash = SHA256()

    init(path: String) throws {
        guard FileManager.default.createFile(atPath: path, contents: nil),
            let handle = FileHandle(forWritingAtPath: path)
        else { throw FinanceRefusal.fileNotWritten }
        self.handle = handle
    }

    func append(_ bytes: [UInt8]) throws {
        let data = Data(bytes)
        hash.update(data: data)
        try handle.write(contentsOf: data)
    }

    /// The hash in hex, once the file is on disk.
    func finish() throws -> String {
        try handle.synchronize()
        try handle.close()
        return hash.finalize().hexText
    }

}

/// Files that were exported.
public enum ExportFiles {
    /// The SHA-256 of a file that is there, hex.
    ///
    /// - Refuses: `.fileUnreadable`.
    public static func sha256(ofFile path: String) throws -> String {
        guard let handle = FileHandle(forReadingAtPath: path) else {
            throw FinanceRefusal.fileUnreadable
        }
        defer { try? handle.close() }
        var hash = SHA256()
        while let chunk = try handle.read(upToCount: 1 << 20), !chunk.isEmpty {
            hash.update(data: chunk)
        }
        return hash.finalize().hexText
    }
}

extension SHA256.Digest {
    /// Lower-case hex.
    var hexText: String {
        map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }
}

extension [UInt8] {
    /// Each line end as CR LF. The rows hold no line ends inside their fields.
    var withCarriageReturns: [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(count + count / 32)
        for byte in self {
            if byte == 0x0A { bytes.append(0x0D) }
            bytes.append(byte)
        }
        return bytes
    }
}
