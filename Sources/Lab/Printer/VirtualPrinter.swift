import Foundation
import Glibc
import Synchronization

/// A receipt printer on a TCP port of this machine, with all the troubles printers have.
///
/// One connection is served at a time, as such printers do; others wait. Each connection takes a thread.
public final class VirtualPrinter: Sendable {
    /// What is the matter with the printer; the raw value is its word in a file of conditions.
    public enum Trouble: String, Sendable, CaseIterable {
        /// Switched off: nothing listens, an open connection breaks.
        case off
        /// Accepts connections and takes nothing.
        case frozen
        /// Takes a byte a second.
        case slow
        /// Never answers.
        case mute
        /// No paper: it answers and prints nothing, until there is paper.
        case paperOut = "paper-out"
        /// The cover is open.
        case coverOpen = "cover-open"
        /// The roll is nearly used up.
        case nearEnd = "near-end"
        /// The cutter is stuck.
        case cutterStuck = "cutter-stuck"

        var stopsPaper: Bool { self == .paperOut || self == .coverOpen || self == .cutterStuck }
    }

    private struct State {
        var troubles: Set<Trouble> = []
        /// Bytes it still takes before it gets into trouble in the middle.
        var later: (trouble: Trouble, bytes: Int)?
        var listener: Int32 = -1
        var connection: Int32 = -1
        var slips: [PrintedSlip] = []
        var isClosed = false
    }

    /// Where it listens.
    public let port: Int
    /// Characters a row: 32 or 48.
    public let columns: Int
    private let state = Mutex(State())
    private let printed: @Sendable (PrintedSlip, Int) -> Void

    /// Switches a printer on.
    ///
    /// - Shape: `port` 0 takes a free one; `width` is the paper's in millimetres, 58 or 80; `printed` is told each slip
    ///   and its number, counted from 1.
    /// - Refuses: `LabError` when the port is taken.
    public init(
        port: Int = 0, width: Int = 80,
        printed: @escaping @Sendable (PrintedSlip, Int) -> Void = { _, _ in }
    ) throws {
        let listener = try LabSocket.listen(on: port)
        self.port = try LabSocket.port(of: listener)
        columns = width == 58 ? 32 : 48
        self.printed = printed
        state.withLock { $0.listener = listener }
        serve(listener)
    }

    /// What has been printed so far, torn papers included.
    public var slips: [PrintedSlip] { state.withLock { $0.slips } }

    /// Sets what is the matter with the printer; none means that all is well.
    public func set(_ troubles: Set<Trouble>) throws {
        let turnsOn = state.withLock { state in
            let wasOff = state.troubles.contains(.off)
            state.troubles = troubles
            if troubles.contains(.off) { Self.switchOff(&state) }
            return wasOff && !troubles.contains(.off) && !state.isClosed
        }
        if turnsOn {
            let listener = try LabSocket.listen(on: port)
            state.withLock { $0.listener = listener }
            serve(listener)
        }
    }

    /// Gets into trouble after so many more bytes, in the middle of a slip.
    public func becomes(_ trouble: Trouble, afterBytes count: Int) {
        state.withLock { $0.later = (trouble, count) }
    }

    /// Switches it off for good.
    public func close() {
        state.withLock { state in
            state.isClosed = true
            Self.switchOff(&state)
        }
    }

    private static func switchOff(_ state: inout State) {
        if state.listener >= 0 {
            shutdown(state.listener, Int32(SHUT_RDWR))
            Glibc.close(state.listener)
            state.listener = -1
        }
        if state.connection >= 0 { LabSocket.reset(state.connection) }
    }

    private func serve(_ listener: Int32) {
        Thread.detachNewThread { [self] in
            while true {
                let client = accept(listener, nil, nil)
                if client < 0 {
                    if errno == EINTR || errno == ECONNABORTED { continue }
                    return
                }
                _ = fcntl(client, F_SETFD, FD_CLOEXEC)
                state.withLock { $0.connection = client }
                talk(client)
                state.withLock { $0.connection = -1 }
                Glibc.close(client)
            }
        }
    }

