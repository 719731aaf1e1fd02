/// Runs work that commits money outside the request's own task.
///
/// Over HTTP/1.1 a client that closes its tab cancels the task of its request, and a database
/// write in a cancelled task rolls back. Work given to `run` goes on to its end whatever becomes
/// of the request; `drain` waits for it when the program stops.
public actor CommitTasks {
    private var runningCount = 0
    private var isDraining = false
    private var waiting: [CheckedContinuation<Void, Never>] = []

    /// Nothing running.
    public init() {}

    /// Runs the work to its end and returns what it returns.
    ///
    /// - Refuses: `.stopping` once `drain` was called; nothing was begun then.
    /// - Repetition: the work itself must be safe to repeat; a client that lost its answer asks
    ///   again.
    public func run<Value: Sendable>(
        _ work: @escaping @Sendable () async throws -> Value
    ) async throws -> Value {
        guard !isDraining else { throw RequestRefusal.stopping }
        runningCount += 1
        // Unstructured, so that cancelling the caller does not reach it.
        let task = Task { try await work() }
        let result = await task.result
        runningCount -= 1
        if runningCount == 0 {
            waiting.forEach { $0.resume() }
            waiting = []
        }
        return try result.get()
    }

    /// Refuses new work and waits until what is running has ended.
    public func drain() async {
        isDraining = true
        guard runningCount > 0 else { return }
        await withCheckedContinuation { waiting.append($0) }
    }
}
