import Journal
import Receipts
import WebSupport

/// A print job as JSON answers show it (Docs/TILL-API.md).
struct PrintJobAnswer: Encodable {
    let id: Int64
    let printer: String
    let printerName: String
    let kind: String
    let subject: String
    let number: String
    /// 1 is the merchant's copy.
    let paperIndex: Int
    let reprint: Int
    let title: String
    let askedBy: String
    let askedAt: Int64
    let askedAtText: String
    let state: String
    let stateText: String
    let level: String
    let trouble: String?
    let troubleText: String?

    init(_ job: PrintJob, _ words: Words) {
        id = job.id
        printer = job.printer
        printerName = job.printerName
        kind = job.kind.rawValue
        subject = job.subject
        number = job.number
        paperIndex = job.paperIndex
        reprint = job.reprint
        var parts = [words("till.job.kind.\(job.kind.rawValue)")]
        if job.kind == .sale || job.kind == .refund {
            parts.append(words(job.paperIndex == 1 ? "till.job.merchant" : "till.job.customer"))
        }
        if job.reprint > 0 {
            parts.append(words("till.slip.reprint", ["count": String(job.reprint)]))
        }
        title = parts.joined(separator: " · ")
        askedBy = job.askedBy
        askedAt = job.askedAt
        askedAtText = Texts.time(job.askedAt)
        state = job.state.rawValue
        stateText = words("till.job.\(job.state.rawValue)")
        level = job.level
        trouble = job.trouble?.rawValue
        troubleText = job.trouble.map { words("till.printer.\($0.rawValue)") }
    }
}

extension PrintJob {
    fileprivate var level: String {
        switch state {
        case .waiting: trouble == nil ? "plain" : "warn"
        case .sending, .sent, .dropped: "plain"
        case .printed: "good"
        case .unknown: "bad"
        }
    }
}

/// A printer as JSON answers show it.
struct PrinterAnswer: Encodable {
    let id: String
    let slip: String
    let slipText: String
    let name: String
    let device: String
    let deviceText: String
    let address: String
    let paper: Int
    let encoding: String
    let copies: Int
    let language: String
    let languageText: String
    let pictures: Bool
    let main: Bool
    let state: String?
    let stateText: String
    let level: String
    let waiting: Int

    init(_ printer: Printer, sight: Printing.Sight?, waiting: Int, _ words: Words) {
        id = printer.id
        slip = printer.slip.rawValue
        slipText = words("till.job.kind.\(printer.slip.rawValue)")
        name = printer.name
        device = printer.device.kind.rawValue
        deviceText = words("till.printers.device.\(printer.device.kind.rawValue)")
        address = printer.device.address
        paper = printer.paper.rawValue
        encoding = printer.encoding.rawValue
        copies = printer.copies
        language = printer.language.rawValue
        languageText = words("till.printers.language.\(printer.language.rawValue)")
        pictures = printer.pictures
        main = printer.isMain
        // The print system says nothing until it is given something.
        let condition =
            printer.device.kind == .cups ? sight?.condition ?? .queued : sight?.condition
        state = condition?.rawValue
        stateText = words("till.printer.\(condition?.rawValue ?? "unseen")")
        level = condition?.level ?? "plain"
        self.waiting = waiting
    }
}

/// How printing stands, for the status bar and the status page.
struct PrintingReport: Sendable {
    let printers: [Printer]
    let openJobs: [PrintJob]
    let sights: [String: Printing.Sight]

    static func load(_ printing: Printing) async throws -> PrintingReport {
        let (printers, jobs) = try await printing.store.read {
            (try Printers.list(in: $0), try PrintJobs.open(in: $0))
        }
        var sights: [String: Printing.Sight] = [:]
        for printer in printers { sights[printer.id] = printing.sight(of: printer.device) }
        return PrintingReport(printers: printers, openJobs: jobs, sights: sights)
    }

    /// What head office is told of them.
    var toldToOffice: [TillStatus.Printer] {
        printers.map { printer in
            .init(
                name: printer.name, slip: printer.slip.rawValue,
                state: sights[printer.id]?.condition.rawValue,
                waiting: openJobs.count { $0.printer == printer.id })
        }
    }

    /// The worst first: a slip in question, a printer that does not print, slips that wait.
    func summary(_ words: Words) -> StateView? {
        guard !printers.isEmpty else { return nil }
        let unknown = openJobs.filter { $0.state == .unknown }.count
        if unknown > 0 {
            return StateView(
                text: words("till.status.printUnknown", ["count": String(unknown)]), level: "bad")
        }
        let waiting = openJobs.count
        let troubled = printers.filter(\.isMain).compactMap { printer in
            sights[printer.id].flatMap { $0.condition.prints ? nil : $0.condition }
        }
        if let condition = troubled.first {
            let state = words("till.printer.\(condition.rawValue)")
            return StateView(
                text: waiting == 0
                    ? state
                    : words(
                        "till.status.printWaiting", ["state": state, "count": String(waiting)]),
                level: "bad")
        }
        if waiting > 0 {
            return StateView(
                text: words("till.status.printing", ["count": String(waiting)]), level: "plain")
        }
        let isNearEnd = printers.contains { sights[$0.id]?.condition == .paperNearEnd }
        return isNearEnd
            ? StateView(text: words("till.printer.paper_near_end"), level: "warn")
            : StateView(text: words("till.status.printReady"), level: "good")
    }
}
