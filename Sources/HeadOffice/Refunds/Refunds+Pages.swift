import Domain
import Hummingbird
import WebSupport

/// The queue of refund requests, a request's page, and the decision.
struct RefundPages: Sendable {
    let desk: OfficeDesk

    func addRoutes(to group: RouterGroup<WebContext>) {
        group.get("/refunds") { request, context in try await list(request, context) }
        group.get("/refunds/grace") { _, context in try await grace(context) }
        group.post("/refunds/grace") { _, context in try await setGrace(context) }
        group.get("/refunds/{id}") { _, context in try await show(context) }
        group.post("/refunds/{id}") { _, context in try await decide(context) }
    }

    private func decide(_ context: WebContext) async throws -> Response {
        let form = try context.requireForm()
        let opinion = try form.text("opinion")
        guard let verdict = Refunds.Verdict(rawValue: try form.require("verdict")),
            let digest = [UInt8](hex: try form.require("digest"))
        else { throw RequestRefusal.malformedBody }
        let (actor, requestID) = (try await desk.actor(context), try context.recordID("id"))
        let desk = desk
        _ = try await desk.commit {
            try await desk.refunds.decide(
                requestID, verdict, opinion: opinion, digest: digest, by: actor, at: desk.now)
        }
        return .redirect(
            to: "/refunds",
            notice: Notice(
                .success, verdict == .approved ? "refunds.approved" : "refunds.refused"))
    }

    private func filter(_ query: FormFields) throws -> Refunds.Filter {
        let text = try query.text("state")
        if text.isEmpty { return .pending }
        guard let filter = Refunds.Filter(rawValue: text) else {
            throw RequestRefusal.malformedBody
        }
        return filter
    }

    private struct ListView {
        let states: [ChoiceView]
        let store: String
        let hasRows: Bool
        let rows: [RowView]
        let empty: EmptyView
        let pager: PagerView?
    }

    private struct RowView {
        let href: String
        let receipt: String
        let isReceived: Bool
        let store: String
        let card: String
        let isTest: Bool
        let amount: String
        let total: String
        let reason: String
        let asked: String
        let deadline: String
        let isUrgent: Bool
        let state: StateView
        let decidedBy: String
    }

    private func list(_ request: Request, _ context: WebContext) async throws -> Response {
        let query = try request.query()
        let text = desk.text(context)
        let filter = try filter(query)
        let store = try query.text("store")
        let rows = try await desk.refunds.list(
            filter, store: store, after: try position(query), by: try await desk.actor(context))
        let shown = rows.prefix(Refunds.pageSize)
        var pager: PagerView?
        if rows.count > Refunds.pageSize, let last = shown.last {
            pager = PagerView(
                position: text.words("common.shown", ["count": String(shown.count)]),
                previous: nil,
                next: address(
                    "/refunds",
                    [
                        ("state", filter.rawValue), ("store", store),
                        ("afterTime", String(last.deadline.milliseconds)),
                        ("afterID", last.requestID.description),
                    ]))
        }
        let now = desk.now
        let view = ListView(
            states: Refunds.Filter.allCases.map {
                ChoiceView(
                    value: $0.rawValue,
                    label: $0 == .waiting
                        ? text.words("refunds.saleAwaited") : text.words("state." + $0.rawValue),
                    isChosen: $0 == filter)
            }, store: store, hasRows: !shown.isEmpty,
            rows: shown.map { row($0, text: text, now: now) },
            empty: EmptyView(
                heading: text.words("refunds.none"), advice: text.words("refunds.noneAdvice")),
            pager: pager)
        return try desk.page("refunds/list", view, context)
    }

    private func position(_ query: FormFields) throws -> Refunds.RefundPosition? {
        guard let time = Int64(try query.text("afterTime")),
            let id = RecordID(try query.text("afterID"))
        else { return nil }
        return Refunds.RefundPosition(deadline: Instant(milliseconds: time), requestID: id)
    }

    /// A request that waits for its sale says so.
    static func state(_ state: String, _ text: PageText) -> StateView {
        state == "waiting"
            ? StateView(text: text.words("refunds.saleAwaited"), badge: "badge-info")
            : text.state(state)
    }

    private func row(_ row: Refunds.Listed, text: PageText, now: Instant) -> RowView {
        let left = row.deadline.milliseconds(since: now)
        let isPending = row.state == "pending" || row.state == "waiting"
        return RowView(
            href: "/refunds/\(row.requestID)",
            receipt: row.receipt ?? text.words("refunds.saleAwaited"),
            isReceived: row.receipt != nil, store: "\(row.storeCode) \(row.storeName)",
            card: row.cardMask ?? text.words("common.none"), isTest: row.isTest,
            amount: text.money(row.amount),
            total: row.total.map { text.money($0) } ?? text.words("common.none"),
            reason: row.reason,
            asked: text.time(row.askedAt),
            deadline: isPending
                ? (left > 0
                    ? text.words("refunds.left", ["span": text.span(left)])
                    : text.words("refunds.over")) : text.time(row.deadline),
            isUrgent: isPending && left < 86_400_000, state: Self.state(row.state, text),
            decidedBy: row.decidedBy ?? "")
    }
}

extension [UInt8] {
    /// Lower-case hex.
    var hex: String {
        map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }

    /// From hex; nil for anything else.
    init?(hex: String) {
        let digits = hex.compactMap(\.hexDigitValue)
        guard digits.count == hex.count, digits.count.isMultiple(of: 2) else { return nil }
        self = stride(from: 0, to: digits.count, by: 2).map {
            UInt8(digits[$0] << 4 | digits[$0 + 1])
        }
    }
}
