import Domain
import Hummingbird
import WebSupport

/// The desk of exceptions: the list, and who bears what by default. The page of one is in `Exception+Page`.
struct ExceptionPages: Sendable {
    let desk: OfficeDesk

    func addRoutes(to group: RouterGroup<WebContext>) {
        group.get("/exceptions") { request, context in try await list(request, context) }
        group.get("/exceptions/bearers") { request, context in
            try await bearers(request, context)
        }
        group.post("/exceptions/bearers") { _, context in try await setBearers(context) }
        group.get("/exceptions/{id}") { _, context in try await show(context) }
        group.post("/exceptions/{id}") { _, context in try await decide(context) }
        group.post("/exceptions/{id}/hold") { _, context in try await askHoldEnd(context) }
        group.post("/exceptions/{id}/hold/decision") { _, context in
            try await decideHoldEnd(context)
        }
        group.post("/exceptions/{id}/write-off") { _, context in
            try await decideWriteOff(context)
        }
    }

    // MARK: The list

    private struct ListView {
        let states: [ChoiceView]
        let causes: [ChoiceView]
        let bearers: [ChoiceView]
        let store: String
        let atLeast: String
        let days: String
        let count: String
        let disputed: String
        let hasRows: Bool
        let rows: [RowView]
        let empty: EmptyView
        let pager: PagerView?
    }

    private struct RowView {
        let href: String
        let title: String
        let kind: String
        let store: String
        let card: String
        let isTest: Bool
        let cause: String
        let amount: String
        let disputed: String
        let hasDisputed: Bool
        let bearer: String
        let age: String
        let isOld: Bool
        let state: StateView
        let outcome: String
        let awaitsSecond: Bool
    }

    private func filter(_ query: FormFields) throws -> Exceptions.Filter {
        var filter = Exceptions.Filter()
        let state = try query.text("state")
        if !state.isEmpty { filter.state = state }
        guard Exceptions.states.contains(filter.state) else {
            throw RequestRefusal.malformedBody
        }
        filter.code = try query.text("cause")
        filter.bearer = try query.text("bearer")
        filter.storeCode = try query.text("store")
        let atLeast = try query.text("atLeast")
        if !atLeast.isEmpty { filter.atLeast = try Money.parse(yuan: atLeast) }
        let days = try query.text("days")
        if !days.isEmpty {
            guard let number = Int(days), (0...3_650).contains(number) else {
                throw RequestRefusal.malformedBody
            }
            filter.days = number
        }
        return filter
    }

    private func list(_ request: Request, _ context: WebContext) async throws -> Response {
        let query = try request.query()
        let text = desk.text(context)
        let filter = try filter(query)
        let now = desk.now
        var position: Exceptions.Position?
        if let time = Int64(try query.text("afterTime")),
            let id = Int64(try query.text("afterID"))
        {
            position = Exceptions.Position(
                openedAt: Instant(milliseconds: time), exceptionID: id)
        }
        let found = try await desk.exceptions.list(
            filter, after: position, by: try await desk.actor(context), at: now)
        let shown = found.rows.prefix(Exceptions.pageSize)
        let (atLeast, days) = (try query.text("atLeast"), try query.text("days"))
        var pager: PagerView?
        if found.rows.count > Exceptions.pageSize, let last = shown.last {
            pager = PagerView(
                position: text.words("common.shown", ["count": String(shown.count)]),
                previous: nil,
                next: address(
                    "/exceptions",
                    [
                        ("state", filter.state), ("cause", filter.code),
                        ("bearer", filter.bearer), ("store", filter.storeCode),
                        ("atLeast", atLeast), ("days", days),
                        ("afterTime", String(last.openedAt.milliseconds)),
                        ("afterID", String(last.exceptionID)),
                    ]))
        }
        let view = ListView(
            states: Exceptions.states.map {
                ChoiceView(
                    value: $0, label: text.words("exceptions.state." + $0),
                    isChosen: $0 == filter.state)
            }, causes: causes(text, chosen: filter.code),
            bearers: bearerChoices(text, filter.bearer),
            store: filter.storeCode, atLeast: atLeast, days: days,
            count: String(found.totals.count), disputed: text.money(found.totals.disputed),
            hasRows: !shown.isEmpty, rows: shown.map { row($0, text: text, now: now) },
            empty: EmptyView(
                heading: text.words("exceptions.none"),
                advice: text.words("exceptions.noneAdvice")),
            pager: pager)
        return try desk.page("exceptions/list", view, context)
    }

    private func causes(_ text: PageText, chosen: String) -> [ChoiceView] {
        [ChoiceView(value: "", label: text.words("state.all"), isChosen: chosen.isEmpty)]
            + RecordException.allCases.map {
                ChoiceView(
                    value: $0.code, label: text.words("exceptions.cause." + $0.code),
                    isChosen: $0.code == chosen)
            }
    }

