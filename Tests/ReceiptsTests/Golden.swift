import Foundation
import Testing

/// Files of bytes in hex, 32 a row, or of pictures in signs, that a change of a slip has to be compared with
/// by eye.
///
/// With `RECORD_GOLDENS=1` in the environment they are written anew.
enum Golden {
    static func expect(_ bytes: [UInt8], _ name: String) throws {
        let rows = stride(from: 0, to: bytes.count, by: 32).map { start in
            bytes[start..<min(start + 32, bytes.count)].map { byte in
                String(byte >> 4, radix: 16) + String(byte & 15, radix: 16)
            }.joined(separator: " ")
        }
        try expect(text: rows.joined(separator: "\n") + "\n", name)
    }

    static func expect(text: String, _ name: String) throws {
        if ProcessInfo.processInfo.environment["RECORD_GOLDENS"] == "1" {
            let file = URL(filePath: #filePath).deletingLastPathComponent()
                .appending(path: "Fixtures/\(name)")
            try FileManager.default.createDirectory(
                at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
            try Data(text.utf8).write(to: file)
            return
        }
        let url = try #require(
            Bundle.module.url(forResource: "Fixtures/\(name)", withExtension: nil))
        #expect(try String(contentsOf: url, encoding: .utf8) == text, "\(name)")
    }
}
