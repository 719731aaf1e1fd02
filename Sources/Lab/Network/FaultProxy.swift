import Foundation
import Glibc
import Synchronization

/// A line between a till and head office that can be cut: a TCP proxy on loopback.
///
/// It forwards bytes as they are, so TLS and its pinned certificate pass through untouched. Each connection takes two
/// threads; the lab's networks are small.
public final class FaultProxy: Sendable {
    /// What the line does to traffic.
    public enum Line: Sendable, Equatable {
        /// Bytes pass both ways.
        case whole
        /// Nothing listens: a new connection is refused, an open one is broken.
        case cut
        /// Requests arrive, replies are lost: the connection breaks when the first byte of a reply comes.
        case losesReplies
        /// The connection breaks after this many bytes of request.
        case breaksAfter(bytes: Int)
        /// Somebody else answers: connections lead to that port on loopback.
        case leadsElsewhere(port: Int)
    }

    private struct State {
        var line: Line = .whole
        var listener: Int32 = -1
        var connections: [Int: (Int32, Int32)] = [:]
        var nextConnection = 0
        var repliesLost = 0
    }

    /// The port tills connect to.
    public let port: Int
    private let target: Int
    private let state = Mutex(State())

    /// Opens the line to a port on loopback.
    ///
    /// - Shape: `port` 0 takes a free one, which `port` then tells.
    /// - Refuses: `LabError` when the port is taken.
    public init(port: Int = 0, to target: Int) throws {
        let listener = try LabSocket.listen(on: port)
        self.port = try LabSocket.port(of: listener)
        self.target = target
        state.withLock { $0.listener = listener }
        accept(from: listener)
    }

    /// How many replies the line has swallowed.
    public var repliesLost: Int { state.withLock { $0.repliesLost } }

    /// Changes what the line does; open connections are broken, so that the change is felt at once.
    public func set(_ line: Line) throws {
        let wasCut = state.withLock { state in
            let wasCut = state.line == .cut
            state.line = line
            if line == .cut, state.listener >= 0 {
                shutdown(state.listener, Int32(SHUT_RDWR))
                close(state.listener)
                state.listener = -1
            }
            for (client, server) in state.connections.values {
                shutdown(client, Int32(SHUT_RDWR))
                shutdown(server, Int32(SHUT_RDWR))
            }
            return wasCut
        }
        if wasCut, line != .cut {
            let listener = try LabSocket.listen(on: port)
            state.withLock { $0.listener = listener }
            accept(from: listener)
        }
    }

    private func accept(from listener: Int32) {
        Thread.detachNewThread { [self] in
            while true {
                let client = Glibc.accept(listener, nil, nil)
                if client < 0 {
                    if errno == EINTR || errno == ECONNABORTED { continue }
                    return
                }
                _ = fcntl(client, F_SETFD, FD_CLOEXEC)
                connect(client)
            }
        }
    }

    private func connect(_ client: Int32) {
        var target = target
        if case .leadsElsewhere(let port) = state.withLock({ $0.line }) { target = port }
        guard let server = try? Self.connect(to: target) else {
            close(client)
            return
        }
        let id = state.withLock { state in
            state.nextConnection += 1
            state.connections[state.nextConnection] = (client, server)
            return state.nextConnection
        }
        let finished = FinishCount()
        Thread.detachNewThread { [self] in
            pump(from: client, to: server, isRequest: true)
            if finished.add() == 2 { end(id) }
        }
        Thread.detachNewThread { [self] in
            pump(from: server, to: client, isRequest: false)
            if finished.add() == 2 { end(id) }
        }
    }

    private func end(_ id: Int) {
        state.withLock { state in
            guard let (client, server) = state.connections.removeValue(forKey: id) else { return }
            close(client)
            close(server)
        }
    }

    private func pump(from source: Int32, to destination: Int32, isRequest: Bool) {
        var buffer = [UInt8](repeating: 0, count: 65_536)
        var passed = 0
        defer {
            shutdown(source, Int32(SHUT_RDWR))
            shutdown(destination, Int32(SHUT_RDWR))
        }
        while true {
            let count = recv(source, &buffer, buffer.count, 0)
            if count <= 0 { return }
            passed += count
            switch state.withLock({ $0.line }) {
            case .cut: return
            case .losesReplies where !isRequest && Self.isApplicationData(buffer):
                state.withLock { $0.repliesLost += 1 }
                return
            case .breaksAfter(let bytes) where isRequest && passed > bytes: return
            case .whole, .losesReplies, .breaksAfter, .leadsElsewhere: break
            }
            var sent = 0
            while sent < count {
                let written = buffer[sent..<count].withUnsafeBytes {
                    send(destination, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
                }
                if written <= 0 { return }
                sent += written
            }
        }
    }

    /// A TLS record of application data starts with 23; the handshake must pass for a reply to exist at all. (In TLS 1.3
    /// the end of the handshake wears the same coat, but comes with the server's first flight, which starts with 22.)
    private static func isApplicationData(_ bytes: [UInt8]) -> Bool { bytes[0] == 23 }

    private static func connect(to port: Int) throws -> Int32 {
        let descriptor = socket(
            AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        var address = LabSocket.loopback(port: port)
        let connected = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                Glibc.connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard connected == 0 else {
            close(descriptor)
            throw LabError("nothing listens on port \(port)")
        }
        return descriptor
    }
}

/// Counts the two directions of a connection that have ended.
private final class FinishCount: Sendable {
    private let count = Mutex(0)

    func add() -> Int {
        count.withLock {
            $0 += 1
            return $0
        }
    }
}
