import Domain
import Hummingbird
import Receipts
import WebSupport

extension TillWeb {
    private struct PrintersView {
        let manages: Bool
        let copiesMax: Int
        /// Whether the till can draw what a printer lacks.
        let draws: Bool
    }

    private struct PrintersAnswer: Encodable {
        let manages: Bool
        let draws: Bool
        let printers: [PrinterAnswer]
        let jobs: [PrintJobAnswer]
        let ended: [PrintJobAnswer]
    }

    private struct PrinterBody: Decodable {
        let slip: String
        let name: String
        let device: String
        let address: String
        let paper: Int
        let encoding: String
        let copies: Int
        let language: String
        /// Absent is yes.
        let pictures: Bool?

        func entry() throws(PrinterRefusal) -> PrinterEntry {
            try PrinterEntry(
                slip: slip, name: name, device: device, address: address, paper: paper,
                encoding: encoding, copies: copies, language: language, pictures: pictures ?? true)
        }
    }

    private struct MoveBody: Decodable {
        let printer: String
    }

    private struct MadeAnswer: Encodable {
        let id: String
    }

    private struct JobAnswer: Encodable {
        let job: Int64
    }

    func addPrinters(to router: RouterGroup<WebContext>) {
        router.get("/printers") { _, context in
            let view = PrintersView(
                manages: try context.requireSession().hasRole("manager"),
                copiesMax: PrinterEntry.copiesMax, draws: printing.draws)
            return try site.pages.page("printers/page", view, context: context)
        }
        router.get("/api/printers") { _, context in try await printersAnswer(context) }
        router.post("/api/printers") { request, context in
            try requireManager(context)
            let entry = try await request.json(PrinterBody.self).entry()
            let id = world.makeID().description
            try await commit { try await store.addPrinter(entry, id: id) }
            await printing.tryNow(entry.device)
            return try Response.json(MadeAnswer(id: id), status: .created)
        }
        router.put("/api/printers/:id") { request, context in
            try requireManager(context)
            let id = try id(context).description
            let entry = try await request.json(PrinterBody.self).entry()
            try await commit { try await store.changePrinter(id, to: entry) }
            await printing.tryNow(entry.device)
            return try await printersAnswer(context)
        }
        router.delete("/api/printers/:id") { _, context in
            try requireManager(context)
            let id = try id(context).description
            try await commit { try await store.removePrinter(id) }
            return try await printersAnswer(context)
        }
        router.post("/api/printers/:id/main") { _, context in
            try requireManager(context)
            let id = try id(context).description
            try await commit { try await store.makeMainPrinter(id) }
            return try await printersAnswer(context)
        }
        router.post("/api/printers/:id/test") { _, context in
            let login = try context.requireSession().account
            let id = try id(context).description
            let job = try await commit {
                try await store.printTest(id, by: login, at: world.now())
            }
            if let printer = try await store.read({ try Printers.find(id, in: $0) }) {
                await printing.tryNow(printer.device)
            }
            return try Response.json(JobAnswer(job: job), status: .created)
        }
        addPrintJobs(to: router)
    }

    private func addPrintJobs(to router: RouterGroup<WebContext>) {
        router.post("/api/print-jobs/:id/move") { request, context in
            let id = try jobID(context)
            let printer = try await request.json(MoveBody.self).printer
            try await commit { try await store.movePrintJob(id, to: printer) }
            if let printer = try await store.read({ try Printers.find(printer, in: $0) }) {
                await printing.tryNow(printer.device)
            }
            return try await printersAnswer(context)
        }
        router.post("/api/print-jobs/:id/drop") { _, context in
            let id = try jobID(context)
            try await commit { try await store.dropPrintJob(id, at: world.now()) }
            return try await printersAnswer(context)
        }
        router.post("/api/print-jobs/:id/printed") { _, context in
            let id = try jobID(context)
            try await commit { try await store.confirmPrintJob(id, at: world.now()) }
            return try await printersAnswer(context)
        }
        router.post("/api/print-jobs/:id/again") { _, context in
            let id = try jobID(context)
            let login = try context.requireSession().account
            let recordID = world.makeID()
            let job = try await commit {
                try await store.repeatPrintJob(
                    id, by: login, recordID: recordID, at: world.now(), source: slipSource)
            }
            printing.wake()
            return try Response.json(JobAnswer(job: job), status: .created)
        }
    }

    private func requireManager(_ context: WebContext) throws {
        guard try context.requireSession().hasRole("manager") else {
            throw RequestRefusal.notAllowed
        }
    }

    private func jobID(_ context: WebContext) throws -> Int64 {
        guard let id = context.parameters.get("id").flatMap({ Int64($0) }) else {
            throw RequestRefusal.notFound
        }
        return id
    }

    private func printersAnswer(_ context: WebContext) async throws -> Response {
        let words = site.pages.words(context.language)
        let report = try await PrintingReport.load(printing)
        let ended = try await store.read { try PrintJobs.ended(in: $0) }
        let printers = report.printers.map { printer in
            PrinterAnswer(
                printer, sight: report.sights[printer.id],
                waiting: report.openJobs.filter { $0.printer == printer.id }.count, words)
        }
        return try Response.json(
            PrintersAnswer(
                manages: try context.requireSession().hasRole("manager"), draws: printing.draws,
                printers: printers,
                jobs: report.openJobs.map { PrintJobAnswer($0, words) },
                ended: ended.map { PrintJobAnswer($0, words) }))
    }
}
