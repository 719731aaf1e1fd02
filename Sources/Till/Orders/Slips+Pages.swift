import Domain
import GRDB
import Hummingbird
import Receipts
import WebSupport

extension TillWeb {
    private struct SlipView {
        struct Slip {
            let slipHTML: String
        }
        let heading: String
        let reprint: String?
        let printPath: String
        /// Whether a printer of the till prints it, else the browser does.
        let hasPrinter: Bool
        let printLabel: String
        /// Whether head office has what a statement says.
        let received: StateView?
        /// Where to go on after printing.
        let nextPath: String
        let nextLabel: String
        let slips: [Slip]
    }

    private struct PrintedAnswer: Encodable {
        /// 0 for the original pair.
        let reprint: Int
        /// Empty when no printer is set up: then the browser prints.
        let jobs: [Int64]
    }

    private struct SlipTextAnswer: Encodable {
        let merchant: String
        let customer: String
    }

    private struct SlipJobsAnswer: Encodable {
        let hasPrinter: Bool
        let jobs: [PrintJobAnswer]
    }

    func addSlips(to router: RouterGroup<WebContext>) {
        router.get("/orders/:id/slip") { _, context in
            let sale = try id(context)
            try await requireKnown(sale)
            return try await slipPage(.sale(sale), context)
        }
        router.get("/refunds/:id/slip") { _, context in
            try await slipPage(.refund(try id(context)), context)
        }
        router.get("/api/sales/:id/slip") { _, context in
            let sale = try id(context)
            try await requireKnown(sale)
            return try await slipText(.sale(sale), context)
        }
        router.get("/api/refunds/:id/slip") { _, context in
            try await slipText(.refund(try id(context)), context)
        }
        router.get("/api/sales/:id/slips") { _, context in
            try await slipJobs(.sale(try id(context)), context)
        }
        router.get("/api/refunds/:id/slips") { _, context in
            try await slipJobs(.refund(try id(context)), context)
        }
        router.post("/api/sales/:id/slips") { _, context in
            let sale = try id(context)
            try await requireKnown(sale)
            return try await recordPrinting(.sale(sale), context)
        }
        router.post("/api/refunds/:id/slips") { _, context in
            try await recordPrinting(.refund(try id(context)), context)
        }
        router.get("/day-close/:id") { _, context in
            try await slipPage(.statement(try id(context)), context)
        }
        router.get("/api/day-closes/:id/slips") { _, context in
            try await slipJobs(.statement(try id(context)), context)
        }
        router.post("/api/day-closes/:id/slips") { _, context in
            try await recordPrinting(.statement(try id(context)), context)
        }
    }

    var slipSource: SlipSource { SlipSource(identity: identity, languages: site.pages.languages) }

    private func recordPrinting(
        _ subject: SlipSubject, _ context: WebContext
    ) async throws -> Response {
        let login = try context.requireSession().account
        let ids = [world.makeID(), world.makeID()]
        let asked = try await commit {
            try await store.recordPrinting(
                subject, by: login, ids: ids, at: world.now(), source: slipSource)
        }
        guard let asked else { throw RequestRefusal.notFound }
        printing.wake()
        return try Response.json(PrintedAnswer(reprint: asked.reprint, jobs: asked.jobs))
    }

    private func slipJobs(_ subject: SlipSubject, _ context: WebContext) async throws -> Response {
        let words = site.pages.words(context.language)
        return try Response.json(
            try await store.read { database in
                let printer = try Printers.main(subject.slipKind, in: database)
                return SlipJobsAnswer(
                    hasPrinter: printer != nil,
                    jobs: try PrintJobs.of(subject, in: database).map {
                        PrintJobAnswer($0, words)
                    })
            })
    }

    /// What the next printing would give.
    private struct Preview {
        let number: String
        let copies: [SlipDocument]
        let reprint: Int
        let printer: Printer?
        let close: DayClose?
    }

    private func preview(
        _ subject: SlipSubject, _ context: WebContext
    ) async throws -> Preview {
        let source = slipSource
        let language = SlipLanguage(rawValue: context.language.rawValue) ?? .zhHans
        return try await store.read { database in
            guard let slip = try source.slip(subject, in: database) else {
                throw RequestRefusal.notFound
            }
            let reprint = try Slips.nextReprint(subject, in: database)
            let printer = try Printers.main(subject.slipKind, in: database)
            let close: DayClose? =
                if case .statement(let id) = subject {
                    try DayCloses.find(id, in: database)
                } else { nil }
            return Preview(
                number: slip.number,
                copies: try SlipDocument.Copy.allCases.prefix(subject.originalCount).map {
                    try slip.document(
                        $0, reprint: reprint, language: printer?.language ?? language)
                }, reprint: reprint, printer: printer, close: close)
        }
    }

    private func slipPage(_ subject: SlipSubject, _ context: WebContext) async throws -> Response {
        let words = site.pages.words(context.language)
        let preview = try await preview(subject, context)
        let html = SlipHTML(paper: preview.printer?.paper ?? .wide)
        let view = SlipView(
            heading: words("till.slip.\(subject.kind)") + " " + preview.number,
            reprint: preview.reprint == 0
                ? nil : words("till.slip.reprint", ["count": String(preview.reprint)]),
            printPath: subject.printPath, hasPrinter: preview.printer != nil,
            printLabel: words(preview.reprint == 0 ? "till.slip.print" : "till.slip.printAgain"),
            received: preview.close.map { StateView($0, words) },
            nextPath: preview.close == nil ? "/" : "/day-close",
            nextLabel: words(preview.close == nil ? "till.pay.nextCustomer" : "till.day.back"),
            slips: preview.copies.map { .init(slipHTML: html.render($0)) })
        return try site.pages.page("orders/slip", view, context: context)
    }

    private func slipText(_ subject: SlipSubject, _ context: WebContext) async throws -> Response {
        let preview = try await preview(subject, context)
        let columns = (preview.printer?.paper ?? .wide).columns
        let texts = preview.copies.map { SlipText(columns: columns).render($0) }
        return try Response.json(
            SlipTextAnswer(merchant: texts.first ?? "", customer: texts.last ?? ""))
    }

}

extension SlipSubject {
    fileprivate var printPath: String {
        switch self {
        case .sale(let id): "/api/sales/\(id)/slips"
        case .refund(let id): "/api/refunds/\(id)/slips"
        case .statement(let id): "/api/day-closes/\(id)/slips"
        }
    }
}
