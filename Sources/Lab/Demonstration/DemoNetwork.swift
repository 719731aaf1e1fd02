public import Foundation
public import HTTPTransport
import Logging

/// A network on this machine: head office with a private PostgreSQL, a line that can be cut, tills behind it.
///
/// Everything lies in one folder. Programs are started as their own processes and reached over their ports only.
public final class DemoNetwork {
    /// A till of the network.
    public struct TillPlace: Sendable {
        /// The store it stands in.
        public let store: String
        /// What head office calls it when the tills of a store are let in in their order, such as `GD0001-02`.
        public let name: String
        /// Its web port.
        public let port: Int
        /// Its data folder.
        public let folder: URL
        /// Where its pages are.
        public var base: String { "http://127.0.0.1:\(port)" }
    }

    /// Where everything lies.
    public let folder: URL
    /// The folder of the built programs.
    public let programs: URL
    /// Head office's staff pages.
    public let officeBase: String
    /// The line between the tills and head office.
    public let line: FaultProxy
    /// The tills, in the order they were planned.
    public let tills: [TillPlace]
    /// A receipt printer beside each till, of 80 and 58 mm in turn; their papers lie in the tills' neighbour folders.
    public let printers: [PrinterFolder]
    /// Plain HTTP on loopback, for the pages.
    public let web: HTTPTransport

    private let syncPort: Int
    private let officePort: Int
    private var office: NodeProcess?
    private var running: [String: NodeProcess] = [:]
    private let clock: ClockShift

    /// Whether programs see another time than the machine's.
    public enum ClockShift: Sendable {
        /// The machine's own time.
        case none
        /// So many days ago, by a preloaded library: the programs know nothing of it.
        case daysAgo(Int)
    }

    /// Plans a network; nothing is started.
    ///
    /// - Shape: ports `firstPort` to `firstPort + 10 + tills`; the line listens on `firstPort + 2`, the first four tills'
    ///   printers from `firstPort + 5`.
    public init(
        folder: URL, programs: URL, stores: [String], firstPort: Int, clock: ClockShift = .none
    ) throws {
        self.folder = folder
        self.programs = programs
        self.clock = clock
        officePort = firstPort
        officeBase = "http://127.0.0.1:\(firstPort)"
        syncPort = firstPort + 1
        line = try FaultProxy(port: firstPort + 2, to: firstPort + 1)
        tills = stores.enumerated().map { index, store in
            let number = stores[...index].count(where: { $0 == store })
            return TillPlace(
                store: store, name: "\(store)-0\(number)", port: firstPort + 11 + index,
                folder: folder.appending(path: "till-\(index + 1)-\(store)"))
        }
        printers = try stores.prefix(4).indices.map { index in
            try PrinterFolder(
                port: firstPort + 5 + index, width: index.isMultiple(of: 2) ? 80 : 58,
                folder: folder.appending(path: "printer-\(index + 1)"))
        }
        web = try HTTPTransport(
            configuration: HTTPTransportConfiguration(allowPlainHTTPLoopback: true),
            logger: Self.silentLogger)
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    }

    /// The lab speaks through its report; the parts it borrows stay quiet.
    static let silentLogger = Logger(label: "huiyika.lab") { _ in SwiftLogNoOpLogHandler() }

    /// Head office's data folder.
    public var officeFolder: URL { folder.appending(path: "office") }

    /// The certificate authority tills pin.
    public var authorityFile: URL { officeFolder.appending(path: "ca.pem") }

    /// The sync address as tills know it: through the line.
    public var syncAddress: String { "https://127.0.0.1:\(line.port)" }

    /// The sync address without the line between.
    public var directSyncAddress: String { "https://127.0.0.1:\(syncPort)" }

    /// Runs a command of head office to its end.
    @discardableResult
    public func runOffice(_ arguments: [String]) throws -> String {
        try NodeProcess.run(
            program("huiyika-office"), arguments + ["--data", officeFolder.path],
            environment: officeEnvironment)
    }

    /// Starts head office and waits until its pages answer.
    public func startOffice() async throws {
        let process = try NodeProcess.start(
            "head office", program: program("huiyika-office"),
            arguments: ["serve", "--data", officeFolder.path],
            environment: officeEnvironment, logFile: folder.appending(path: "office.log"))
        office = process
        try await waitUntilAnswering(process, at: officeBase)
    }

