import Domain
import Foundation
import Glyphs
import Lab
import Logging
import Receipts
import TestSupport

@testable import Till

/// A till that sells and prints, with printers on real sockets.
final class PrintingWorld: Sendable {
    let till: EnrolledTill
    let printing: Printing
    private let work: Task<Void, Never>

    /// - Parameter system: the folder of a program `lp`.
    init(
        till: EnrolledTill? = nil, limits: PrinterLimits = .quick, system: PrintSystem = .init(),
        fonts: String = TillConfiguration.defaultFonts
    ) async throws {
        let till = if let till { till } else { try await EnrolledTill() }
        self.till = till
        let printing = Printing(
            store: till.store, identity: till.identity, world: till.clock.world,
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() },
            languages: till.slipSource.languages,
            glyphs: FontGlyphs(files: fonts.split(separator: ":").map(String.init)),
            limits: limits, system: system)
        self.printing = printing
        work = Task { await printing.work() }
    }

    /// Stops the printing as a till that stops does.
    func stop() async {
        work.cancel()
        await work.value
    }

    @discardableResult
    func addPrinter(
        _ printer: VirtualPrinter, _ name: String = "前台", slip: String = "sale", copies: Int = 2,
        paper: Int = 80, pictures: Bool = true
    ) async throws -> String {
        try await addPrinter(
            name, device: "tcp", address: "127.0.0.1:\(printer.port)", slip: slip, copies: copies,
            paper: paper, pictures: pictures)
    }

    @discardableResult
    func addPrinter(
        _ name: String, device: String, address: String, slip: String = "sale", copies: Int = 2,
        paper: Int = 80, pictures: Bool = true
    ) async throws -> String {
        let id = till.clock.world.makeID().description
        try await till.store.addPrinter(
            PrinterEntry(
                slip: slip, name: name, device: device, address: address, paper: paper,
                encoding: "gb18030", copies: copies, language: "zh-Hans", pictures: pictures),
            id: id)
        printing.wake()
        return id
    }

    /// Sells one thing, from the basket to the committed sale.
    @discardableResult
    func sell(_ sku: String = "YP0001", quantity: Int64 = 2) async throws -> RecordID {
        let checkout = till.makeCheckout { EnrolledTill.reply($0) }
        _ = try await till.store.addToBasket(of: "li", code: sku, quantity: quantity)
        let payment = try await checkout.begin(login: "li")
        try await checkout.attempt(
            payment, number: EnrolledTill.numbers.first, password: "123456")
        printing.wake()
        return payment
    }

    func jobs(_ sale: RecordID) async throws -> [PrintJob] {
        try await till.store.read { try PrintJobs.of(.sale(sale), in: $0) }
            .sorted { $0.id < $1.id }
    }

    func states(_ sale: RecordID) async throws -> [PrintJob.State] {
        try await jobs(sale).map(\.state)
    }

    func wait(_ sale: RecordID, for states: [PrintJob.State]) async throws {
        do {
            try await eventually("\(states)", limit: .seconds(20)) {
                try await self.states(sale) == states
            }
        } catch {
            throw StillOtherwise(jobs: try await jobs(sale))
        }
    }

    func wait(_ sale: RecordID, forTrouble trouble: PrinterCondition) async throws {
        try await eventually("\(trouble)", limit: .seconds(20)) {
            try await jobs(sale).first?.trouble == trouble
        }
    }
}

extension PrinterLimits {
    /// For tests: nothing is waited for long.
    static let quick = PrinterLimits(
        connect: .milliseconds(400), answer: .milliseconds(300), silence: .seconds(1),
        person: .seconds(60), question: .milliseconds(100), queue: .seconds(5),
        retries: [.milliseconds(50)], look: .milliseconds(100))
}

/// The jobs as they are instead.
struct StillOtherwise: Error {
    let jobs: [PrintJob]
}
