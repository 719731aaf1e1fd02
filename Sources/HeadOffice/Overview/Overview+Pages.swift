import Domain
import Hummingbird
import WebSupport

/// The first page.
struct OverviewPages: Sendable {
    let desk: OfficeDesk

    func addRoutes(to group: RouterGroup<WebContext>) {
        group.get("/") { _, context in try await show(context) }
        group.get("/api/session") { _, context -> Response in
            let actor = try await desk.actor(context)
            return try .json(
                SessionJSON(
                    login: actor.login, roles: actor.roles.map(\.rawValue).sorted(),
                    csrf: context.formToken))
        }
    }

    private struct SessionJSON: Encodable {
        let login: String
        let roles: [String]
        let csrf: String
    }

    private struct View {
        let today: String
        let saleCount: String
        let gross: String
        let refunds: String
        let atRisk: String
        let queues: [QueueView]
        let hasTills: Bool
        let tills: [TillView]
        let empty: EmptyView
        let bars: [BarView]
    }

    private struct QueueView {
        let label: String
        let count: String
        let href: String
        let isWaiting: Bool
    }

    private struct BarView {
        let x: String
        let middle: String
        let y: String
        let height: String
        let label: String
        let title: String
    }

    private func show(_ context: WebContext) async throws -> Response {
        let now = desk.now
        let shown = try await desk.overview.show(at: now)
        let text = desk.text(context)
        let queues = shown.queues
        func queue(_ key: String, _ count: Int64, _ href: String) -> QueueView {
            QueueView(
                label: text.words(key), count: String(count), href: href, isWaiting: count > 0)
        }
        let view = View(
            today: shown.today.date.description, saleCount: String(shown.today.saleCount),
            gross: text.money(shown.today.gross), refunds: text.money(shown.today.refunds),
            atRisk: text.money(shown.atRisk),
            queues: [
                queue("overview.refunds", queues.refunds, "/refunds"),
                queue("overview.batches", queues.batches, "/batches"),
                queue("overview.loads", queues.loads, "/loads"),
                queue("overview.cardRequests", queues.cardRequests, "/card-requests"),
                queue("overview.testCharges", queues.testCharges, "/cards?test=true"),
                queue("overview.enrolments", queues.enrolments, "/tills"),
                queue("overview.exceptions", queues.exceptions, "/orders?state=exception"),
                queue("overview.quarantine", queues.quarantine, "/quarantine"),
            ], hasTills: !shown.tills.isEmpty,
            tills: shown.tills.map { TillView($0, text: text, now: now) },
            empty: EmptyView(
                heading: text.words("tills.none"), advice: text.words("tills.noneAdvice")),
            bars: bars(shown.days, text: text))
        return try desk.page("overview/index", view, context)
    }

    /// Bars in a picture of 700 × 160, 14 of them; heights by whole numbers.
    private func bars(_ days: [Overview.Day], text: PageText) -> [BarView] {
        let largest = max(days.map(\.gross.fen).max() ?? 0, 1)
        return days.enumerated().map { index, day in
            let share = day.gross.fen.multipliedFullWidth(by: 120)
            let height = largest.dividingFullWidth((share.high, share.low)).quotient
            let shownHeight = day.gross > .zero ? max(height, 2) : 0
            return BarView(
                x: String(index * 50 + 9), middle: String(index * 50 + 25),
                y: String(132 - shownHeight), height: String(shownHeight),
                label: String(day.date.description.suffix(5)),
                title: "\(day.date) \(text.money(day.gross)) · \(day.saleCount)")
        }
    }
}

/// A till by its freshness.
struct TillView {
    let code: String
    let store: String
    let freshness: StateView
    let contact: String
    let unsentCount: String
    let unsentValue: String
    let oldest: String
    let offset: String
    let isOffsetLarge: Bool
    let version: String
    let atRisk: String
    let isForked: Bool

    init(_ till: Overview.Till, text: PageText, now: Instant) {
        code = till.code
        store = "\(till.storeCode) \(till.storeName)"
        freshness = text.state(till.freshness.rawValue)
        contact =
            till.lastContactAt.map {
                text.words("tills.ago", ["span": text.span(now.milliseconds(since: $0))])
            } ?? text.words("tills.never")
        unsentCount = String(till.unsentCount)
        unsentValue = text.money(till.unsentValue)
        oldest = till.oldestUnsentAt.map { text.span(now.milliseconds(since: $0)) } ?? "–"
        offset =
            till.clockOffset.map {
                $0.magnitude < 10_000 ? "\($0) ms" : "\($0 / 1_000) s"
            } ?? "–"
        isOffsetLarge = till.isOffsetLarge
        version = till.version.isEmpty ? "–" : till.version
        atRisk = text.money(till.atRisk)
        isForked = till.isForked
    }
}
