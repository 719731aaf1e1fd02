import Foundation

/// A running server, seen through `/proc`.
struct ServerProcess {
    let pid: pid_t
    /// Whether it was found running instead of started here.
    let isAdopted: Bool

    init(pid: pid_t) {
        self.pid = pid
        isAdopted = false
    }

    /// The live server that a `postmaster.pid` names, if it serves that data folder.
    init?(pidFile: String, dataFolder: String) {
        guard let content = FileManager.default.contents(atPath: pidFile),
            let line = content.split(separator: UInt8(ascii: "\n")).first,
            let pid = pid_t(String(decoding: line, as: UTF8.self)),
            let commandLine = FileManager.default.contents(atPath: "/proc/\(pid)/cmdline")
        else { return nil }
        let words = commandLine.split(separator: 0).map { String(decoding: $0, as: UTF8.self) }
        guard words.contains(dataFolder), words.first?.hasSuffix("postgres") ?? false else {
            return nil
        }
        self.pid = pid
        isAdopted = true
        guard isRunning else { return nil }
    }

    /// Whether the process exists and has not ended; one that waits to be collected has ended.
    var isRunning: Bool { Self.status(of: pid).map { $0.state != "Z" } ?? false }

    func waitUntilGone(timeout: Duration) -> Bool {
        let deadline = ContinuousClock.now + timeout
        while isRunning {
            guard ContinuousClock.now < deadline else { return false }
            Thread.sleep(forTimeInterval: 0.005)
        }
        return true
    }

    /// Kills the server first, so that it cannot replace the children killed next.
    func killWithChildren() {
        kill(pid, SIGSTOP)
        let children = Self.children(of: pid)
        kill(pid, SIGKILL)
        for child in children { kill(child, SIGKILL) }
        for gone in [pid] + children {
            _ = ServerProcess(pid: gone).waitUntilGone(timeout: .seconds(10))
        }
    }

    private static func children(of parent: pid_t) -> [pid_t] {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
        return names.compactMap { pid_t($0) }.filter { status(of: $0)?.parent == parent }
    }

    private static func status(of pid: pid_t) -> (state: String, parent: pid_t)? {
        guard let content = FileManager.default.contents(atPath: "/proc/\(pid)/stat") else {
            return nil
        }
        // The program's name stands in brackets and may hold anything; what follows does not.
        let text = String(decoding: content, as: UTF8.self)
        guard let bracket = text.lastIndex(of: ")") else { return nil }
        let fields = text[text.index(after: bracket)...].split(separator: " ")
        guard fields.count > 1, let parent = pid_t(fields[1]) else { return nil }
        return (String(fields[0]), parent)
    }
}
