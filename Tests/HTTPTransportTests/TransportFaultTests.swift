import HTTPTransport
import Synchronization
import Testing

/// What a transport says of servers that break off, stall, drip, lie or answer for another.
@Suite struct TransportFaultTests {
    @Test func `a server that closes before any byte breaks the connection`() async throws {
        let server = try RawServer { connection in _ = connection.readRequest() }
        defer { server.stop() }
        try await withPlainTransport { transport in
            await expectFailure(
                .connectionBroken, mayHaveArrived: true, of: get(server.port), on: transport)
        }
    }

    @Test func `a body shorter than announced breaks the connection`() async throws {
        let server = try RawServer { connection in
            _ = connection.readRequest()
            connection.write("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nonly this")
        }
        defer { server.stop() }
        try await withPlainTransport { transport in
            await expectFailure(
                .connectionBroken, mayHaveArrived: true, of: get(server.port), on: transport)
        }
    }

    @Test func `a chunked body cut in the middle breaks the connection`() async throws {
        let server = try RawServer { connection in
            _ = connection.readRequest()
            connection.write(
                "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n5\r\nwo")
        }
        defer { server.stop() }
        try await withPlainTransport { transport in
            await expectFailure(
                .connectionBroken, mayHaveArrived: true, of: get(server.port), on: transport)
        }
    }

    @Test func `an answer that is not HTTP breaks the connection`() async throws {
        let server = try RawServer { connection in
            _ = connection.readRequest()
            connection.write("220 mail.example ESMTP\r\n")
        }
        defer { server.stop() }
        try await withPlainTransport { transport in
            await expectFailure(
                .connectionBroken, mayHaveArrived: true, of: get(server.port), on: transport)
        }
    }

    @Test func `a server that stalls after the status line runs into the time-out`() async throws {
        let server = try RawServer { connection in
            _ = connection.readRequest()
            connection.write("HTTP/1.1 200 OK\r\n")
            connection.waitForClose()
        }
        defer { server.stop() }
        try await withPlainTransport { transport in
            var request = get(server.port)
            request.totalTimeout = .milliseconds(300)
            await expectFailure(.timedOut, mayHaveArrived: true, of: request, on: transport)
        }
    }

    @Test func `a dripping server is too slow`() async throws {
        let server = try RawServer { connection in
            _ = connection.readRequest()
            connection.write("HTTP/1.1 200 OK\r\nContent-Length: 10000\r\n\r\n")
            while !connection.closedWithinTenthOfSecond(), connection.write("x") {}
        }
        defer { server.stop() }
        try await withPlainTransport { transport in
            var request = get(server.port)
            request.lowSpeedLimit = .init(bytesPerSecond: 1_000, seconds: 1)
            await expectFailure(.tooSlow, mayHaveArrived: true, of: request, on: transport)
        }
    }

    @Test func `a long poll without a speed limit outlives a silence`() async throws {
        let server = try RawServer { connection in
            _ = connection.readRequest()
            connection.write("HTTP/1.1 200 OK\r\nContent-Length: 30\r\n\r\n")
            for _ in 0..<30 where !connection.closedWithinTenthOfSecond() {
                connection.write("x")
            }
        }
        defer { server.stop() }
        try await withPlainTransport { transport in
            var request = get(server.port)
            request.lowSpeedLimit = nil
            let response = try await transport.send(request)
            #expect(response.body.count == 30)
        }
    }

    @Test func `a captive portal's page is returned untouched`() async throws {
        let page = "<html><body>Please sign in</body></html>"
        let server = try RawServer { connection in
            _ = connection.readRequest()
            connection.write(
                "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: "
                    + "\(page.utf8.count)\r\n\r\n\(page)")
        }
        defer { server.stop() }
        try await withPlainTransport { transport in
            let response = try await transport.send(get(server.port))
            #expect(response.status == 200)
            #expect(response.header("CONTENT-TYPE") == "text/html")
            #expect(response.body == Array(page.utf8))
        }
    }

