// One network for all system tests: head office, its PostgreSQL and three tills, as real processes.

import Domain
import Foundation
import HTTPTransport
import Journal
import TestSupport
import Testing

@testable import Lab

/// Bad input and trouble, against the real programs over real sockets.
@Suite(.serialized)
struct SystemTests {}

/// The network that the tests share.
@MainActor
final class World {
    let network: DemoNetwork
    let witness: LedgerWitness
    /// Straight to head office's sync port.
    let sync: HTTPTransport
    private var cards: [String: [DemoCard]] = [:]
    private var cashiers: [String: Cashier] = [:]
    private var clerks: [String: Clerk] = [:]

    private static var making: Task<World, any Error>?

    /// The network, started when first needed and stopped at the end of the process.
    static func shared() async throws -> World {
        let task = making ?? Task { try await World() }
        making = task
        return try await task.value
    }

    private static var repository: URL {
        URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
    }

    /// Ports of this process's own, so that two runs on one machine do not meet.
    private static var firstPort: Int { 10_000 + Int(getpid()) % 1_000 * 20 }

    private init() async throws {
        let folder = try makeTemporaryDirectory()
        chmod(folder.path, 0o755)
        atExit { NodeProcess.stopAll() }
        network = try DemoNetwork(
            folder: folder, programs: Self.repository.appending(path: ".build/debug"),
            stores: ["GD0001", "GD0002", "GD0001"], firstPort: Self.firstPort)
        let setup = Self.repository.appending(path: "deploy/demo/setup.json")
        try network.runOffice(["setup", "--file", setup.path])
        try await network.startOffice()
        witness = try LedgerWitness(officeFolder: network.officeFolder)
        sync = try LabTransport.pinned(to: network.authorityFile)
        try await fill()
    }

    private func fill() async throws {
        let admin = try await clerk("admin")
        let file = try Data(
            contentsOf: Self.repository.appending(path: "deploy/demo/catalogue.csv"))
        _ = try await admin.upload(file, to: "/catalogue/apply")
        let desk = try await CardIssue(
            issuer: try await clerk("issuer"), supervisor: try await clerk("supervisor"))
        for (programme, quantity) in [("GD", 40), ("JS", 1)] {
            let batch = try await desk.ask(
                programme: programme, quantity: quantity, initialLoad: 10_000, note: "test")
            cards[programme] = try await desk.issue(batch: batch, programme: programme)
        }
        for till in network.tills.prefix(2) { try await enrol(till) }
    }

    /// Enrols a till and starts it.
    func enrol(_ till: DemoNetwork.TillPlace) async throws {
        let admin = try await clerk("admin")
        let enrolment = try network.beginEnrolment(
            of: till, code: try await admin.enrolmentCode(till.store))
        _ = try await admin.letTillIn(at: till.store)
        try await eventually("the till enrolled") { enrolment.isRunning ? nil : () }
        try await network.startTill(till)
    }

    /// A till of the lab, enrolled at a store.
    func simulatedTill(at store: String = "GD0002") async throws -> SimulatedTill {
        let admin = try await clerk("admin")
        let till = try SimulatedTill(base: network.directSyncAddress, transport: sync)
        let code = try await admin.enrolmentCode(store)
        _ = try await till.enrol(code: code, name: "lab")
        _ = try await admin.letTillIn(at: store)
        guard try await till.enrol(code: code, name: "lab") else { throw LabError("not let in") }
        return till
    }

    /// Somebody at head office, signed in once.
    func clerk(_ login: String) async throws -> Clerk {
        if let known = clerks[login] { return known }
        let clerk = try await Clerk(
            login, Demonstration.password, at: network.officeBase, through: network.web)
        clerks[login] = clerk
        return clerk
    }

