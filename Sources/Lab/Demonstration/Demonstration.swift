// The main job, end to end, against the real programs: nothing here knows more of them than a person at a page, a
// shell or the database's own console would.

import Domain
public import Foundation
import HTTPTransport

/// Drives the main job and prints each step with its evidence.
public final class Demonstration {
    let report: Report
    let folder: URL
    let setup: URL
    let catalogue: URL
    let out: URL
    private let programs: URL
    private let firstPort: Int
    private let past: [PastDay]

    var network: DemoNetwork
    var cards: [DemoCard] = []
    /// Spent in the months before.
    var historyCards: [DemoCard] = []
    /// The test card of the manual.
    let testCard = DemoCard(number: "6160201901100002", password: "079497", programme: "GD")
    /// Sold last month, for the month rule.
    var lastMonthSale: (sale: DemoSale, card: DemoCard)?
    var offlineSales: [DemoSale] = []
    var onlineSale: DemoSale?

    static let password = "office-demo-1"
    static let stores = ["GD0001", "JS0001", "GD0001"]

    /// The tills that trade from the first day on; the last one stands beside the first and is opened today.
    var firstTills: ArraySlice<DemoNetwork.TillPlace> { network.tills.dropLast() }

    /// Plans a demonstration.
    ///
    /// - Shape: `folder` is emptied first; `demo` holds `setup.json` and `catalogue.csv`; exports go to `out`. `months`
    ///   of history, the present one included; all before it are closed.
    public init(
        folder: URL, programs: URL, demo: URL, out: URL, firstPort: Int, months: Int
    ) throws {
        report = Report()
        self.folder = folder
        self.programs = programs
        self.firstPort = firstPort
        past = PastDay.days(beforeMonthOf: LabClock.now(), months: months)
        self.out = out
        setup = demo.appending(path: "setup.json")
        catalogue = demo.appending(path: "catalogue.csv")
        try? FileManager.default.removeItem(at: folder)
        network = try DemoNetwork(
            folder: folder, programs: programs, stores: Self.stores, firstPort: firstPort,
            clock: past.first.map { .daysAgo($0.daysAgo) } ?? .none)
    }

    /// The whole main job.
    ///
    /// - Refuses: `LabError` at the first thing that is not as it must be.
    public func runOnce() async throws {
        try await reportingFailure {
            try await open()
            try await sellOnline()
            try await lookAtThePaper()
            try await sellOffline()
            try await payByPhoneOffline()
            try await surviveTheKill()
            try await restoreTheLine()
            try await loseAReply()
            try await refund()
            try await openSecondTill()
            try await lookFromTheSecondTill()
            try await refuseLastMonth()
            try await useTheTestCard()
            try await exportTheMonth()
        }
        report.finish("The main job is done; the month's exports are in \(out.path)")
    }

    /// Starts the network, fills it and keeps it running until the task is cancelled.
    ///
    /// - Shape: meanwhile SIGUSR1 cuts the line between the tills and head office, SIGUSR2 mends it.
    public func keepRunning() async throws {
        try await reportingFailure {
            try await open()
            if !past.isEmpty {
                report.step("The day has begun")
                try await trade(isBusy: false)
            }
            try await openSecondTill()
            try await printAddresses()
            try await LineSignals.follow { line in
                try network.line.set(line)
                report.write(line == .cut ? "The line is cut." : "The line is whole.")
            }
        }
    }

    /// Closes the network in the end, whatever happened; being asked to stop is no failure.
    func reportingFailure(_ body: () async throws -> Void) async throws {
        do {
            try await body()
            await network.close()
        } catch {
            report.write(
                error is CancellationError
                    ? "\nStopping."
                    : "\n✗ \(error)\n\nThe programs' logs are in \(folder.path)")
            await network.close()
            throw error
        }
    }

    func reopened(clock: DemoNetwork.ClockShift) async throws -> DemoNetwork {
        await network.close()
        return try DemoNetwork(
            folder: folder, programs: programs, stores: Self.stores, firstPort: firstPort,
            clock: clock)
    }

    // MARK: Opening

    func fill() async throws {
        report.step("Head office is set up: programmes, stores, logins and the manual's test card")
        report.saw(try network.runOffice(["setup", "--file", setup.path]).trimmed)
        try await network.startOffice()
        report.saw(
            "head office answers at \(network.officeBase), tills call \(network.syncAddress)")
        report.step(
            "Two tills are let in: a one-time code, the till's own key, a person who approves")
        for till in firstTills { try await letIn(till) }
        try await importCatalogue()
        try await issueCards()
        for till in firstTills { try await network.startTill(till) }
        try await waitForCatalogue()
        report.step("A receipt printer is set up at each till, by its manager")
        for index in firstTills.indices { try await setUpPrinter(at: index) }
    }

    /// Fills the network and lets it live through its past, up to today.
    func open() async throws {
        try await fill()
        if !past.isEmpty { try await live(through: past) }
    }

    func letIn(_ till: DemoNetwork.TillPlace) async throws {
        let admin = try await clerk("admin")
        let code = try await admin.enrolmentCode(till.store)
        let enrolment = try network.beginEnrolment(of: till, code: code)
        let name = try await admin.letTillIn(at: till.store)
        try await eventually("the till enrolled") { enrolment.isRunning ? nil : () }
        try report.expect("code \(code) lets in", name, till.name)
    }

