import Foundation
import Testing

/// The frozen examples of the wire: never edited, only added to.
enum Frozen {
    private static let folder = "Fixtures/wire/v1"

    /// The bytes of an example. With `FREEZE_WIRE=1` in the environment an example that does not
    /// exist yet is written from `fresh` into the sources; one that exists is never written.
    static func bytes(_ name: String, fresh: @autoclosure () -> [UInt8]) throws -> [UInt8] {
        if ProcessInfo.processInfo.environment["FREEZE_WIRE"] == "1" {
            let source = URL(filePath: #filePath).deletingLastPathComponent()
                .appending(path: folder).appending(path: name)
            if !FileManager.default.fileExists(atPath: source.path) {
                try Data(fresh()).write(to: source)
            }
            return Array(try Data(contentsOf: source))
        }
        let url = try #require(
            Bundle.module.resourceURL?.appending(path: folder).appending(path: name))
        return Array(try Data(contentsOf: url))
    }

    /// A text example.
    static func text(_ name: String, fresh: @autoclosure () -> String) throws -> String {
        String(decoding: try bytes(name, fresh: Array(fresh().utf8)), as: UTF8.self)
    }
}
