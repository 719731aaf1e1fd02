import Foundation
import Glibc
import Receipts
import Synchronization

/// An open way to a printer: a socket or a device file, never blocking for longer than its limits.
///
/// Its methods wait with `poll`, so they run on threads of their own (``PrinterThread``).
struct PrinterLink: Sendable {
    /// Why nothing more can be sent or read.
    enum Fault: Error {
        /// The other side ended it, or the time was up while nothing moved.
        case ended
    }

    private let descriptor: Int32
    private let isSocket: Bool
    private let isStopped: @Sendable () -> Bool

    /// Opens the device.
    ///
    /// - Refuses: `unreachable`, `notAllowed`.
    static func open(
        _ device: PrinterDevice, limit: Duration, isStopped: @escaping @Sendable () -> Bool
    ) throws(PrinterRefused) -> PrinterLink {
        if let (host, port) = device.hostAndPort {
            let descriptor = try connect(host: host, port: port, limit: limit, isStopped)
            return PrinterLink(descriptor: descriptor, isSocket: true, isStopped: isStopped)
        }
        let flags = O_RDWR | O_NONBLOCK | O_NOCTTY | O_CLOEXEC | O_NOFOLLOW
        let descriptor = Glibc.open(device.address, flags)
        guard descriptor >= 0 else {
            throw PrinterRefused(errno == ENOENT || errno == ENODEV ? .unreachable : .notAllowed)
        }
        var information = stat()
        guard fstat(descriptor, &information) == 0,
            information.st_mode & S_IFMT == S_IFCHR
        else {
            Glibc.close(descriptor)
            throw PrinterRefused(.notAllowed)
        }
        return PrinterLink(descriptor: descriptor, isSocket: false, isStopped: isStopped)
    }

    private static func connect(
        host: String, port: String, limit: Duration, _ isStopped: @Sendable () -> Bool
    ) throws(PrinterRefused) -> Int32 {
        var hints = addrinfo()
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        hints.ai_flags = AI_NUMERICSERV
        var found: UnsafeMutablePointer<addrinfo>?
        guard getaddrinfo(host, port, &hints, &found) == 0 else {
            throw PrinterRefused(.unreachable)
        }
        defer { freeaddrinfo(found) }
        let deadline = ContinuousClock.now + limit
        var next = found
        while let address = next?.pointee {
            next = address.ai_next
            let descriptor = socket(
                address.ai_family,
                Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue), 0)
            guard descriptor >= 0 else { continue }
            if Glibc.connect(descriptor, address.ai_addr, address.ai_addrlen) == 0 {
                return descriptor
            }
            if errno == EINPROGRESS {
                let link = PrinterLink(
                    descriptor: descriptor, isSocket: true, isStopped: { false })
                while ContinuousClock.now < deadline, !isStopped() {
                    guard link.wait(for: POLLOUT, until: deadline) != 0 else { continue }
                    if link.pendingError() == 0 { return descriptor }
                    break
                }
            }
            Glibc.close(descriptor)
        }
        throw PrinterRefused(.unreachable)
    }

    func close() { Glibc.close(descriptor) }

    /// Ends the connection in order: what was sent is delivered, and the other side has seen it.
    func finish(limit: Duration) {
        if isSocket {
            shutdown(descriptor, Int32(SHUT_WR))
            let deadline = ContinuousClock.now + limit
            while ContinuousClock.now < deadline, !isStopped(), (try? read(until: deadline)) != nil
            {}
        }
        close()
    }

    /// Sends what fits now.
    ///
    /// - Returns: how many bytes were taken; 0 when none for the slice of time.
    func write(_ bytes: ArraySlice<UInt8>, until deadline: ContinuousClock.Instant) throws -> Int {
        let events = wait(for: POLLOUT, until: deadline)
        guard events != 0 else { return 0 }
        let count = bytes.withUnsafeBytes { buffer in
            isSocket
                ? send(descriptor, buffer.baseAddress, buffer.count, Int32(MSG_NOSIGNAL))
                : Glibc.write(descriptor, buffer.baseAddress, buffer.count)
        }
        if count >= 0 { return count }
        if errno == EAGAIN || errno == EINTR { return 0 }
        throw Fault.ended
    }

    /// What has come in, waiting a slice of time for it.
    func read(until deadline: ContinuousClock.Instant) throws -> [UInt8] {
        guard wait(for: POLLIN, until: deadline) != 0 else { return [] }
        var buffer = [UInt8](repeating: 0, count: 256)
        let count = Glibc.read(descriptor, &buffer, buffer.count)
        if count > 0 { return Array(buffer[..<count]) }
        if count < 0, errno == EAGAIN || errno == EINTR { return [] }
        // A device file that only takes bytes reads as ended; a socket that ended is gone.
        if isSocket { throw Fault.ended }
        if count < 0 { throw Fault.ended }
        return []
    }

    /// Whether the other side has acknowledged everything that was sent.
    func isDelivered() -> Bool {
        guard isSocket else { return true }
        var waiting: Int32 = 0
        return ioctl(descriptor, UInt(TIOCOUTQ), &waiting) == 0 && waiting == 0
    }

    /// Waits at most a slice of time, so that a stop is noticed; returns the events that came.
    private func wait(for events: Int32, until deadline: ContinuousClock.Instant) -> Int16 {
        if isStopped() { return 0 }
        let left = deadline - ContinuousClock.now
        let slice = max(0, min(100, left.wholeMilliseconds))
        var request = pollfd(fd: descriptor, events: Int16(events), revents: 0)
        guard poll(&request, 1, Int32(slice)) > 0 else { return 0 }
        return request.revents
    }

    private func pendingError() -> Int32 {
        var error: Int32 = 0
        var length = socklen_t(MemoryLayout<Int32>.size)
        let status = getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &error, &length)
        return status == 0 ? error : errno
    }
}

/// A printer that cannot be used, and why.
struct PrinterRefused: Error {
    let condition: PrinterCondition

    init(_ condition: PrinterCondition) {
        self.condition = condition
    }
}

/// A thread for one piece of work that waits: Swift's own threads are never held.
enum PrinterThread {
    static func run<Value: Sendable>(_ work: @escaping @Sendable () -> Value) async -> Value {
        await withCheckedContinuation { continuation in
            Thread.detachNewThread { continuation.resume(returning: work()) }
        }
    }
}
