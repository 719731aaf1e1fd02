import Foundation
import HTTPTransport
import ServiceLifecycle
import Synchronization
import Testing

/// Waiting, cancelling, shutting down, and what is sent on the wire.
@Suite struct TransportLifecycleTests {
    /// A server that reports each request's first line and then never answers.
    private func silentServer(_ arrived: Signal<String>, _ closed: Signal<Void> = Signal())
        throws -> RawServer
    {
        try RawServer { connection in
            guard let request = connection.readRequest() else { return }
            arrived.send(String(request.prefix { $0 != "\r\n" }))
            connection.waitForClose()
            closed.send(())
        }
    }

    @Test func `a cancelled task ends its transfer and its connection`() async throws {
        let arrived = Signal<String>()
        let closed = Signal<Void>()
        let server = try silentServer(arrived, closed)
        defer { server.stop() }
        try await withPlainTransport { transport in
            let task = Task {
                await expectFailure(
                    .cancelled, mayHaveArrived: true, of: get(server.port), on: transport)
            }
            _ = await arrived.next(1)
            task.cancel()
            await task.value
            _ = await closed.next(1)
        }
    }

    @Test func `a task cancelled beforehand sends nothing`() async throws {
        let server = try RawServer { connection in
            _ = connection.readRequest()
            connection.answer("sent")
        }
        defer { server.stop() }
        try await withPlainTransport { transport in
            // Many times: the news of the cancellation may reach the loop before the request.
            for _ in 0..<500 {
                let task = Task {
                    withUnsafeCurrentTask { $0?.cancel() }
                    await expectFailure(
                        .cancelled, mayHaveArrived: false, of: get(server.port), on: transport)
                }
                await task.value
            }
        }
        #expect(server.acceptedCount == 0)
    }

    @Test func `a request waiting for its turn times out unsent`() async throws {
        let arrived = Signal<String>()
        let server = try silentServer(arrived)
        defer { server.stop() }
        try await withPlainTransport(concurrent: 1) { transport in
            let first = Task { try? await transport.send(get(server.port)) }
            _ = await arrived.next(1)
            var second = get(server.port)
            second.totalTimeout = .milliseconds(50)
            await expectFailure(.timedOut, mayHaveArrived: false, of: second, on: transport)
            first.cancel()
            _ = await first.value
        }
        #expect(server.acceptedCount == 1)
    }

    @Test func `a full queue refuses`() async throws {
        let arrived = Signal<String>()
        let server = try silentServer(arrived)
        defer { server.stop() }
        try await withPlainTransport(concurrent: 1, queued: 0) { transport in
            let first = Task { try? await transport.send(get(server.port)) }
            _ = await arrived.next(1)
            await expectFailure(
                .queueFull, mayHaveArrived: false, of: get(server.port), on: transport)
            first.cancel()
            _ = await first.value
        }
    }

    @Test func `sixty-four requests at once run eight at a time`() async throws {
        let gate = Gate(width: 8)
        let server = try RawServer { connection in
            while let request = connection.readRequest() {
                gate.pass()
                connection.answer(String(request.split(separator: " ")[1]))
            }
        }
        defer { server.stop() }
        try await withPlainTransport(concurrent: 8) { transport in
            let answers = try await withThrowingTaskGroup(of: String.self) { group in
                for index in 0..<64 {
                    group.addTask {
                        let response = try await transport.send(get(server.port, "/\(index)"))
                        return String(decoding: response.body, as: UTF8.self)
                    }
                }
                return try await group.reduce(into: Set()) { $0.insert($1) }
            }
            #expect(answers == Set((0..<64).map { "/\($0)" }))
        }
        #expect(gate.insideCountMax == 8)
        #expect(server.acceptedCount == 8)
    }

