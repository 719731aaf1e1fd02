import Domain
import Hummingbird
import WebSupport

/// The board of a month: who has sent everything, what may still come, closing and opening again.
struct MonthClosePages: Sendable {
    let desk: OfficeDesk

    func addRoutes(to group: RouterGroup<WebContext>) {
        group.get("/finance/closing") { request, context in try await show(request, context) }
        group.post("/finance/closing") { _, context -> Response in
            let month = try month(try context.requireForm().text("month"))
            let (actor, desk) = (try await desk.actor(context), desk)
            try await desk.commit {
                try await desk.closes.close(month, by: actor, at: desk.now)
            }
            return .redirect(
                to: "/finance/closing?month=\(month)", notice: Notice(.success, "closing.closed"))
        }
        group.post("/finance/reopenings") { _, context -> Response in
            let form = try context.requireForm()
            let month = try month(try form.text("month"))
            guard let id = RecordID(try form.require("reopening")) else {
                throw RequestRefusal.malformedBody
            }
            let reason = try form.text("reason")
            let actor = try await desk.actor(context)
            let desk = desk
            try await desk.commit {
                try await desk.closes.askReopening(
                    id, of: month, reason: reason, by: actor, at: desk.now)
            }
            return .redirect(
                to: "/finance/closing?month=\(month)",
                notice: Notice(.success, "closing.reopeningAsked"))
        }
        group.post("/finance/reopenings/{id}") { _, context -> Response in
            let form = try context.requireForm()
            let month = try month(try form.text("month"))
            guard let verdict = MonthCloses.Verdict(rawValue: try form.require("verdict")) else {
                throw RequestRefusal.malformedBody
            }
            let (actor, id) = (try await desk.actor(context), try context.recordID("id"))
            let desk = desk
            try await desk.commit {
                try await desk.closes.decideReopening(id, verdict, by: actor, at: desk.now)
            }
            return .redirect(
                to: "/finance/closing?month=\(month)",
                notice: Notice(.success, "closing.reopening.\(verdict.rawValue)"))
        }
    }

    private func month(_ text: String) throws -> TradingMonth {
        guard let month = TradingMonth.parse(text) else { throw FinanceRefusal.monthInvalid }
        return month
    }

    private struct View {
        let tabs: [SectionTab]
        let month: String
        let state: StateView
        let canClose: Bool
        let refusal: String
        let canAskReopening: Bool
        let newReopening: String
        let completeCount: String
        let behindCount: String
        let silentCount: String
        let mayBring: String
        let pendingRefunds: String
        let openExceptions: String
        let hasStores: Bool
        let stores: [StoreRow]
        let hasClosings: Bool
        let closings: [ClosingRow]
        let hasReopenings: Bool
        let reopenings: [ReopeningRow]
        let hasLate: Bool
        let late: [LateRow]
    }

    private struct StoreRow {
        let code: String
        let name: String
        let state: StateView
        let tills: [TillRow]
        let mayBring: String
    }

    private struct TillRow {
        let code: String
        let state: StateView
        let lastContact: String
        let unsent: String
    }

    private struct ClosingRow {
        let number: String
        let closedBy: String
        let closedAt: String
        let position: String
        let mayStillArrive: String
        let href: String
    }

    private struct ReopeningRow {
        let id: String
        let reason: String
        let state: StateView
        let askedBy: String
        let askedAt: String
        let decidedBy: String
        let canDecide: Bool
        let isOwn: Bool
    }

    private struct LateRow {
        let month: String
        let count: String
        let amount: String
    }

    private func show(_ request: Request, _ context: WebContext) async throws -> Response {
        let actor = try await desk.actor(context)
        let asked = try request.query().text("month")
        let month = asked.isEmpty ? TradingMonth(desk.now).previous : try month(asked)
        let board = try await desk.closes.board(month, by: actor, at: desk.now)
        let text = desk.text(context)
        func count(_ completeness: MonthCloses.Completeness) -> String {
            String(board.stores.count { $0.completeness == completeness })
        }
        let isFinance = actor.roles.contains(.finance)
        return try desk.page(
            "finance/closing",
            View(
                tabs: SectionTab.finance("/finance/closing", to: actor, text: text),
                month: month.description,
                state: text.state("month." + board.status.rawValue),
                canClose: board.refusal == nil && isFinance,
                refusal: board.refusal.map { text.words("refusal.\($0.code)") } ?? "",
                canAskReopening: board.canReopen && isFinance
                    && !board.reopenings.contains { $0.state == "asked" },
                newReopening: desk.store.clock.makeID().description,
                completeCount: count(.complete), behindCount: count(.behind),
                silentCount: count(.silent), mayBring: text.money(board.mayBring),
                pendingRefunds: String(board.pendingRefunds),
                openExceptions: String(board.openExceptions), hasStores: !board.stores.isEmpty,
                stores: board.stores.map { row($0, text) }, hasClosings: !board.closings.isEmpty,
                closings: board.closings.map { row($0, month, text) },
                hasReopenings: !board.reopenings.isEmpty,
                reopenings: board.reopenings.map { row($0, actor, text) },
                hasLate: !board.late.isEmpty,
                late: board.late.map {
                    LateRow(
                        month: $0.month.description, count: String($0.count),
                        amount: text.money($0.amount))
                }), context)
    }

    private func row(_ store: MonthCloses.Store, _ text: PageText) -> StoreRow {
        StoreRow(
            code: store.code, name: store.name, state: text.state(store.completeness.rawValue),
            tills: store.tills.map { till in
                TillRow(
                    code: till.code, state: text.state(till.completeness.rawValue),
                    lastContact: text.time(till.lastContactAt),
                    unsent: till.unsentCount == 0
                        ? text.words("common.none")
                        : "\(till.unsentCount) · \(text.money(till.unsentValue))")
            }, mayBring: text.money(store.mayBring))
    }

    private func row(
        _ closing: MonthCloses.Closing, _ month: TradingMonth, _ text: PageText
    ) -> ClosingRow {
        ClosingRow(
            number: String(closing.number), closedBy: closing.closedBy,
            closedAt: text.time(closing.closedAt), position: String(closing.position),
            mayStillArrive: text.money(closing.mayStillArrive),
            href: "/finance/reports/monthly-sales?month=\(month)&closing=\(closing.number)")
    }

    private func row(
        _ reopening: MonthCloses.Reopening, _ actor: StaffActor, _ text: PageText
    ) -> ReopeningRow {
        let isAsked = reopening.state == "asked"
        let isOwn = reopening.askerID == actor.personID
        return ReopeningRow(
            id: reopening.id.description, reason: reopening.reason,
            state: text.state(reopening.state), askedBy: reopening.askedBy,
            askedAt: text.time(reopening.askedAt),
            decidedBy: reopening.decidedBy ?? text.words("common.none"),
            canDecide: isAsked && !isOwn && actor.roles.contains(.finance),
            isOwn: isAsked && isOwn)
    }
}
