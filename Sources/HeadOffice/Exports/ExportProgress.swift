import Synchronization

/// How far a file is, and whether it is still wanted; shared between who writes and who watches.
public final class ExportProgress: Sendable {
    private struct State {
        var rowCount: Int64 = 0
        var isStopped = false
    }

    private let state = Mutex(State())

    /// At the beginning.
    public init() {}

    /// Lines written so far.
    var rowCount: Int64 { state.withLock(\.rowCount) }

    /// Whether writing is to end.
    var isStopped: Bool { state.withLock(\.isStopped) }

    /// Ends the writing at the next lines.
    func stop() { state.withLock { $0.isStopped = true } }

    /// Counts lines that were written.
    ///
    /// - Refuses: `FinanceRefusal.exportStopped` after `stop`.
    func add(_ lines: Int) throws {
        let isStopped = state.withLock { state in
            state.rowCount += Int64(lines)
            return state.isStopped
        }
        if isStopped { throw FinanceRefusal.exportStopped }
    }
}