    @Test func `shutdown ends what runs and what waits, and may be repeated`() async throws {
        let arrived = Signal<String>()
        let server = try silentServer(arrived)
        defer { server.stop() }
        let transport = try HTTPTransport(
            configuration: .init(allowPlainHTTPLoopback: true, maximumConcurrentTransfers: 2),
            logger: quietLogger)
        let errors = await withTaskGroup(of: TransportError?.self) { group in
            for _ in 0..<5 {
                group.addTask {
                    do throws(TransportError) {
                        _ = try await transport.send(get(server.port))
                        return nil
                    } catch {
                        return error
                    }
                }
            }
            _ = await arrived.next(2)
            async let one: Void = transport.shutdown()
            async let two: Void = transport.shutdown()
            _ = await (one, two)
            return await group.reduce(into: []) { $0.append($1) }
        }
        #expect(errors.count == 5)
        #expect(errors.allSatisfy { $0?.code == .shutDown })
        #expect(errors.count { $0?.requestMayHaveArrived == true } == 2)
        await transport.shutdown()
        await expectFailure(
            .shutDown, mayHaveArrived: false, of: get(server.port), on: transport)
    }

    @Test func `a forgotten transport closes its connections`() async throws {
        let closed = Signal<Void>()
        let server = try RawServer { connection in
            while connection.readRequest() != nil { connection.answer("kept") }
            closed.send(())
        }
        defer { server.stop() }
        do {
            let transport = try HTTPTransport(
                configuration: .init(allowPlainHTTPLoopback: true), logger: quietLogger)
            _ = try await transport.send(get(server.port))
        }
        _ = await closed.next(1)
    }

    @Test func `as a service it shuts down when the group does`() async throws {
        let transport = try HTTPTransport(
            configuration: .init(allowPlainHTTPLoopback: true), logger: quietLogger)
        let group = ServiceGroup(services: [transport], logger: quietLogger)
        async let running: Void = group.run()
        await group.triggerGracefulShutdown()
        try await running
        await expectFailure(.shutDown, mayHaveArrived: false, of: get(1), on: transport)
    }