    private func bearerChoices(_ text: PageText, _ chosen: String) -> [ChoiceView] {
        [ChoiceView(value: "", label: text.words("state.all"), isChosen: chosen.isEmpty)]
            + ["store", "programme", "none"].map {
                ChoiceView(
                    value: $0, label: text.words("exceptions.bearer." + $0), isChosen: $0 == chosen)
            }
    }

    private func row(_ row: Exceptions.Listed, text: PageText, now: Instant) -> RowView {
        let age = now.milliseconds(since: row.openedAt)
        return RowView(
            href: "/exceptions/\(row.exceptionID)",
            title: row.receipt ?? "\(row.tillCode) #\(row.exceptionID)",
            kind: text.words("exceptions.kind." + kindKey(row.kind)),
            store: "\(row.storeCode) \(row.storeName)",
            card: row.cardMask ?? text.words("common.none"),
            isTest: row.isTest, cause: cause(row.code, text), amount: text.money(row.amount),
            disputed: text.money(row.disputed), hasDisputed: row.disputed > .zero,
            bearer: text.words("exceptions.bearer." + row.bearer), age: text.span(age),
            isOld: row.state != "settled" && row.disputed > .zero && age > 23 * 86_400_000,
            state: state(row, text),
            outcome: row.outcome.map { text.words("exceptions.outcome." + $0) } ?? "",
            awaitsSecond: row.awaitsSecond)
    }

    func state(_ row: Exceptions.Listed, _ text: PageText) -> StateView {
        let badges = ["open": "badge-bad", "collecting": "badge-wait", "settled": "badge-good"]
        return StateView(
            text: text.words("exceptions.state." + row.state),
            badge: badges[row.state] ?? "badge-info")
    }

    func cause(_ code: String, _ text: PageText) -> String {
        text.words.text("exceptions.cause." + code) ?? code
    }

    /// `sale.completed` as a word's key; kinds that nobody knows share one.
    func kindKey(_ kind: String) -> String {
        switch kind {
        case "sale.completed", "payment.cancelled", "refund.requested", "refund.withdrawn",
            "beacon", "unreadable":
            kind.replacing(".", with: "_")
        default: "other"
        }
    }

    // MARK: Default bearers

    private struct BearersView {
        let programmes: [ChoiceView]
        let programme: String
        let canChange: Bool
        let hasRows: Bool
        let rows: [BearerView]
        let empty: EmptyView
    }

    private struct BearerView {
        let code: String
        let cause: String
        let words: String
        let bearer: String
        let choices: [ChoiceView]
    }

    private func bearers(_ request: Request, _ context: WebContext) async throws -> Response {
        let actor = try await desk.actor(context)
        let text = desk.text(context)
        let shown = try await desk.exceptionBearers.show(
            try request.query().text("programme"), by: actor)
        let view = BearersView(
            programmes: shown.programmes.map {
                ChoiceView(
                    value: $0.code, label: "\($0.code) \($0.name)",
                    isChosen: $0.code == shown.programme)
            }, programme: shown.programme, canChange: actor.roles.contains(.finance),
            hasRows: !shown.programmes.isEmpty,
            rows: ExceptionBearers.causes.map { cause in
                let bearer = (shown.bearers[cause.code] ?? .store).rawValue
                return BearerView(
                    code: cause.code, cause: self.cause(cause.code, text),
                    words: text.words("exception." + cause.code),
                    bearer: text.words("exceptions.bearer." + bearer),
                    choices: ShortfallBearer.allCases.map {
                        ChoiceView(
                            value: $0.rawValue,
                            label: text.words("exceptions.bearer." + $0.rawValue),
                            isChosen: $0.rawValue == bearer)
                    })
            },
            empty: EmptyView(
                heading: text.words("programmes.none"),
                advice: text.words("programmes.noneAdvice")))
        return try desk.page("exceptions/bearers", view, context)
    }

    private func setBearers(_ context: WebContext) async throws -> Response {
        let form = try context.requireForm()
        let programme = try form.text("programme")
        var bearers: [String: ShortfallBearer] = [:]
        for cause in ExceptionBearers.causes {
            guard let bearer = ShortfallBearer(rawValue: try form.require(cause.code)) else {
                throw RequestRefusal.malformedBody
            }
            bearers[cause.code] = bearer
        }
        let chosen = bearers
        let actor = try await desk.actor(context)
        let desk = desk
        try await desk.commit {
            try await desk.exceptionBearers.set(
                chosen, of: programme, by: actor, at: desk.now)
        }
        return .redirect(
            to: address("/exceptions/bearers", [("programme", programme)]),
            notice: Notice(.success, "exceptions.bearersSaved"))
    }
}
