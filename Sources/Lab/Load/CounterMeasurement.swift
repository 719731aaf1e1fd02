public import Foundation

/// Measures what a customer at the counter waits for: a till's cold start to its first sale, the password's Enter to the
/// answer and to the slip's first byte at the printer, and a sale while a backlog drains (S-4).
///
/// - Shape: bounded: five starts, 40 printed sales, 10,000 records of backlog. What a person reads or types is not in it.
public final class CounterMeasurement {
    private let demonstration: Demonstration
    private var report: Report { demonstration.report }
    private var network: DemoNetwork { demonstration.network }

    private static let startCount = 5
    private static let saleCount = 40
    private static let offlineSaleCount = 200
    private static let backlogCount: Int64 = 10_000

    /// Plans a measurement in a folder, which is emptied first.
    public init(folder: URL, programs: URL, demo: URL, firstPort: Int) throws {
        demonstration = try Demonstration(
            folder: folder, programs: programs, demo: demo,
            out: folder.appending(path: "out"), firstPort: firstPort, months: 1)
    }

    /// Measures and prints.
    public func run() async throws {
        try await demonstration.reportingFailure {
            try await demonstration.open()
            report.step("The counter, measured")
            try await measureStarts()
            let cashier = try await demonstration.cashier(at: 0)
            try await measureSlips(cashier)
            try await measureBacklog(cashier)
        }
    }

    /// From the program's start to answering, and to the first sale of a cashier who signs in.
    private func measureStarts() async throws {
        var answering = Waits()
        var sold = Waits()
        for _ in 0..<Self.startCount {
            try network.stopTill(network.tills[0])
            let began = ContinuousClock.now
            try await network.startTill(network.tills[0])
            answering.add(since: began)
            let cashier = try await demonstration.cashier(at: 0)
            _ = try await sell(cashier)
            sold.add(since: began)
        }
        report.write("till: cold start to its pages, asked every 100 ms: \(answering)")
        report.write("till: cold start to first sale committed, sign-in included: \(sold)")
    }

    private func measureSlips(_ cashier: Cashier) async throws {
        var whole = Waits()
        var answered = Waits()
        var printed = Waits()
        for _ in 0..<Self.saleCount {
            let begun = try await cashier.ringUp([("100001", 1)], price: 10)
            let pressed = ContinuousClock.now
            let sale = try cashier.sale(
                try await cashier.pay(begun.payment, with: demonstration.cards[0]))
            answered.add(since: pressed)
            let first = try await eventually("the slip of \(sale.receipt)") {
                network.printers[0].printer.slips.first { $0.text.contains(sale.receipt) }
            }
            printed.add(first.began - pressed)
        }
        try await settle(cashier)
        for _ in 0..<Self.saleCount { whole.add(try await sell(cashier)) }
        report.write("till: password's Enter to sold, online: \(answered)")
        report.write("till: password's Enter to the slip's first byte at the printer: \(printed)")
        report.write("till: a whole sale, nobody typing, no backlog: \(whole)")
    }

    /// Waits until nothing is printed or sent any more, and takes the printers away.
    private func settle(_ cashier: Cashier) async throws {
        let manager = try await demonstration.cashier(at: 0, "manager")
        let printers = try await eventually("every slip printed") {
            let answer = try await manager.call("GET", "/api/printers")
            return (answer["jobs"] as? [Any])?.isEmpty == true
                ? answer["printers"] as? [[String: Any]] : nil
        }
        for printer in printers {
            guard let id = printer["id"] as? String else { continue }
            _ = try await manager.call("DELETE", "/api/printers/\(id)")
        }
        try await demonstration.waitUntilSent(cashier)
    }

    private func measureBacklog(_ cashier: Cashier) async throws {
        try network.line.set(.cut)
        var last: DemoSale?
        for _ in 0..<Self.offlineSaleCount {
            last = try await cashier.sellOffline(
                [("100001", 1)], price: 10, to: demonstration.cards[0])
        }
        guard let last else { return }
        while try await unsent(cashier) < Self.backlogCount {
            for _ in 0..<100 { _ = try await cashier.call("POST", "/api/sales/\(last.id)/slips") }
        }
        let count = try await unsent(cashier)
        try network.line.set(.whole)
        let began = ContinuousClock.now
        var sold = Waits()
        while try await unsent(cashier) > Int64(Self.saleCount) {
            sold.add(try await sell(cashier))
        }
        try await demonstration.waitUntilSent(cashier)
        report.write(
            "till: a whole sale while \(count) records drain, \(sold.count) sales: \(sold)")
        report.write("till: the backlog was gone after \(Waits.text(.now - began))")
    }

    private func unsent(_ cashier: Cashier) async throws -> Int64 {
        integer(try await cashier.status()["unsentRecords"]) ?? 0
    }

    /// Rings up one product at a new price, settles and pays; a payment that head office did not answer in time is
    /// asked again.
    private func sell(_ cashier: Cashier) async throws -> Duration {
        let began = ContinuousClock.now
        let payment = try await cashier.ringUp([("100001", 1)], price: 10).payment
        var state = try await cashier.pay(payment, with: demonstration.cards[0])
        while state["state"] as? String == "no_answer" {
            state = try await cashier.call("POST", "/api/payments/\(payment)/retry")
        }
        _ = try cashier.sale(state)
        return .now - began
    }
}

/// Durations of one kind.
struct Waits: CustomStringConvertible {
    private var durations: [Duration] = []

    var count: Int { durations.count }

    mutating func add(_ duration: Duration) { durations.append(duration) }

    mutating func add(since began: ContinuousClock.Instant) { add(.now - began) }

    var description: String {
        let sorted = durations.sorted()
        guard let longest = sorted.last else { return "none" }
        return "median \(Self.text(sorted[sorted.count / 2])), "
            + "95 % \(Self.text(sorted[sorted.count * 95 / 100])), longest \(Self.text(longest))"
    }

    static func text(_ duration: Duration) -> String {
        let parts = duration.components
        let tenths = parts.seconds * 10_000 + parts.attoseconds / 100_000_000_000_000
        return "\(tenths / 10).\(tenths % 10) ms"
    }
}
