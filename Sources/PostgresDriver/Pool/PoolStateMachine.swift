/// Decides who gets which connection. A value: an event in, actions out; the pool carries them
/// out. Waiters are served in the order they came; of the idle connections the one used last goes
/// first, so that rarely needed ones stay closed or idle.
struct PoolStateMachine {
    typealias WaiterID = UInt64
    /// A place for a connection, from 0 to `maximumConnections` - 1.
    typealias Slot = Int

    enum Action: Equatable {
        case none
        /// Give the waiter the connection; `isNew` when the place is used for the first time.
        case lease(WaiterID, Slot, isNew: Bool)
        case wait
        case fail(WaiterID, Failure)
        /// All connections are back: close them and tell those who shut the pool down.
        case finishShutdown
    }

    enum Failure: Equatable {
        case tooManyWaiters
        case timedOut
        case cancelled
        case closed
    }

    private let maximumConnections: Int
    private let maximumWaiters: Int
    private var openedCount = 0
    private var idle: [Slot] = []
    private var leased: Set<Slot> = []
    private var waiters: [WaiterID] = []
    private(set) var isShutDown = false

    init(maximumConnections: Int, maximumWaiters: Int) {
        self.maximumConnections = maximumConnections
        self.maximumWaiters = maximumWaiters
    }

    var leasedCount: Int { leased.count }
    var waiterCount: Int { waiters.count }

    mutating func connectionWanted(_ waiter: WaiterID) -> Action {
        guard !isShutDown else { return .fail(waiter, .closed) }
        if let slot = idle.popLast() {
            leased.insert(slot)
            return .lease(waiter, slot, isNew: false)
        }
        if openedCount < maximumConnections {
            let slot = openedCount
            openedCount += 1
            leased.insert(slot)
            return .lease(waiter, slot, isNew: true)
        }
        guard waiters.count < maximumWaiters else { return .fail(waiter, .tooManyWaiters) }
        waiters.append(waiter)
        return .wait
    }

    mutating func connectionReturned(_ slot: Slot) -> Action {
        precondition(leased.contains(slot), "slot \(slot) is not leased")
        guard waiters.isEmpty else {
            return .lease(waiters.removeFirst(), slot, isNew: false)
        }
        leased.remove(slot)
        idle.append(slot)
        return isShutDown && leased.isEmpty ? .finishShutdown : .none
    }

    /// A waiter that is no longer waiting has its connection already and is left alone.
    mutating func waiterGaveUp(_ waiter: WaiterID, _ failure: Failure) -> Action {
        guard let position = waiters.firstIndex(of: waiter) else { return .none }
        waiters.remove(at: position)
        return .fail(waiter, failure)
    }

    /// Refuses everyone waiting or coming later; connections in use are waited for.
    mutating func shutDown() -> [Action] {
        isShutDown = true
        var actions = waiters.map { Action.fail($0, .closed) }
        waiters = []
        if leased.isEmpty { actions.append(.finishShutdown) }
        return actions
    }
}