    @Test func `a request goes out exactly as written`() async throws {
        let server = try RawServer { connection in
            while let request = connection.readRequest() { connection.answer(request) }
        }
        defer { server.stop() }
        try await withPlainTransport { transport in
            let request = HTTPRequest(
                method: "PUT", url: "http://127.0.0.1:\(server.port)/a/../b%2e?x=%2E",
                headers: [
                    .init("Accept", "application/json"), .init("X-Empty", ""), .init("X-Two", "1"),
                    .init("X-Two", "2"),
                ], body: Array("0\0药".utf8))
            let response = try await transport.send(request)
            #expect(
                String(decoding: response.body, as: UTF8.self) == """
                    PUT /a/../b%2e?x=%2E HTTP/1.1\r
                    Host: 127.0.0.1:\(server.port)\r
                    User-Agent: huiyika\r
                    Accept: application/json\r
                    X-Empty:\r
                    X-Two: 1\r
                    X-Two: 2\r
                    Content-Length: 5\r
                    \r
                    0\0药
                    """)
        }
    }

    @Test func `a large body is sent at once, without asking first`() async throws {
        let server = try RawServer { connection in
            guard let request = connection.readRequest() else { return }
            connection.answer(String(request.prefix { $0 != "\u{1}" }))
        }
        defer { server.stop() }
        try await withPlainTransport { transport in
            var request = get(server.port)
            request.method = "POST"
            request.body = [UInt8](repeating: 1, count: 2 * 1_024 * 1_024)
            let response = try await transport.send(request)
            let seen = String(decoding: response.body, as: UTF8.self)
            #expect(seen.contains("Content-Length: 2097152\r\n"))
            #expect(!seen.contains("Expect"))
        }
    }

    @Test(arguments: ["POST", "PUT", "PATCH", "DELETE", "GET", "OPTIONS"])
    func `a method without a body frames itself`(_ method: String) async throws {
        let server = try RawServer { connection in
            while let request = connection.readRequest() { connection.answer(request) }
        }
        defer { server.stop() }
        try await withPlainTransport { transport in
            let response = try await transport.send(
                HTTPRequest(method: method, url: "http://127.0.0.1:\(server.port)/"))
            let seen = String(decoding: response.body, as: UTF8.self)
            #expect(seen.hasPrefix("\(method) / HTTP/1.1\r\n"))
            let announcesLength = ["POST", "PUT", "PATCH"].contains(method)
            #expect(seen.contains("Content-Length: 0\r\n") == announcesLength)
            #expect(!seen.contains("Content-Type"))
        }
    }

    @Test func `settings of one request do not reach the next`() async throws {
        let server = try RawServer { connection in
            while let request = connection.readRequest() { connection.answer(request) }
        }
        defer { server.stop() }
        try await withPlainTransport(concurrent: 1) { transport in
            var first = get(server.port)
            first.method = "PATCH"
            first.headers = [.init("Authorization", "secret")]
            first.body = [1, 2, 3]
            _ = try await transport.send(first)
            let second = try await transport.send(get(server.port))
            let seen = String(decoding: second.body, as: UTF8.self)
            #expect(seen.hasPrefix("GET / HTTP/1.1\r\n"))
            #expect(!seen.contains("Authorization"))
            #expect(!seen.contains("Content-Length"))
        }
        #expect(server.acceptedCount == 1)
    }

    @Test func `an informational answer and a cookie leave no trace`() async throws {
        let server = try RawServer { connection in
            while let request = connection.readRequest() {
                let body = request.contains("Cookie:") ? "remembered" : "forgotten"
                connection.write("HTTP/1.1 103 Early Hints\r\nLink: early\r\n\r\n")
                connection.write(
                    "HTTP/1.1 200 OK\r\nSet-Cookie: a=b\r\nContent-Length: "
                        + "\(body.utf8.count)\r\n\r\n\(body)")
            }
        }
        defer { server.stop() }
        try await withPlainTransport { transport in
            for _ in 0..<2 {
                let response = try await transport.send(get(server.port))
                #expect(response.status == 200)
                #expect(response.header("link") == nil)
                #expect(response.header("set-cookie") == "a=b")
                #expect(response.body == Array("forgotten".utf8))
            }
        }
    }

    @Test func `a refusal that comes before the body is read is returned`() async throws {
        let server = try RawServer { connection in
            connection.write(
                "HTTP/1.1 413 Too Large\r\nConnection: close\r\nContent-Length: 0\r\n\r\n")
            connection.waitForClose()
        }
        defer { server.stop() }
        try await withPlainTransport { transport in
            var request = get(server.port)
            request.method = "POST"
            request.body = [UInt8](repeating: 1, count: 4 * 1_024 * 1_024)
            let response = try await transport.send(request)
            #expect(response.status == 413)
        }
    }

    /// In a process of its own: the environment belongs to the whole process.
    @Test func `the environment's proxy is not used`() async {
        await #expect(processExitsWith: .success) {
            let port = try RawServer.closedPort()
            for name in ["http_proxy", "https_proxy", "all_proxy", "ALL_PROXY"] {
                setenv(name, "http://127.0.0.1:\(port)", 1)
            }
            let server = try RawServer { connection in
                _ = connection.readRequest()
                connection.answer("direct")
            }
            let response = try await withPlainTransport { transport in
                try await transport.send(get(server.port))
            }
            precondition(response.body == Array("direct".utf8))
        }
    }
}

/// Lets nobody pass until `width` threads are inside at once; afterwards everybody.
private final class Gate: Sendable {
    private struct State {
        var insideCount = 0
        var insideCountMax = 0
    }

    private let width: Int
    private let state = Mutex(State())
    private let opened = DispatchSemaphore(value: 0)

    init(width: Int) {
        self.width = width
    }

    var insideCountMax: Int { state.withLock { $0.insideCountMax } }

    func pass() {
        let isFull = state.withLock { state in
            state.insideCount += 1
            state.insideCountMax = max(state.insideCountMax, state.insideCount)
            return state.insideCountMax >= width
        }
        if isFull { opened.signal() }
        opened.wait()
        opened.signal()
        state.withLock { $0.insideCount -= 1 }
    }
}
