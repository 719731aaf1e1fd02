import Domain
public import Foundation
import HTTPTransport
import Journal
import PostgresDriver

/// Measures how many stand-in sales a second head office takes through HTTPS to a commit on disk, beside what
/// PostgreSQL's own tools say of the same cluster on the same disk in the same run.
///
/// - Shape: bounded: two tills, 20 batches of 500 sales each, then pgbench for ten seconds and one second a sync method.
public final class IngestMeasurement {
    private let network: DemoNetwork
    private let setup: URL
    private let report = Report()

    private static let batchCount = 20
    private static let batchSize = 500
    private static let cardCount = 2_000

    /// Plans a measurement in a folder, which is emptied first.
    public init(folder: URL, programs: URL, demo: URL, firstPort: Int) throws {
        try? FileManager.default.removeItem(at: folder)
        network = try DemoNetwork(
            folder: folder, programs: programs, stores: [], firstPort: firstPort)
        setup = demo.appending(path: "setup.json")
    }

    /// Measures and prints.
    public func run() async throws {
        do {
            try await measure()
            await network.close()
        } catch {
            await network.close()
            throw error
        }
    }

    private func measure() async throws {
        try network.runOffice(["setup", "--file", setup.path])
        try await network.startOffice()
        let transport = try LabTransport.pinned(to: network.authorityFile)
        let cards = try await issueCards()
        for tillCount in [1, 2] {
            let tills = try await (0..<tillCount).asyncMap { _ in try await enrol(transport) }
            let work = try tills.map { till in (try till.pusher(), try bodies(till, cards)) }
            let start = ContinuousClock.now
            try await withThrowingTaskGroup(of: Void.self) { group in
                for (pusher, bodies) in work {
                    group.addTask { try await pusher.push(bodies) }
                }
                try await group.waitForAll()
            }
            let sales = tillCount * Self.batchCount * Self.batchSize
            report.write(
                "sales a second through HTTPS to commit, \(tillCount) till(s): "
                    + "\(rate(sales, since: start))")
        }
        await transport.shutdown()
        report.write(try network.runOffice(["ledger", "verify"]).trimmed)
        try runBaselines()
    }

    private func rate(_ count: Int, since start: ContinuousClock.Instant) -> Int64 {
        let spent = start.duration(to: .now).components
        let milliseconds = spent.seconds * 1_000 + spent.attoseconds / 1_000_000_000_000_000
        return Int64(count) * 1_000 / max(1, milliseconds)
    }

    private func clerk(_ login: String) async throws -> Clerk {
        try await Clerk(
            login, Demonstration.password, at: network.officeBase, through: network.web)
    }

    private func issueCards() async throws -> [LabCard] {
        let desk = try await CardIssue(
            issuer: try await clerk("issuer"), supervisor: try await clerk("supervisor"))
        let batch = try await desk.ask(
            programme: "GD", quantity: Self.cardCount, initialLoad: 100_000, note: "measurement")
        return try await desk.issue(batch: batch, programme: "GD").map {
            try LabCard(number: $0.number, password: $0.password, programme: "GD")
        }
    }

    private func enrol(_ transport: HTTPTransport) async throws -> SimulatedTill {
        let till = try SimulatedTill(base: network.directSyncAddress, transport: transport)
        let admin = try await clerk("admin")
        let code = try await admin.enrolmentCode("GD0001")
        _ = try await till.enrol(code: code, name: "measurement")
        _ = try await admin.letTillIn(at: "GD0001")
        guard try await till.enrol(code: code, name: "measurement") else {
            throw LabError("not let in")
        }
        return till
    }

    private func bodies(_ till: SimulatedTill, _ cards: [LabCard]) throws -> [[UInt8]] {
        try (0..<Self.batchCount).map { batch in
            let entries = try (0..<Self.batchSize).map { index in
                try till.sale(
                    on: cards[(batch * Self.batchSize + index * 7) % cards.count],
                    amount: Money(fen: 100))
            }
            return try till.frame(entries).encoded()
        }
    }

    /// pgbench and pg_test_fsync, from the same PostgreSQL, on the same disk.
    private func runBaselines() throws {
        let postgres = network.officeFolder.appending(path: "postgres")
        let programs = "/usr/lib/postgresql/15/bin/"
        let cluster = try PrivateCluster(folder: postgres.path, logger: DemoNetwork.silentLogger)
        let login = ["-h", cluster.socketFolder, "-U", "postgres"]
        try NodeProcess.run("/usr/bin/createdb", login + ["measurement"])
        try NodeProcess.run(
            programs + "pgbench", login + ["-q", "-i", "-s", "10", "measurement"])
        let bench = try NodeProcess.run(
            programs + "pgbench",
            login + ["-c", "8", "-j", "2", "-M", "prepared", "-T", "10", "measurement"])
        bench.split(separator: "\n").filter { $0.hasPrefix("tps") }
            .forEach { report.write("pgbench -c 8 -M prepared: \($0)") }
        let file = network.folder.appending(path: "fsync-test").path
        let sync = try NodeProcess.run(programs + "pg_test_fsync", ["-s", "1", "-f", file])
        sync.split(separator: "\n")
            .filter { $0.contains("fdatasync") && $0.contains("ops/sec") }.prefix(1)
            .forEach { report.write("pg_test_fsync: \(String($0).trimmed)") }
    }
}

extension Sequence {
    /// Maps one after the other.
    fileprivate func asyncMap<Result>(
        _ transform: (Element) async throws -> Result
    ) async throws -> [Result] {
        var results: [Result] = []
        for element in self { results.append(try await transform(element)) }
        return results
    }
}