    /// Stops head office as an operator would.
    public func stopOffice() throws {
        guard let office, office.stop() else {
            throw LabError("head office did not stop by itself")
        }
        self.office = nil
    }

    /// Kills head office.
    public func killOffice() {
        office?.kill()
        office = nil
    }

    /// Asks for enrolment in a process of its own; the caller approves it meanwhile.
    public func beginEnrolment(
        of till: TillPlace, code: String, isRenewal: Bool = false
    ) throws -> NodeProcess {
        try NodeProcess.start(
            "enrolment of \(till.name)", program: program("huiyika-till"),
            arguments: [
                "enrol", "--data", till.folder.path, "--office", syncAddress,
                "--ca", authorityFile.path, "--code", code, "--name", "收银台 \(till.name)",
            ] + (isRenewal ? ["--renew"] : []), environment: clockEnvironment,
            logFile: folder.appending(path: "till-\(till.port).log"))
    }

    /// Starts a till and waits until its pages answer.
    @discardableResult
    public func startTill(_ till: TillPlace) async throws -> NodeProcess {
        let process = try NodeProcess.start(
            "till \(till.name)", program: program("huiyika-till"),
            arguments: ["serve", "--data", till.folder.path, "--port", String(till.port)],
            environment: clockEnvironment,
            logFile: folder.appending(path: "till-\(till.port).log"))
        running[till.base] = process
        try await waitUntilAnswering(process, at: till.base)
        return process
    }

    /// Stops a till as an operator would.
    public func stopTill(_ till: TillPlace) throws {
        guard let process = running.removeValue(forKey: till.base), process.stop() else {
            throw LabError("till \(till.name) did not stop by itself")
        }
    }

    /// Runs a command of a till that does not serve to its end.
    @discardableResult
    public func runTill(
        _ arguments: [String], on till: TillPlace, expecting status: Int32 = 0
    ) throws -> String {
        try NodeProcess.run(
            program("huiyika-till"), arguments + ["--data", till.folder.path],
            environment: clockEnvironment, expecting: status)
    }

    /// Kills a till as a power cut would.
    public func killTill(_ till: TillPlace) throws {
        guard let process = running.removeValue(forKey: till.base) else {
            throw LabError("till \(till.name) does not run")
        }
        process.kill()
    }

    /// Stops everything that runs, tills first.
    public func stop() async {
        for process in running.values { process.stop() }
        running = [:]
        office?.stop()
        office = nil
        try? line.set(.cut)
    }

    /// Closes the lab's own connections; nothing can be asked after it.
    public func close() async {
        await stop()
        for printer in printers { printer.close() }
        await web.shutdown()
    }

    private var officeEnvironment: [String: String] {
        [
            "HUIYIKA_OFFICE_WEB_PORT": String(officePort),
            "HUIYIKA_OFFICE_SYNC_PORT": String(syncPort),
            "HUIYIKA_OFFICE_WEB_SECOND_FACTOR": "optional",
            "HUIYIKA_OFFICE_TELEPHONES_SERVICE": "400-000-0001",
            "HUIYIKA_OFFICE_TELEPHONES_FAULT": "400-000-0002",
        ].merging(clockEnvironment) { $1 }
    }

    private func program(_ name: String) -> String { programs.appending(path: name).path }

    /// What a program is started with so that it sees the time of the network.
    private var clockEnvironment: [String: String] {
        switch clock {
        case .none: [:]
        case .daysAgo(let days):
            [
                "LD_PRELOAD": programs.appending(path: "libClockShift.so").path,
                "CLOCK_SHIFT_SECONDS": String(-days * 86_400),
            ]
        }
    }

    private func waitUntilAnswering(_ process: NodeProcess, at base: String) async throws {
        let client = WebClient(base: base, transport: web)
        do {
            _ = try await eventually("\(process.name) answering", within: 90) {
                guard process.isRunning else { throw LabError("\(process.name) has ended") }
                return try await client.get("/sign-in").status == 200 ? true : nil
            }
        } catch {
            throw LabError("\(error)\n\(process.lastLines())")
        }
    }
}