    /// Reads until the other side ends it or the power goes.
    private func talk(_ client: Int32) {
        var work = Work(columns: columns)
        defer { if work.hasPaper { keep(work.cut(isWhole: false)) } }
        while true {
            let troubles = state.withLock { $0.troubles }
            if troubles.contains(.off) { return }
            carryOut(&work, client, troubles)
            if troubles.contains(.frozen) {
                Thread.sleep(forTimeInterval: 0.02)
                continue
            }
            var descriptor = pollfd(fd: client, events: Int16(POLLIN), revents: 0)
            guard poll(&descriptor, 1, 20) > 0 else { continue }
            if troubles.contains(.slow) { Thread.sleep(forTimeInterval: 1) }
            var buffer = [UInt8](repeating: 0, count: troubles.contains(.slow) ? 1 : 512)
            let count = recv(client, &buffer, buffer.count, 0)
            if count <= 0 {
                carryOut(&work, client, state.withLock { $0.troubles })
                return
            }
            for byte in buffer[..<count] {
                if let trouble = troubleNow() {
                    try? set([trouble])
                    if trouble == .off { return }
                }
                for event in work.take(byte) { answer(event, client, troubles) }
                carryOut(&work, client, state.withLock { $0.troubles })
            }
        }
    }

    /// The trouble that begins with this byte.
    private func troubleNow() -> Trouble? {
        state.withLock { state in
            guard let later = state.later else { return nil }
            state.later = later.bytes == 0 ? nil : (later.trouble, later.bytes - 1)
            return later.bytes == 0 ? later.trouble : nil
        }
    }

    /// Everything that waits for paper, as far as there is some.
    private func carryOut(_ work: inout Work, _ client: Int32, _ troubles: Set<Trouble>) {
        guard !troubles.contains(where: \.stopsPaper) else { return }
        while let event = work.next() {
            switch event {
            case .confirmationAsked where !troubles.contains(.mute):
                LabSocket.send([troubles.contains(.nearEnd) ? 0x03 : 0x00], to: client)
            case .cut: keep(work.cut(isWhole: true))
            case .stateAsked, .confirmationAsked, .row: break
            }
        }
    }

    private func answer(_ event: EscPosReader.Event, _ client: Int32, _ troubles: Set<Trouble>) {
        guard case .stateAsked(let question) = event, !troubles.contains(.mute) else { return }
        var byte: UInt8 = 0x12
        switch question {
        case 1: if troubles.contains(where: \.stopsPaper) { byte |= 0x08 }
        case 2:
            if troubles.contains(.coverOpen) { byte |= 0x04 }
            if troubles.contains(.paperOut) { byte |= 0x20 }
            if troubles.contains(.cutterStuck) { byte |= 0x40 }
        case 3: if troubles.contains(.cutterStuck) { byte |= 0x08 }
        case 4:
            if troubles.contains(.nearEnd) { byte |= 0x0C }
            if troubles.contains(.paperOut) { byte |= 0x6C }
        default: return
        }
        LabSocket.send([byte], to: client)
    }

    private func keep(_ slip: PrintedSlip) {
        let number = state.withLock { state in
            state.slips.append(slip)
            return state.slips.count
        }
        printed(slip, number)
    }

    /// A connection's bytes on their way to the paper.
    private struct Work {
        private var reader: EscPosReader
        private var waiting: [EscPosReader.Event] = []
        private var rows: [PrintedSlip.Row] = []
        private var bytes: [UInt8] = []
        private var began = ContinuousClock.now

        init(columns: Int) { reader = EscPosReader(columns: columns) }

        var hasPaper: Bool { !rows.isEmpty }

        /// Queues what needs paper; gives back what is answered at once.
        mutating func take(_ byte: UInt8) -> [EscPosReader.Event] {
            if bytes.isEmpty { began = .now }
            bytes.append(byte)
            var urgent: [EscPosReader.Event] = []
            for event in reader.take(byte) {
                if case .stateAsked = event {
                    urgent.append(event)
                    bytes.removeLast(3)
                } else {
                    waiting.append(event)
                }
            }
            return urgent
        }

        mutating func next() -> EscPosReader.Event? {
            guard !waiting.isEmpty else { return nil }
            let event = waiting.removeFirst()
            if case .row(let row) = event { rows.append(row) }
            return event
        }

        mutating func cut(isWhole: Bool) -> PrintedSlip {
            defer {
                rows = []
                bytes = []
            }
            return PrintedSlip(rows: rows, bytes: bytes, isWhole: isWhole, began: began)
        }
    }
}
