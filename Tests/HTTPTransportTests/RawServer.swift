import Foundation
import Synchronization

/// A server made of bare sockets, for answers no real server would give: each accepted connection
/// gets a thread that runs the script, and is closed when the script returns.
final class RawServer: Sendable {
    struct Failure: Error {
        var call: String
        var number: Int32
    }

    private struct State {
        var connections: Set<Int32> = []
        var acceptedCount = 0
        var isStopped = false
    }

    let port: UInt16
    private let listener: Int32
    private let state = Mutex(State())

    var acceptedCount: Int { state.withLock { $0.acceptedCount } }

    /// Listens on a loopback port; 0 lets the system choose one.
    init(port wanted: UInt16 = 0, script: @escaping @Sendable (RawConnection) -> Void) throws {
        let listener = socket(
            AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        guard listener >= 0 else { throw Failure(call: "socket", number: errno) }
        var yes: Int32 = 1
        setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &yes, socklen_t(MemoryLayout<Int32>.size))
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = wanted.bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let code = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { plain in
                guard bind(listener, plain, length) == 0 else { return Int32(-1) }
                return getsockname(listener, plain, &length)
            }
        }
        guard code == 0, listen(listener, 128) == 0 else {
            let number = errno
            close(listener)
            throw Failure(call: "bind or listen", number: number)
        }
        self.listener = listener
        port = UInt16(bigEndian: address.sin_port)
        Thread.detachNewThread { self.acceptAll(script) }
    }

    private func acceptAll(_ script: @escaping @Sendable (RawConnection) -> Void) {
        while true {
            let descriptor = accept(listener, nil, nil)
            guard descriptor >= 0 else { break }
            // A program started meanwhile that kept this open would never let it seem closed.
            _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
            let isWelcome = state.withLock { state in
                guard !state.isStopped else { return false }
                state.connections.insert(descriptor)
                state.acceptedCount += 1
                return true
            }
            guard isWelcome else {
                close(descriptor)
                break
            }
            Thread.detachNewThread {
                script(RawConnection(descriptor: descriptor))
                self.state.withLock { state in
                    state.connections.remove(descriptor)
                    close(descriptor)
                }
            }
        }
        close(listener)
    }

    /// Stops listening and cuts every open connection, as a killed process would.
    func stop() {
        state.withLock { state in
            guard !state.isStopped else { return }
            state.isStopped = true
            for descriptor in state.connections { shutdown(descriptor, Int32(SHUT_RDWR)) }
            shutdown(listener, Int32(SHUT_RDWR))
        }
    }

    /// A loopback port at which nobody listens.
    static func closedPort() throws -> UInt16 {
        let server = try RawServer { _ in }
        server.stop()
        return server.port
    }
}

/// One accepted connection.
struct RawConnection: Sendable {
    let descriptor: Int32

    /// The next request, header and body by its `Content-Length`; nil when the client has closed.
    func readRequest() -> String? {
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 65_536)
        while true {
            if let wanted = Self.requestByteCount(bytes), bytes.count >= wanted {
                return String(decoding: bytes, as: UTF8.self)
            }
            let count = recv(descriptor, &chunk, chunk.count, 0)
            guard count > 0 else { return nil }
            bytes += chunk[..<count]
        }
    }

    private static func requestByteCount(_ bytes: [UInt8]) -> Int? {
        guard let end = bytes.firstRange(of: Array("\r\n\r\n".utf8)) else { return nil }
        let header = String(decoding: bytes[..<end.lowerBound], as: UTF8.self).lowercased()
        let length = header.split(separator: "\r\n")
            .first { $0.hasPrefix("content-length:") }?
            .split(separator: ":").last?.trimmingCharacters(in: .whitespaces)
        return end.upperBound + (length.flatMap { Int($0) } ?? 0)
    }

    /// Sends all of it; false when the client has closed.
    @discardableResult func write(_ text: String) -> Bool {
        let bytes = Array(text.utf8)
        var sent = 0
        while sent < bytes.count {
            let count = bytes[sent...].withUnsafeBytes {
                send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            guard count > 0 else { return false }
            sent += count
        }
        return true
    }

    /// Sends a complete answer with a body.
    @discardableResult func answer(_ body: String, status: String = "200 OK") -> Bool {
        write("HTTP/1.1 \(status)\r\nContent-Length: \(body.utf8.count)\r\n\r\n\(body)")
    }

    /// Returns when the client has closed its side.
    func waitForClose() {
        var byte: UInt8 = 0
        while recv(descriptor, &byte, 1, 0) > 0 {}
    }

    /// Whether the client closed its side within a tenth of a second: the pace of a dripping server.
    func closedWithinTenthOfSecond() -> Bool {
        var poller = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        return poll(&poller, 1, 100) != 0
    }
}

/// A value one thread or task hands to a test that waits for it.
struct Signal<Value: Sendable>: Sendable {
    private let stream: AsyncStream<Value>
    private let continuation: AsyncStream<Value>.Continuation

    init() {
        (stream, continuation) = AsyncStream.makeStream()
    }

    func send(_ value: Value) {
        continuation.yield(value)
    }

    /// The next `count` values; for one waiter at a time.
    func next(_ count: Int) async -> [Value] {
        var values: [Value] = []
        for await value in stream {
            values.append(value)
            if values.count == count { break }
        }
        return values
    }
}
