import Dispatch
import HeadOffice
import PostgresDriver
import Testing

struct ChangeFeedTests {
    private func change(_ key: String, scope: String = "*", _ text: String = "{}") -> Change {
        Change(scope: scope, topic: .product, key: key, body: PostgresJSON(text))
    }

    /// Reads until nothing hides: other tests' transactions on the same server may be under way.
    private func read(
        _ store: OfficeStore, after cursor: ChangeCursor = .start, limit: Int = 1_000
    ) async throws -> ChangeFeed.Page {
        while true {
            let page = try await store.read {
                try ChangeFeed.read($0, scope: "GD0001", after: cursor, limit: limit)
            }
            if page.isComplete || page.more { return page }
            await Task.yield()
        }
    }

    @Test func `a till reads the newest state of its store and of everybody`() async throws {
        try await withOffice { office in
            let store = office.store
            let first = [
                change("a"), change("b", scope: "GD0001"), change("c", scope: "HN0001"),
            ]
            try await store.write { try ChangePublisher.publish($0, first) }
            try await store.write { try ChangePublisher.publish($0, change("a", #"{"n":2}"#)) }
            let page = try await read(store)
            #expect(page.items.map(\.key) == ["b", "a"])
            #expect(page.items.last?.body == #"{"n": 2}"#)
            let empty = try await read(store, after: page.next)
            #expect(empty.items.isEmpty && empty.next == page.next)
        }
    }

    @Test func `pages follow each other without gap`() async throws {
        try await withOffice { office in
            let changes = (1...25).map { change("k\($0 + 100)") }
            try await office.store.write { try ChangePublisher.publish($0, changes) }
            var cursor = ChangeCursor.start
            var keys: [String] = []
            var more = true
            while more {
                let page = try await read(office.store, after: cursor, limit: 10)
                keys += page.items.map(\.key)
                cursor = page.next
                more = page.more
            }
            #expect(keys == changes.map(\.key))
        }
    }

    @Test func `a transaction that commits late is never skipped`() async throws {
        try await withOffice { office in
            let store = office.store
            let (early, late) = (change("early"), change("late"))
            // The first transaction takes its place first and commits last.
            let (begun, signal) = AsyncStream.makeStream(of: Void.self)
            let finish = DispatchSemaphore(value: 0)
            async let first: Void = store.write { session in
                try ChangePublisher.publish(session, early)
                signal.yield()
                finish.wait()
            }
            defer { finish.signal() }
            for await _ in begun { break }
            try await store.write { try ChangePublisher.publish($0, late) }
            let during = try await store.read {
                try ChangeFeed.read($0, scope: "GD0001", after: .start)
            }
            finish.signal()
            try await first
            #expect(during.items.isEmpty, "what is newer than an open transaction waits")
            #expect(!during.isComplete)
            let after = try await read(store, after: during.next)
            #expect(after.items.map(\.key) == ["early", "late"])
        }
    }

    @Test func `a cursor from beyond the present starts over`() async throws {
        try await withOffice { office in
            let changes = [change("a")]
            try await office.store.write { try ChangePublisher.publish($0, changes) }
            let beyond = ChangeCursor(transaction: 1 << 60, changeID: 9)
            let page = try await read(office.store, after: beyond)
            #expect(page.items.map(\.key) == ["a"])
        }
    }

    @Test(arguments: ["", "12.7", "0.1"]) func `cursors read what they write`(text: String) {
        #expect(ChangeCursor(text: text)?.text == text)
    }

    @Test(arguments: ["x", "1", "1.2.3", "-1.2", "1.-2", "1.2 "])
    func `other texts are no cursors`(text: String) {
        #expect(ChangeCursor(text: text) == nil)
    }
}

struct ChangeWatchTests {
    @Test func `news wakes its own store only, and the end wakes everybody`() async throws {
        try await withOffice { office in
            let watch = ChangeWatch(office.store)
            let running = Task { try await watch.run() }
            let woken = Task { await watch.wait(scope: "GD0001", limit: .seconds(60)) }
            let other = Task { await watch.wait(scope: "HN0001", limit: .seconds(60)) }
            let change = Change(
                scope: "GD0001", topic: .product, key: "a", body: PostgresJSON("{}"))
            // The first look wakes nobody, so news are made until it comes through.
            let news = Task {
                while !Task.isCancelled {
                    try await office.store.write { try ChangePublisher.publish($0, change) }
                }
            }
            #expect(await woken.value)
            news.cancel()
            _ = await news.result
            running.cancel()
            #expect(await other.value == false)
            #expect(await watch.wait(scope: "GD0001", limit: .seconds(60)) == false)
        }
    }
}