    @Test func `a redirect is returned and not followed`() async throws {
        let other = try RawServer { connection in
            _ = connection.readRequest()
            connection.answer("followed")
        }
        defer { other.stop() }
        let location = "http://127.0.0.1:\(other.port)/login"
        let server = try RawServer { connection in
            _ = connection.readRequest()
            connection.write(
                "HTTP/1.1 302 Found\r\nLocation: \(location)\r\nContent-Length: 0\r\n\r\n")
        }
        defer { server.stop() }
        try await withPlainTransport { transport in
            let response = try await transport.send(get(server.port))
            #expect(response.status == 302)
            #expect(response.header("location") == location)
        }
        #expect(other.acceptedCount == 0)
    }

    @Test(arguments: ["Content-Length: 1001\r\n", "Connection: close\r\n"])
    func `a body over the limit is refused`(_ framing: String) async throws {
        let server = try RawServer { connection in
            _ = connection.readRequest()
            connection.write("HTTP/1.1 200 OK\r\n\(framing)\r\n")
            connection.write(String(repeating: "x", count: 1_001))
        }
        defer { server.stop() }
        try await withPlainTransport(responseBytes: 1_000) { transport in
            await expectFailure(
                .responseTooLarge, mayHaveArrived: true, of: get(server.port), on: transport)
            var request = get(server.port)
            request.maximumResponseBytes = 1_001
            let response = try await transport.send(request)
            #expect(response.body.count == 1_001)
        }
    }

    @Test func `an endless header is refused`() async throws {
        let server = try RawServer { connection in
            _ = connection.readRequest()
            connection.write("HTTP/1.1 200 OK\r\n")
            while connection.write("X-Filler: \(String(repeating: "x", count: 1_000))\r\n") {}
        }
        defer { server.stop() }
        try await withPlainTransport { transport in
            await expectFailure(
                .responseTooLarge, mayHaveArrived: true, of: get(server.port), on: transport)
        }
    }

    @Test func `a closed port refuses before anything is sent`() async throws {
        let port = try RawServer.closedPort()
        try await withPlainTransport { transport in
            await expectFailure(
                .couldNotConnect, mayHaveArrived: false, of: get(port), on: transport)
        }
    }

    @Test func `a silent handshake is a connect time-out, with nothing sent`() async throws {
        let server = try RawServer { connection in connection.waitForClose() }
        defer { server.stop() }
        try await withPlainTransport { transport in
            var request = HTTPRequest(method: "GET", url: "https://127.0.0.1:\(server.port)/")
            request.connectTimeout = .milliseconds(200)
            await expectFailure(
                .connectTimedOut, mayHaveArrived: false, of: request, on: transport)
        }
    }

    @Test func `a plain server behind an https URL fails the handshake, with nothing sent`()
        async throws
    {
        let server = try RawServer { connection in
            connection.write("HTTP/1.1 400 Bad Request\r\n\r\n")
            connection.waitForClose()
        }
        defer { server.stop() }
        try await withPlainTransport { transport in
            let request = HTTPRequest(method: "GET", url: "https://127.0.0.1:\(server.port)/")
            await expectFailure(
                .handshakeFailed, mayHaveArrived: false, of: request, on: transport)
        }
    }

    @Test func `a server killed in a call and started again serves the next`() async throws {
        let arrived = Signal<Void>()
        let server = try RawServer { connection in
            _ = connection.readRequest()
            arrived.send(())
            connection.waitForClose()
        }
        try await withPlainTransport { transport in
            async let killed: Void = expectFailure(
                .connectionBroken, mayHaveArrived: true, of: get(server.port), on: transport)
            _ = await arrived.next(1)
            server.stop()
            await killed
            let again = try RawServer(port: server.port) { connection in
                _ = connection.readRequest()
                connection.answer("back")
            }
            defer { again.stop() }
            let response = try await transport.send(get(server.port))
            #expect(response.body == Array("back".utf8))
        }
    }

    @Test func `a request on a kept connection that dies unanswered is sent once more`()
        async throws
    {
        let seenCount = Mutex(0)
        let server = try RawServer { connection in
            while connection.readRequest() != nil {
                let count = seenCount.withLock { count in
                    count += 1
                    return count
                }
                if count == 2 { return }
                connection.answer("\(count)")
            }
        }
        defer { server.stop() }
        try await withPlainTransport { transport in
            let first = try await transport.send(get(server.port))
            #expect(first.body == Array("1".utf8))
            let second = try await transport.send(get(server.port))
            #expect(second.body == Array("3".utf8))
        }
    }
}
