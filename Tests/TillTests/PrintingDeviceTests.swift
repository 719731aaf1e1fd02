import Foundation
import Glibc
import Receipts
import Synchronization
import TestSupport
import Testing

@testable import Till

/// Printers that are not on the network: a device file (a terminal stands in for the USB port) and a queue of the
/// print system.
@Suite(.serialized) struct PrintingDeviceTests {
    @Test func `a device file is asked, printed on and believed`() async throws {
        let port = try DevicePort()
        let world = try await PrintingWorld()
        try await world.addPrinter("USB", device: "file", address: port.path)
        let sale = try await world.sell()
        try await world.wait(sale, for: [.printed, .printed])
        let total: [UInt8] = Array("37.00".utf8)
        #expect(
            port.bytes.indices.dropLast(4).contains { index in
                Array(port.bytes[index..<(index + 5)]) == total
            })
        #expect(port.bytes.filter { $0 == 0x1C }.count > 2)
        await world.stop()
        port.close()
    }

    @Test func `a device file that is gone or no device is told apart`() async throws {
        let world = try await PrintingWorld()
        try await world.addPrinter("USB", device: "file", address: "/dev/usb/no-such-printer")
        let sale = try await world.sell()
        try await world.wait(sale, forTrouble: .unreachable)
        await world.stop()
        #expect(PrinterDevice(.file, typed: "/etc/passwd") == nil)
        #expect(PrinterDevice(.file, typed: "/dev/../etc/passwd") == nil)
        #expect(PrinterDevice(.file, typed: "/dev/usb/lp0")?.address == "/dev/usb/lp0")
    }

    @Test(arguments: [
        ("192.168.1.50", "192.168.1.50:9100"), (" printer-1.local:9101 ", "printer-1.local:9101"),
        ("[fe80::1]", "[fe80::1]:9100"), ("", nil), ("host:0", nil), ("host:99999", nil),
        ("host name", nil), ("-o:1", nil), ("h;reboot:1", nil),
    ])
    func `network addresses are read`(typed: String, address: String?) {
        #expect(PrinterDevice(.tcp, typed: typed)?.address == address)
    }

    @Test func `a queue gets the bytes, and what it took counts as sent`() async throws {
        let folder = try TemporaryFolder()
        let taken = folder.url.appending(path: "taken")
        try script(
            "#!/bin/sh\necho \"$1 $2 $3 $4\" >> \(taken.path).args\ncat \"$5\" >> \(taken.path)\n",
            in: folder)
        let world = try await PrintingWorld(system: PrintSystem(folders: [folder.url.path]))
        try await world.addPrinter("队列", device: "cups", address: "counter_1", copies: 1)
        let sale = try await world.sell()
        try await world.wait(sale, for: [.sent])
        let bytes = try Data(contentsOf: taken)
        #expect(Array(bytes.prefix(4)) == [0x1B, 0x40, 0x1C, 0x26])
        let arguments = try String(contentsOfFile: taken.path + ".args", encoding: .utf8)
        #expect(arguments == "-d counter_1 -o raw\n")
        #expect(PrinterDevice(.cups, typed: "-o") == nil)
        await world.stop()
    }

    @Test func `a queue that refuses keeps the slip waiting, and one that hangs is in question`()
        async throws
    {
        let folder = try TemporaryFolder()
        try script("#!/bin/sh\nexit 1\n", in: folder)
        var limits = PrinterLimits.quick
        limits.queue = .milliseconds(300)
        let world = try await PrintingWorld(
            limits: limits, system: PrintSystem(folders: [folder.url.path]))
        try await world.addPrinter("队列", device: "cups", address: "counter", copies: 1)
        let sale = try await world.sell()
        try await world.wait(sale, forTrouble: .queueRefused)
        #expect(try await world.states(sale) != [.sent])
        try script("#!/bin/sh\nexec sleep 60\n", in: folder)
        try await world.wait(sale, for: [.unknown])
        await world.stop()
    }

    @Test func `without a print system the slip waits and says so`() async throws {
        let folder = try TemporaryFolder()
        let world = try await PrintingWorld(system: PrintSystem(folders: [folder.url.path]))
        try await world.addPrinter("队列", device: "cups", address: "counter", copies: 1)
        let sale = try await world.sell()
        try await world.wait(sale, forTrouble: .queueMissing)
        await world.stop()
    }

    private func script(_ text: String, in folder: TemporaryFolder) throws {
        let file = folder.url.appending(path: "lp")
        try Data(text.utf8).write(to: file, options: .atomic)
        try FileManager.default.setAttributes(
            [.posixPermissions: 0o755], ofItemAtPath: file.path)
    }
}

/// The other end of a device file: keeps what is written and answers as a printer does.
private final class DevicePort: Sendable {
    let path: String
    private let master: Int32
    private let taken = Mutex<[UInt8]>([])

    init() throws {
        master = open("/dev/ptmx", O_RDWR | O_NOCTTY)
        var locked: Int32 = 0
        var number: Int32 = -1
        // TIOCSPTLCK and TIOCGPTN, which the C library's functions for them call.
        guard master >= 0, ioctl(master, 0x4004_5431, &locked) == 0,
            ioctl(master, 0x8004_5430, &number) == 0
        else { throw POSIXError(.ENXIO) }
        path = "/dev/pts/\(number)"
        var settings = termios()
        tcgetattr(master, &settings)
        cfmakeraw(&settings)
        tcsetattr(master, TCSANOW, &settings)
        // Held open, or the port would hang up whenever the till closes it.
        let held = open(path, O_RDWR | O_NOCTTY)
        guard held >= 0 else { throw POSIXError(.ENXIO) }
        Thread.detachNewThread { [master, self] in
            var last: [UInt8] = []
            var buffer = [UInt8](repeating: 0, count: 512)
            while true {
                let count = read(master, &buffer, buffer.count)
                if count <= 0 { break }
                for byte in buffer[..<count] {
                    last = Array((last + [byte]).suffix(3))
                    self.taken.withLock { $0.append(byte) }
                    if last.count == 3, last[0] == 0x10, last[1] == 0x04 { self.answer(0x12) }
                    if last == [0x1D, 0x72, 0x01] { self.answer(0x00) }
                }
            }
            Glibc.close(held)
        }
    }

    var bytes: [UInt8] { taken.withLock { $0 } }

    func close() { Glibc.close(master) }

    private func answer(_ byte: UInt8) {
        var byte = byte
        _ = write(master, &byte, 1)
    }
}
