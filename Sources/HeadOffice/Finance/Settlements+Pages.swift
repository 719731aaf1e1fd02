import Domain
import Hummingbird
import WebSupport

/// Runs that pay the stores: what is due, what waits for a second person, what was paid.
struct SettlementPages: Sendable {
    let desk: OfficeDesk

    func addRoutes(to group: RouterGroup<WebContext>) {
        group.get("/finance/settlements") { _, context in try await list(context) }
        group.post("/finance/settlements") { _, context -> Response in
            guard let runID = RecordID(try context.requireForm().require("run")) else {
                throw RequestRefusal.malformedBody
            }
            let (actor, desk) = (try await desk.actor(context), desk)
            try await desk.commit {
                try await desk.settlements.make(runID, by: actor, at: desk.now)
            }
            return .redirect(
                to: "/finance/settlements/\(runID)", notice: Notice(.success, "settlement.made"))
        }
        group.get("/finance/settlements/{id}") { _, context in try await show(context) }
        group.post("/finance/settlements/{id}") { _, context -> Response in
            let text = try context.requireForm().require("verdict")
            guard let verdict = Settlements.Verdict(rawValue: text) else {
                throw RequestRefusal.malformedBody
            }
            let (actor, runID) = (try await desk.actor(context), try context.recordID("id"))
            let desk = desk
            try await desk.commit {
                try await desk.settlements.decide(runID, verdict, by: actor, at: desk.now)
            }
            return .redirect(
                to: "/finance/settlements/\(runID)",
                notice: Notice(.success, "settlement.\(verdict.rawValue)"))
        }
        group.get("/finance/settlements/{id}/payments") { _, context in
            try await payments(context)
        }
        group.get("/finance/settlements/{id}/stores/{code}") { _, context in
            try await statement(context)
        }
    }

    struct RunView {
        let number: String
        let href: String
        let state: StateView
        let askedBy: String
        let askedAt: String
        let decidedBy: String
        let decidedAt: String
        let storeCount: String
        let paid: String
        let carriedOut: String
        let upTo: String
        let from: String

        init(_ run: Settlements.Run, text: PageText) {
            number = String(run.number)
            href = "/finance/settlements/\(run.runID)"
            state = text.state(run.state)
            askedBy = run.askedBy
            askedAt = text.time(run.askedAt)
            decidedBy = run.decidedBy ?? text.words("common.none")
            decidedAt = text.time(run.decidedAt)
            storeCount = String(run.storeCount)
            paid = text.money(run.paid)
            carriedOut = text.money(run.carriedOut)
            upTo = String(run.upToPosition)
            from = String(run.afterPosition + 1)
        }
    }

    struct DueView {
        let code: String
        let name: String
        let href: String
        let account: String
        let hasAccount: Bool
        let carriedIn: String
        let saleCount: String
        let gross: String
        let refunds: String
        let fees: String
        let decided: String
        let net: String
        let paid: String
        let carriedOut: String
        let isNegative: Bool

        init(_ due: Settlements.Due, run: RecordID?, text: PageText) {
            code = due.storeCode
            name = due.storeName
            href = run.map { "/finance/settlements/\($0)/stores/\(due.storeCode)" } ?? ""
            account = due.bankAccount
            hasAccount = !due.bankAccount.isEmpty
            carriedIn = text.money(due.carriedIn)
            saleCount = String(due.saleCount)
            gross = text.money(due.gross)
            refunds = text.money(due.refunds)
            fees = text.money(Money(fen: due.fees.fen - due.feesReturned.fen))
            decided = text.money(due.decided)
            net = text.money(due.net)
            paid = text.money(due.paid)
            carriedOut = text.money(due.carriedOut)
            isNegative = due.net < .zero
        }
    }

    private struct TotalView {
        let gross: String
        let refunds: String
        let fees: String
        let paid: String
        let carriedOut: String

        init(_ due: [Settlements.Due], text: PageText) throws {
            gross = text.money(try Money.sum(due.map(\.gross)))
            refunds = text.money(try Money.sum(due.map(\.refunds)))
            let charged = try Money.sum(due.map(\.fees))
            let returned = try Money.sum(due.map(\.feesReturned))
            fees = text.money(Money(fen: charged.fen - returned.fen))
            paid = text.money(try Money.sum(due.map(\.paid)))
            carriedOut = text.money(try Money.sum(due.map(\.carriedOut)))
        }
    }

    private struct ListView {
        let tabs: [SectionTab]
        let newRun: String
        let canMake: Bool
        let isWaiting: Bool
        let hasDue: Bool
        let due: [DueView]
        let total: TotalView
        let hasRuns: Bool
        let runs: [RunView]
    }

