import Domain
import Hummingbird
import WebSupport

// A refund request's page.
extension RefundPages {
    private struct View {
        let id: String
        let digest: String
        let receipt: String
        let saleHref: String
        let store: String
        let till: String
        let cashier: String
        let card: String
        let isTest: Bool
        let isCardMatch: Bool
        let mode: String
        let saleState: StateView
        let soldAt: String
        let total: String
        let paidByCard: String
        let refunded: String
        let amount: String
        let toCard: String
        let undone: String
        let hasUndone: Bool
        let reason: String
        let askedBy: String
        let askedAt: String
        let evidence: StateView
        let evidenceHint: String
        let deadline: String
        let left: String
        let isUrgent: Bool
        let state: StateView
        let isPending: Bool
        let canDecide: Bool
        let opinion: String
        let decidedBy: String
        let decidedAt: String
        let lines: [LineView]
        let rates: [RateView]
        let hasCardSales: Bool
        let cardSales: [CardSaleView]
        let opinionMax: String
    }

    private struct LineView {
        let name: String
        let spec: String
        let sku: String
        let price: String
        let sold: String
        let refunded: String
        let reserved: String
        let asked: String
        let isAsked: Bool
        let remaining: String
    }

    private struct RateView {
        let label: String
        let rate: String
        let detail: String
    }

    private struct CardSaleView {
        let href: String
        let receipt: String
        let store: String
        let soldAt: String
        let total: String
        let refunded: String
    }

    func show(_ context: WebContext) async throws -> Response {
        let actor = try await desk.actor(context)
        let now = desk.now
        let shown = try await desk.refunds.show(try context.recordID("id"), by: actor, at: now)
        return try desk.page(
            "refunds/show",
            view(
                shown, text: desk.text(context), canDecide: actor.roles.contains(.approver),
                now: now),
            context)
    }

    private func view(
        _ shown: Refunds.Shown, text: PageText, canDecide: Bool, now: Instant
    ) -> View {
        let found = shown.found
        let left = found.deadline.milliseconds(since: now)
        let isPending = found.state == "pending" || found.state == "waiting"
        return View(
            id: found.requestID.description, digest: found.digest.hex, receipt: found.receipt,
            saleHref: "/orders/\(found.saleID)", store: "\(found.storeCode) \(found.storeName)",
            till: found.tillCode, cashier: found.cashier, card: found.cardMask,
            isTest: found.isTest, isCardMatch: found.isCardMatch,
            mode: text.words("mode." + found.mode), saleState: text.state(found.saleState),
            soldAt: text.time(found.soldAt), total: text.money(found.total),
            paidByCard: text.money(found.paidByCard), refunded: text.money(found.refunded),
            amount: text.money(found.amount), toCard: text.money(found.split?.toCard ?? .zero),
            undone: text.money(found.split?.undone ?? .zero),
            hasUndone: (found.split?.undone ?? .zero) > .zero,
            reason: found.reason, askedBy: found.askedBy, askedAt: text.time(found.askedAt),
            evidence: evidence(found, text), evidenceHint: evidenceHint(found, text),
            deadline: text.time(found.deadline),
            left: left > 0
                ? text.words("refunds.left", ["span": text.span(left)])
                : text.words("refunds.over"), isUrgent: left < 86_400_000,
            state: Self.state(found.state, text), isPending: isPending,
            canDecide: canDecide && found.state == "pending", opinion: found.opinion ?? "",
            decidedBy: found.decidedBy ?? "", decidedAt: text.time(found.decidedAt),
            lines: found.lines.map { line($0, text: text) },
            rates: [
                rate(shown.storeRate, "refunds.storeRate", text: text),
                rate(shown.cashierRate, "refunds.cashierRate", text: text),
            ], hasCardSales: !shown.cardSales.isEmpty,
            cardSales: shown.cardSales.map {
                CardSaleView(
                    href: "/orders/\($0.saleID)", receipt: $0.receipt, store: $0.storeName,
                    soldAt: text.time($0.soldAt), total: text.money($0.total),
                    refunded: text.money($0.refunded))
            }, opinionMax: String(Refunds.opinionLengthMax))
    }

    /// How well it is known that the request was made in the month (R-R6).
    private func evidence(_ found: RefundCase, _ text: PageText) -> StateView {
        let badges: [TimeEvidence: String] = [
            .proved: "badge-good", .claimed: "badge-wait", .contradicted: "badge-bad",
        ]
        return StateView(
            text: text.words("refunds.evidence." + found.evidence.rawValue),
            badge: badges[found.evidence] ?? "badge-info")
    }

    private func evidenceHint(_ found: RefundCase, _ text: PageText) -> String {
        if found.evidence == .proved, let provedAt = found.provedAt {
            return text.words("refunds.evidenceHint.head", ["time": text.time(provedAt)])
        }
        return text.words("refunds.evidenceHint." + found.evidence.rawValue)
    }

    private func line(_ line: RefundCase.Line, text: PageText) -> LineView {
        LineView(
            name: line.name, spec: line.spec, sku: line.sku, price: text.money(line.price),
            sold: String(line.sold), refunded: String(line.refunded),
            reserved: String(line.reserved), asked: String(line.asked), isAsked: line.asked > 0,
            remaining: String(line.remaining - line.asked))
    }

    /// The share of what was sold that came back, in hundredths of a per cent, rounded down.
    private func rate(_ rate: Refunds.Rate, _ key: String, text: PageText) -> RateView {
        let sold = max(rate.sold.fen, 1)
        let share = rate.refunded.fen.multipliedFullWidth(by: 10_000)
        let hundredths = sold.dividingFullWidth((share.high, share.low)).quotient
        return RateView(
            label: text.words(key), rate: Money(fen: hundredths).description + "%",
            detail: text.words(
                "refunds.rateDetail",
                [
                    "count": String(rate.refundedCount), "of": String(rate.saleCount),
                    "amount": text.money(rate.refunded),
                ]))
    }
}

// What finance grants after month end.
extension RefundPages {
    private struct GraceView {
        let days: [ChoiceView]
        let canChange: Bool
        let present: String
    }

    func grace(_ context: WebContext) async throws -> Response {
        let actor = try await desk.actor(context)
        let days = try await RefundSetting(store: desk.store).graceDays(by: actor)
        let view = GraceView(
            days: (0...RefundDeadline.largestGraceDays).map {
                ChoiceView(value: String($0), label: String($0), isChosen: $0 == days)
            }, canChange: actor.roles.contains(.finance), present: String(days))
        return try desk.page("refunds/grace", view, context)
    }

    func setGrace(_ context: WebContext) async throws -> Response {
        let days = try context.requireForm().number("days")
        let actor = try await desk.actor(context)
        let desk = desk
        try await desk.commit {
            try await RefundSetting(store: desk.store).setGrace(days, by: actor, at: desk.now)
        }
        return .redirect(to: "/refunds/grace", notice: Notice(.success, "refunds.graceSaved"))
    }
}
