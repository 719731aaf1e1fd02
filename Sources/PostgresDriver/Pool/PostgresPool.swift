public import Logging
public import ServiceLifecycle
import Synchronization

/// A bounded set of connections to one database, shared first come, first served.
///
/// - Shape: connections are made when first needed, so the pool works without `run()`; as a
///   service `run()` waits for the graceful shutdown and then shuts the pool down.
/// - Context: every connection has a thread of its own; callers only ever suspend.
public final class PostgresPool: Service, Sendable {
    private struct Waiter {
        let continuation: CheckedContinuation<Lease, any Error>
        var timer: Task<Void, Never>?
    }

    struct Lease: Sendable {
        let slot: PoolStateMachine.Slot
        let connection: PostgresConnection
    }

    private struct State {
        var machine: PoolStateMachine
        var connections: [PostgresConnection] = []
        var waiters: [PoolStateMachine.WaiterID: Waiter] = [:]
        var waiterCount: PoolStateMachine.WaiterID = 0
        var shutdowns: [CheckedContinuation<Void, Never>] = []
    }

    let configuration: PostgresConfiguration
    let logger: Logger
    private let state: Mutex<State>

    /// Makes a pool; opens nothing yet.
    public init(configuration: PostgresConfiguration, logger: Logger) {
        self.configuration = configuration
        self.logger = logger
        state = Mutex(
            State(
                machine: PoolStateMachine(
                    maximumConnections: configuration.maximumConnections,
                    maximumWaiters: configuration.maximumWaiters)))
    }

    /// Waits for the graceful shutdown or the task's cancellation, then shuts the pool down.
    public func run() async throws {
        try? await gracefulShutdown()
        await shutdown()
    }

    /// Refuses new work, waits for work under way, closes all connections.
    ///
    /// - Repetition: a second call waits for the same end.
    public func shutdown() async {
        await withCheckedContinuation { continuation in
            let steps = state.withLock { state in
                state.shutdowns.append(continuation)
                return state.machine.shutDown().map { Self.step($0, &state, self) }
            }
            for step in steps { step() }
        }
        for connection in state.withLock({ $0.connections }) { await connection.close() }
    }

    /// How many callers wait for a connection now.
    var waitingCount: Int { state.withLock { $0.machine.waiterCount } }

    /// Lends a connection to the body.
    func withConnection<Value>(
        _ body: (PostgresConnection) async throws -> Value
    ) async throws -> Value {
        let lease = try await acquire()
        defer { send { $0.connectionReturned(lease.slot) } }
        return try await body(lease.connection)
    }

    private func acquire() async throws -> Lease {
        let id = state.withLock { state in
            state.waiterCount += 1
            return state.waiterCount
        }
        return try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                let (action, step) = state.withLock { state in
                    state.waiters[id] = Waiter(continuation: continuation)
                    let action = state.machine.connectionWanted(id)
                    return (action, Self.step(action, &state, self))
                }
                step()
                guard action == .wait else { return }
                startTimer(for: id)
                // The cancellation handler may have run before there was anyone to find.
                if Task.isCancelled { send { $0.waiterGaveUp(id, .cancelled) } }
            }
        } onCancel: {
            send { $0.waiterGaveUp(id, .cancelled) }
        }
    }

    private func startTimer(for id: PoolStateMachine.WaiterID) {
        let timer = Task { [configuration, weak self] in
            try? await Task.sleep(for: configuration.acquireTimeout)
            if !Task.isCancelled { self?.send { $0.waiterGaveUp(id, .timedOut) } }
        }
        let isWaiting = state.withLock { state in
            guard state.waiters[id] != nil else { return false }
            state.waiters[id]?.timer = timer
            return true
        }
        if !isWaiting { timer.cancel() }
    }

    /// Gives the state machine an event and carries its action out.
    private func send(_ event: (inout PoolStateMachine) -> PoolStateMachine.Action) {
        let step = state.withLock { state in Self.step(event(&state.machine), &state, self) }
        step()
    }

    /// What remains to be done for an action once the lock is free.
    private static func step(
        _ action: PoolStateMachine.Action, _ state: inout State, _ pool: PostgresPool
    ) -> @Sendable () -> Void {
        switch action {
        case .none, .wait:
            return {}
        case .lease(let id, let slot, let isNew):
            if isNew {
                state.connections.append(
                    PostgresConnection(
                        name: "postgres-\(slot)", configuration: pool.configuration,
                        logger: pool.logger))
            }
            let waiter = state.waiters.removeValue(forKey: id)
            let lease = Lease(slot: slot, connection: state.connections[slot])
            return {
                waiter?.timer?.cancel()
                waiter?.continuation.resume(returning: lease)
            }
        case .fail(let id, let failure):
            let waiter = state.waiters.removeValue(forKey: id)
            return {
                waiter?.timer?.cancel()
                waiter?.continuation.resume(throwing: PostgresError(failure))
            }
        case .finishShutdown:
            let shutdowns = state.shutdowns
            state.shutdowns = []
            return { for continuation in shutdowns { continuation.resume() } }
        }
    }
}

extension PostgresError {
    fileprivate init(_ failure: PoolStateMachine.Failure) {
        switch failure {
        case .tooManyWaiters:
            self.init(.tooManyWaiters, "the queue for connections is full")
        case .timedOut:
            self.init(.acquireTimeout, "no connection came free in time")
        case .cancelled:
            self.init(.cancelled, "the task was cancelled while waiting for a connection")
        case .closed:
            self.init(.poolClosed, "the pool is shut down")
        }
    }
}
