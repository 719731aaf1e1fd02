public import Foundation
import Synchronization

/// Folders of this process under the system's folder for temporary files.
enum TestFolder {
    private static let prefix = "huiyika-test-"
    private static let count = Mutex(0)

    private static var root: URL {
        FileManager.default.temporaryDirectory.appendingPathComponent("\(prefix)\(getpid())")
    }

    /// A path inside this process's folder, which is removed when the process ends.
    static func path(of name: String) -> String {
        // The server's own user must be let through, and nobody else may list what is inside.
        if mkdir(root.path, 0o711) == 0 {
            atExit { try? FileManager.default.removeItem(at: root) }
        }
        return root.appendingPathComponent(name).path
    }

    static func makeFolder() throws -> URL {
        let number = count.withLock { count in
            count += 1
            return count
        }
        let url = URL(fileURLWithPath: path(of: "folder-\(number)"), isDirectory: true)
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: false)
        return url
    }

    /// Removes what processes that are gone could not remove themselves. Their servers ended with
    /// them.
    static func removeLeftOvers() {
        let parent = FileManager.default.temporaryDirectory
        let names = (try? FileManager.default.contentsOfDirectory(atPath: parent.path)) ?? []
        for name in names where name.hasPrefix(prefix) {
            guard let pid = pid_t(name.dropFirst(prefix.count)), kill(pid, 0) != 0, errno == ESRCH
            else { continue }
            try? FileManager.default.removeItem(at: parent.appendingPathComponent(name))
        }
    }
}

/// An empty folder for the rest of this process, which is gone at its end.
public func makeTemporaryDirectory() throws -> URL { try TestFolder.makeFolder() }

/// Gives the body an empty folder, which is gone afterwards.
public func withTemporaryDirectory<Value>(
    _ body: (URL) async throws -> Value
) async throws -> Value {
    let url = try TestFolder.makeFolder()
    defer { try? FileManager.default.removeItem(at: url) }
    return try await body(url)
}

private let exitActions = Mutex<[@Sendable () -> Void]>([])

/// Runs the action when the process ends by itself, the latest first.
public func atExit(_ action: @escaping @Sendable () -> Void) {
    let isFirst = exitActions.withLock { actions in
        actions.append(action)
        return actions.count == 1
    }
    guard isFirst else { return }
    atexit {
        let actions = exitActions.withLock { $0 }
        for action in actions.reversed() { action() }
    }
}
