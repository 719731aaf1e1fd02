import Testing

@testable import PostgresDriver

@Suite struct PoolStateMachineTests {
    private func make(connections: Int = 2, waiters: Int = 2) -> PoolStateMachine {
        PoolStateMachine(maximumConnections: connections, maximumWaiters: waiters)
    }

    @Test func `places are opened up to the bound, then callers wait, then they are refused`() {
        var machine = make()
        #expect(machine.connectionWanted(1) == .lease(1, 0, isNew: true))
        #expect(machine.connectionWanted(2) == .lease(2, 1, isNew: true))
        #expect(machine.connectionWanted(3) == .wait)
        #expect(machine.connectionWanted(4) == .wait)
        #expect(machine.connectionWanted(5) == .fail(5, .tooManyWaiters))
        #expect(machine.leasedCount == 2)
        #expect(machine.waiterCount == 2)
    }

    @Test func `a returned connection goes to the one who waited longest`() {
        var machine = make(connections: 1)
        _ = machine.connectionWanted(1)
        _ = machine.connectionWanted(2)
        _ = machine.connectionWanted(3)
        #expect(machine.connectionReturned(0) == .lease(2, 0, isNew: false))
        #expect(machine.connectionReturned(0) == .lease(3, 0, isNew: false))
        #expect(machine.connectionReturned(0) == .none)
        #expect(machine.leasedCount == 0)
    }

    @Test func `the connection used last is given out first`() {
        var machine = make()
        _ = machine.connectionWanted(1)
        _ = machine.connectionWanted(2)
        _ = machine.connectionReturned(1)
        _ = machine.connectionReturned(0)
        #expect(machine.connectionWanted(3) == .lease(3, 0, isNew: false))
        #expect(machine.connectionWanted(4) == .lease(4, 1, isNew: false))
    }

    @Test func `who gives up leaves the queue once, and who has a connection keeps it`() {
        var machine = make(connections: 1)
        _ = machine.connectionWanted(1)
        _ = machine.connectionWanted(2)
        #expect(machine.waiterGaveUp(2, .timedOut) == .fail(2, .timedOut))
        #expect(machine.waiterGaveUp(2, .cancelled) == .none)
        #expect(machine.waiterGaveUp(1, .cancelled) == .none)
        #expect(machine.connectionReturned(0) == .none)
    }

    @Test func `shutting down refuses the waiting and waits for the working`() {
        var machine = make(connections: 1)
        _ = machine.connectionWanted(1)
        _ = machine.connectionWanted(2)
        #expect(machine.shutDown() == [.fail(2, .closed)])
        #expect(machine.connectionWanted(3) == .fail(3, .closed))
        #expect(machine.connectionReturned(0) == .finishShutdown)
        #expect(machine.shutDown() == [.finishShutdown])
    }

    @Test func `prepared statements leave in the order of their last use`() {
        var cache = StatementCache(capacity: 2)
        func key(_ text: String) -> StatementCache.Key {
            StatementCache.Key(text: text, types: [])
        }
        #expect(cache.insert(key("a"), name: "1") == nil)
        #expect(cache.insert(key("b"), name: "2") == nil)
        #expect(cache.name(of: key("a")) == "1")
        #expect(cache.insert(key("c"), name: "3") == "2")
        #expect(cache.name(of: key("b")) == nil)
        #expect(cache.name(of: key("a")) == "1")
        #expect(cache.count == 2)
    }

    @Test func `the same text with other types is another statement`() {
        var cache = StatementCache(capacity: 2)
        _ = cache.insert(StatementCache.Key(text: "a", types: [.int8]), name: "1")
        #expect(cache.name(of: StatementCache.Key(text: "a", types: [.int4])) == nil)
    }
}
