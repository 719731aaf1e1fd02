import Foundation

/// The checkout the tests were built from.
enum Repository {
    static let root = URL(filePath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

    /// Runs a program in the checkout and returns what it printed; throws on a non-zero exit.
    static func output(of program: String, _ arguments: [String]) throws -> Data {
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = [program] + arguments
        process.currentDirectoryURL = root
        let pipe = Pipe()
        process.standardOutput = pipe
        process.standardError = FileHandle.nullDevice
        try process.run()
        let data = try pipe.fileHandleForReading.readToEnd() ?? Data()
        process.waitUntilExit()
        guard process.terminationStatus == 0 else {
            throw ProgramFailed(program: program, status: process.terminationStatus)
        }
        return data
    }

    /// Paths of the files git tracks or would track below a folder, relative to the checkout.
    static func files(under folder: String, suffix: String) throws -> [String] {
        let listing = try output(
            of: "git", ["ls-files", "--cached", "--others", "--exclude-standard", "--", folder])
        return String(decoding: listing, as: UTF8.self)
            .split(separator: "\n").map(String.init)
            .filter { $0.hasSuffix(suffix) }
            .filter { FileManager.default.fileExists(atPath: root.appending(path: $0).path) }
    }

    static func text(_ path: String) throws -> String {
        try String(contentsOf: root.appending(path: path), encoding: .utf8)
    }
}

struct ProgramFailed: Error {
    let program: String
    let status: Int32
}
