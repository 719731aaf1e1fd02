import Testing
import WebSupport

@Suite struct CommitTasksTests {
    @Test func `work goes on when the request that began it is cancelled`() async throws {
        let commits = CommitTasks()
        let (begun, begin) = AsyncStream.makeStream(of: Void.self)
        let (gate, open) = AsyncStream.makeStream(of: Void.self)
        let request = Task {
            try await commits.run {
                begin.finish()
                for await _ in gate {}
                return Task.isCancelled
            }
        }
        for await _ in begun {}
        request.cancel()
        open.finish()
        #expect(try await request.value == false)
    }

    @Test func `stopping waits for what runs and refuses what is new`() async throws {
        let commits = CommitTasks()
        let (begun, begin) = AsyncStream.makeStream(of: Void.self)
        let (gate, open) = AsyncStream.makeStream(of: Void.self)
        let (order, note) = AsyncStream.makeStream(of: String.self)
        let work = Task {
            try await commits.run {
                begin.finish()
                for await _ in gate {}
                note.yield("committed")
            }
        }
        for await _ in begun {}
        let stopping = Task {
            await commits.drain()
            note.yield("drained")
            note.finish()
        }
        // Refusal shows that draining has begun; until then new work is still taken.
        while (try? await commits.run {}) != nil { await Task.yield() }
        open.finish()
        try await work.value
        await stopping.value
        var seen: [String] = []
        for await word in order { seen.append(word) }
        #expect(seen == ["committed", "drained"])
    }
}