    private func list(_ context: WebContext) async throws -> Response {
        let actor = try await desk.actor(context)
        let (runs, due) = try await desk.settlements.overview(by: actor)
        let text = desk.text(context)
        let isWaiting = runs.contains { $0.state == "asked" }
        return try desk.page(
            "finance/settlements",
            ListView(
                tabs: SectionTab.finance("/finance/settlements", to: actor, text: text),
                newRun: desk.store.clock.makeID().description,
                canMake: !isWaiting && actor.roles.contains(.finance)
                    && due.contains { $0.hasMoved },
                isWaiting: isWaiting, hasDue: !due.isEmpty,
                due: due.map { DueView($0, run: nil, text: text) },
                total: try TotalView(due, text: text), hasRuns: !runs.isEmpty,
                runs: runs.map { RunView($0, text: text) }), context)
    }

    private struct ShowView {
        let tabs: [SectionTab]
        let run: RunView
        let lines: [DueView]
        let total: TotalView
        let canDecide: Bool
        let isOwn: Bool
        let isPaid: Bool
        let paymentsHref: String
    }

    private func show(_ context: WebContext) async throws -> Response {
        let actor = try await desk.actor(context)
        let (run, lines) = try await desk.settlements.show(try context.recordID("id"), by: actor)
        let text = desk.text(context)
        let isAsked = run.state == "asked"
        let isOwn = run.askerID == actor.personID
        return try desk.page(
            "finance/settlement",
            ShowView(
                tabs: SectionTab.finance("/finance/settlements", to: actor, text: text),
                run: RunView(run, text: text),
                lines: lines.map { DueView($0.due, run: run.runID, text: text) },
                total: try TotalView(lines.map(\.due), text: text),
                canDecide: isAsked && !isOwn && actor.roles.contains(.finance),
                isOwn: isAsked && isOwn, isPaid: run.state == "approved",
                paymentsHref: "/finance/settlements/\(run.runID)/payments"), context)
    }

    private func payments(_ context: WebContext) async throws -> Response {
        let (runID, actor) = (try context.recordID("id"), try await desk.actor(context))
        let desk = desk
        return try await desk.commit {
            try await Self.payments(of: runID, by: actor, desk)
        }
    }

    /// The list for the bank: text as it is, so that the bank's program reads every digit.
    static func payments(
        of runID: RecordID, by actor: StaffActor, _ desk: OfficeDesk
    ) async throws -> Response {
        let (run, lines) = try await desk.settlements.show(runID, by: actor)
        let list = try PaymentList(run: run, lines: lines)
        try await desk.settlements.noteExport(of: run, list, by: actor, at: desk.now)
        return .attachment(
            Array(list.text.utf8), type: "text/csv; charset=utf-8", name: list.fileName)
    }

    private struct StatementView {
        let tabs: [SectionTab]
        let run: RunView
        let line: DueView
        let province: String
        let address: String
        let feesCharged: String
        let feesReturned: String
        let hasDays: Bool
        let days: [DayView]
    }

    private struct DayView {
        let date: String
        let saleCount: String
        let gross: String
        let refunds: String
        let fees: String
        let decided: String
        let net: String
        let isNegative: Bool
    }

    private func statement(_ context: WebContext) async throws -> Response {
        let actor = try await desk.actor(context)
        guard let code = context.parameters.get("code") else { throw RequestRefusal.notFound }
        let statement = try await desk.settlements.statement(
            try context.recordID("id"), store: code, by: actor)
        let text = desk.text(context)
        let due = statement.line.due
        return try desk.page(
            "finance/statement",
            StatementView(
                tabs: SectionTab.finance("/finance/settlements", to: actor, text: text),
                run: RunView(statement.run, text: text),
                line: DueView(due, run: statement.run.runID, text: text),
                province: text.province(statement.province), address: statement.address,
                feesCharged: text.money(due.fees), feesReturned: text.money(due.feesReturned),
                hasDays: !statement.days.isEmpty,
                days: statement.days.map { day in
                    let net =
                        day.gross.fen - day.refunds.fen - day.fees.fen + day.decided.fen
                    return DayView(
                        date: day.date.description, saleCount: String(day.saleCount),
                        gross: text.money(day.gross), refunds: text.money(day.refunds),
                        fees: text.money(day.fees), decided: text.money(day.decided),
                        net: text.money(Money(fen: net)), isNegative: net < 0)
                }), context)
    }
}