    private func importCatalogue() async throws {
        report.step("The catalogue is imported from a file, previewed first")
        let admin = try await clerk("admin")
        let file = try Data(contentsOf: catalogue)
        let preview = try await admin.upload(file, to: "/catalogue/preview")
        let good = integer(preview["good"]) ?? -1
        try report.expect("bad rows", (preview["bad"] as? [Any])?.count ?? -1, 0)
        let applied = try await admin.upload(file, to: "/catalogue/apply")
        try report.expect("rows applied", integer(applied["changed"]) ?? -1, good)
    }

    private func issueCards() async throws {
        report.step("Cards are issued and loaded, each by two people")
        let issuer = try await clerk("issuer")
        let supervisor = try await clerk("supervisor")
        let desk = try await CardIssue(issuer: issuer, supervisor: supervisor)
        for (programme, quantity) in [("GD", 3), ("JS", 2), ("GD", 7)] {
            let batch = try await desk.ask(
                programme: programme, quantity: quantity, initialLoad: 10_000, note: "演示")
            let own = try await issuer.refusal(
                "POST", "/batches/\(batch)/decide", ["verdict": "approved"])
            try report.expect("the issuer approves the own batch", own, "role_missing")
            let made = try await desk.issue(batch: batch, programme: programme)
            try report.expect(
                "cards of \(programme), printed and mailed", made.count, quantity)
            cards += made
        }
        for programme in past.isEmpty ? [] : ["GD", "JS"] {
            let batch = try await desk.ask(
                programme: programme, quantity: 2, initialLoad: 100_000, note: "历史")
            historyCards += try await desk.issue(batch: batch, programme: programme)
        }
        try await load(cards[0], with: 50_000, issuer, supervisor)
    }

    private func load(
        _ card: DemoCard, with amount: Int64, _ issuer: Clerk, _ supervisor: Clerk
    ) async throws {
        let load = LabClock.recordID(at: LabClock.now())
        let key = try await issuer.find(card).key
        _ = try await issuer.call(
            "POST", "/cards/\(key)/loads",
            ["load": load.description, "amount": amount, "reason": "充值"])
        _ = try await supervisor.call(
            "POST", "/loads/\(load)/decide", ["verdict": "approved"])
        try report.expect(
            "balance after ¥100.00 at issue and a load of \(yuan(amount))",
            try await issuer.balance(of: card), 10_000 + amount)
    }

    private func waitForCatalogue() async throws {
        let cashier = try await self.cashier(at: 0)
        let name: String = try await eventually("the catalogue at the till") {
            let found = try await cashier.call("GET", "/api/products?q=ganmao")
            return (found["products"] as? [[String: Any]])?.first?["name"] as? String
        }
        report.saw("the till finds “ganmao”: \(name)")
    }

    // MARK: People

    func clerk(_ login: String) async throws -> Clerk {
        try await Clerk(login, Self.password, at: network.officeBase, through: network.web)
    }

    func cashier(at index: Int, _ login: String = "cashier1") async throws -> Cashier {
        let client = WebClient(base: network.tills[index].base, transport: network.web)
        // A till just enrolled lets nobody in before its first pull.
        _ = try await eventually("\(login) at the till", within: 60) {
            try await client.signIn(login, login == "manager" ? "manager-demo-1" : "cashier-demo-1")
        }
        return Cashier(client: client)
    }

    func waitUntilSent(_ cashier: Cashier) async throws {
        _ = try await eventually("everything sent", within: 90) {
            integer(try await cashier.status()["unsentRecords"]) == 0 ? true : nil
        }
    }

    private func printAddresses() async throws {
        report.write(
            """

            Head office  \(network.officeBase)/   admin, issuer, supervisor, approver, finance, finance2, auditor   password \(Self.password)
            """)
        for till in network.tills {
            report.write(
                "Till \(till.name)  \(till.base)/   cashier1, cashier2, manager   "
                    + "passwords cashier-demo-1, cashier-demo-2, manager-demo-1")
        }
        report.write("")
        let issuer = try await clerk("issuer")
        for card in cards {
            let balance = try await issuer.balance(of: card)
            report.write(
                "Card \(card.programme)  \(card.number)  password \(card.password)  \(yuan(balance))"
            )
        }
        report.write(
            "Test card  \(testCard.number)  password \(testCard.password)  under ¥1.00 a charge")
        for (index, printer) in network.printers.enumerated() {
            report.write(
                "Printer of \(network.tills[index].name): port \(printer.printer.port), papers in "
                    + "\(folder.appending(path: "printer-\(index + 1)").path); write off, paper-out, "
                    + "cover-open, slow … into the file condition there")
        }
        report.write(
            "\nkill -USR1 \(ProcessInfo.processInfo.processIdentifier) cuts the line,"
                + " -USR2 mends it"
                + "\nRunning until Ctrl-C. Everything lies in \(folder.path)")
    }
}

extension String {
    var trimmed: String { trimmingCharacters(in: .whitespacesAndNewlines) }
}
