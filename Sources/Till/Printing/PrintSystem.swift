import Foundation

/// Hands slips to a queue of CUPS by its program `lp`, as raw bytes.
struct PrintSystem: Sendable {
    /// Folders that are looked in for `lp`.
    var folders = ["/usr/bin", "/usr/local/bin", "/bin"]

    /// Whether there is a print system at all.
    func begin() -> PrinterCondition { program == nil ? .queueMissing : .queued }

    /// Runs `lp`; what it took is the print system's from then on.
    func send(_ slip: [UInt8], to queue: String, limit: Duration) -> PrinterDialogue.Outcome {
        guard let program else { return .init(result: .notBegun, condition: .queueMissing) }
        // A file, not a pipe: a program that ends early must not end the till with a signal.
        let file = FileManager.default.temporaryDirectory
            .appending(path: "huiyika-slip-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: file) }
        let process = Process()
        process.executableURL = URL(filePath: program)
        process.arguments = ["-d", queue, "-o", "raw", file.path]
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        do {
            try Data(slip).write(to: file, options: .atomic)
            try FileManager.default.setAttributes(
                [.posixPermissions: 0o600], ofItemAtPath: file.path)
            try process.run()
        } catch {
            return .init(result: .notBegun, condition: .queueRefused)
        }
        let deadline = ContinuousClock.now + limit
        while process.isRunning {
            guard ContinuousClock.now < deadline else {
                process.terminate()
                return .init(result: .unknown, condition: .silent)
            }
            Thread.sleep(forTimeInterval: 0.02)
        }
        return process.terminationStatus == 0
            ? .init(result: .sent, condition: .queued)
            : .init(result: .notBegun, condition: .queueRefused)
    }

    private var program: String? {
        folders.map { $0 + "/lp" }.first { FileManager.default.isExecutableFile(atPath: $0) }
    }
}