    /// A cashier at a till, signed in once: a session outlives the till's restarts.
    func cashier(at index: Int) async throws -> Cashier {
        let base = network.tills[index].base
        if let known = cashiers[base] { return known }
        let client = WebClient(base: base, transport: network.web)
        _ = try await eventually("cashier1 at the till", within: 60) {
            try await client.signIn("cashier1", "cashier-demo-1")
        }
        let cashier = Cashier(client: client)
        _ = try await eventually("the catalogue at the till") {
            let found = try await cashier.call("GET", "/api/products?q=100001")
            return (found["products"] as? [Any])?.isEmpty == false ? true : nil
        }
        cashiers[base] = cashier
        return cashier
    }

    /// A server that tills take for head office: it has its certificate and key.
    func officeStandIn() throws -> TLSAnswerer {
        let folder = network.officeFolder.appending(path: "secrets")
        return TLSAnswerer(
            certificate: try String(
                contentsOf: folder.appending(path: "server.pem"), encoding: .utf8),
            key: try String(contentsOf: folder.appending(path: "server.key.pem"), encoding: .utf8))
    }

    /// Lets go of a cashier whose session a test ended.
    func forgetCashier(at index: Int) { cashiers[network.tills[index].base] = nil }

    /// Lets a till that has data go on under a new key.
    func renew(_ till: DemoNetwork.TillPlace, as code: String) async throws {
        let admin = try await clerk("admin")
        let enrolment = try network.beginEnrolment(
            of: till, code: try await admin.enrolmentCode(till.store, renewing: code),
            isRenewal: true)
        _ = try await admin.letTillIn(at: till.store)
        try await eventually("the till enrolled") { enrolment.isRunning ? nil : () }
        try await network.startTill(till)
    }

    /// A card that no test has used, with ¥100.00 on it.
    func takeCard(_ programme: String = "GD") throws -> DemoCard {
        guard let card = cards[programme]?.popLast() else { throw LabError("no cards are left") }
        return card
    }

    /// A fresh card that the till has seen approved, as stand-in wants it.
    func knownCard(at index: Int) async throws -> DemoCard {
        let card = try takeCard()
        _ = try await cashier(at: index).sell([("100016", 1)], price: 1, to: card)
        return card
    }

    func balance(of card: DemoCard) async throws -> Int64 {
        try await clerk("issuer").balance(of: card)
    }

    /// Waits until the till has a verdict for everything.
    func waitUntilSent(_ cashier: Cashier) async throws {
        _ = try await eventually("everything sent", within: 120) {
            integer(try await cashier.status()["unsentRecords"]) == 0 ? true : nil
        }
    }

    /// The receipts are at head office once each, and each made one transfer.
    func expectOnce(
        _ receipts: [String], sourceLocation: SourceLocation = #_sourceLocation
    ) async throws {
        #expect(Set(receipts).count == receipts.count, sourceLocation: sourceLocation)
        let found = try await witness.sales(receipts)
        #expect(found.sales == Int64(receipts.count), sourceLocation: sourceLocation)
        #expect(found.transfers == Int64(receipts.count), sourceLocation: sourceLocation)
        try verifyLedger(sourceLocation)
    }

    /// Head office's own check of ledger and chains.
    func verifyLedger(_ sourceLocation: SourceLocation = #_sourceLocation) throws {
        #expect(throws: Never.self, sourceLocation: sourceLocation) {
            try network.runOffice(["ledger", "verify"])
        }
    }
}

extension HTTPTransport {
    /// A header field, for files that also import a web server's types.
    typealias Field = HTTPField
}

extension HTTPTransport.Response {
    /// The code of a refusal; empty when there is none.
    var code: String { (try? WireError(wire: JSONValue(parsing: body), at: "reply"))?.code ?? "" }

    var refusal: WireError? { try? WireError(wire: JSONValue(parsing: body), at: "reply") }

    /// What became of each record of a batch.
    var verdicts: [RecordVerdict] {
        (try? BatchReply(wire: JSONValue(parsing: body), at: "reply"))?.verdicts ?? []
    }
}

extension RecordVerdict {
    /// `posted`, or `exception:unknown_kind`.
    var text: String { code.map { "\(state.rawValue):\($0)" } ?? state.rawValue }
}
