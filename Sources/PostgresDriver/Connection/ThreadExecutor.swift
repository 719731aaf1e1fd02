import Dispatch
import Foundation
import Synchronization

/// Runs an actor on one thread of its own, so that blocking C calls never hold a thread of the
/// cooperative pool. The thread ends when the executor is released.
final class ThreadExecutor: SerialExecutor {
    private let queue = JobQueue()

    init(name: String) {
        let queue = queue
        let thread = Thread { queue.runUntilStopped() }
        thread.name = name
        thread.start()
    }

    deinit { queue.stop() }

    func enqueue(_ job: consuming ExecutorJob) {
        queue.append(JobQueue.Entry(job: UnownedJob(job), executor: self))
    }

    func asUnownedSerialExecutor() -> UnownedSerialExecutor {
        UnownedSerialExecutor(ordinary: self)
    }
}

private final class JobQueue: Sendable {
    /// Holds the executor, so that it outlives every job given to it.
    struct Entry {
        let job: UnownedJob
        let executor: ThreadExecutor
    }

    private struct State {
        var entries: [Entry] = []
        var isStopped = false
    }

    private enum Next {
        case run(Entry)
        case stop
    }

    private let state = Mutex(State())
    private let available = DispatchSemaphore(value: 0)

    func append(_ entry: sending Entry) {
        state.withLock { $0.entries.append(entry) }
        available.signal()
    }

    func stop() {
        state.withLock { $0.isStopped = true }
        available.signal()
    }

    func runUntilStopped() {
        while case .run(let entry) = next() {
            entry.job.runSynchronously(on: entry.executor.asUnownedSerialExecutor())
        }
    }

    private func next() -> Next {
        available.wait()
        return state.withLock { state in
            state.entries.isEmpty ? .stop : .run(state.entries.removeFirst())
        }
    }
}
