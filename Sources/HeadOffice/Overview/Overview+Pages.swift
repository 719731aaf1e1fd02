import Domain
import Hummingbird
import WebSupport

/// The first page.
struct OverviewPages: Sendable {
    let desk: OfficeDesk

    func addRoutes(to group: RouterGroup<WebContext>) {
        group.get("/") { _, context in try await show(context, template: "overview/index") }
        group.get("/overview/live") { _, context in
            try await show(context, template: "overview/live")
        }
        // The chart's figures, for the page's script.
        group.get("/overview/days") { _, _ in
            Response.api(try await desk.overview.show(at: desk.now).days)
        }
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
        let hasProvinces: Bool
        let provinces: [ProvinceView]
        let updated: String
    }

    private struct ProvinceView {
        let name: String
        let grade: String
        let counts: String
        let risk: String
    }

    private struct QueueView {
        let label: String
        let count: String
        /// Nil for whom that page would refuse.
        let href: String?
        let isWaiting: Bool
    }

    private func province(
        _ province: Overview.ProvinceFreshness, _ text: PageText
    ) -> ProvinceView {
        let counts = [
            ("green", province.greenCount), ("amber", province.amberCount),
            ("red", province.redCount), ("none", province.emptyCount),
        ].filter { $0.1 > 0 }
            .map { "\(text.words("overview.fresh." + $0.0)) \($0.1)" }.joined(separator: " · ")
        return ProvinceView(
            name: text.province(province.province),
            grade: province.freshness?.rawValue ?? "none", counts: counts,
            risk: text.money(province.atRisk))
    }

    private func show(_ context: WebContext, template: String) async throws -> Response {
        let now = desk.now
        let shown = try await desk.overview.show(at: now)
        let text = desk.text(context)
        let queues = shown.queues
        let actor = try await desk.actor(context)
        func queue(
            _ key: String, _ count: Int64, _ href: String, isOpen: Bool
        ) -> QueueView {
            QueueView(
                label: text.words(key), count: String(count), href: isOpen ? href : nil,
                isWaiting: count > 0)
        }
        func queue(_ key: String, _ count: Int64, _ href: String, under entry: String) -> QueueView
        {
            queue(key, count, href, isOpen: OfficeWeb.offers(entry, to: actor))
        }
        let view = View(
            today: shown.today.date.description, saleCount: String(shown.today.saleCount),
            gross: text.money(shown.today.gross), refunds: text.money(shown.today.refunds),
            atRisk: text.money(shown.atRisk),
            queues: [
                queue("overview.refunds", queues.refunds, "/refunds", under: "/refunds"),
                queue("overview.batches", queues.batches, "/batches", under: "/batches"),
                queue("overview.loads", queues.loads, "/loads", under: "/loads"),
                queue(
                    "overview.cardRequests", queues.cardRequests, "/card-requests", under: "/cards"),
                queue(
                    "overview.testCharges", queues.testCharges, "/cards?test=true", under: "/cards"),
                queue("overview.enrolments", queues.enrolments, "/tills", under: "/tills"),
                OfficeWeb.offers("/exceptions", to: actor)
                    ? queue(
                        "overview.exceptions", queues.exceptions, "/exceptions",
                        under: "/exceptions")
                    : queue(
                        "overview.exceptions", queues.exceptions, "/orders?state=exception",
                        under: "/orders"),
                queue(
                    "overview.quarantine", queues.quarantine, "/quarantine",
                    isOpen: actor.hasOne(of: Quarantine.readers)),
            ], hasTills: !shown.tills.isEmpty,
            tills: shown.tills.map { TillView($0, text: text, now: now) },
            empty: EmptyView(
                heading: text.words("tills.none"), advice: text.words("tills.noneAdvice")),
            hasProvinces: !shown.provinces.isEmpty,
            provinces: shown.provinces.map { province($0, text) },
            updated: text.time(now))
        return try desk.page(template, view, context)
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
    /// Nil until the till says something of them.
    let printers: TillPrintersView?

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
        printers = till.printers.map { TillPrintersView($0, text: text) }
    }
}
