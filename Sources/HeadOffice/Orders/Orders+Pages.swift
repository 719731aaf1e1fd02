import Domain
import Hummingbird
import WebSupport

/// The search of orders and an order's page.
struct OrderPages: Sendable {
    let desk: OfficeDesk

    func addRoutes(to group: RouterGroup<WebContext>) {
        group.get("/orders") { request, context in try await list(request, context) }
        group.get("/orders/{id}") { _, context in try await show(context) }
    }

    private struct ListView {
        let store: String
        let receipt: String
        let card: String
        let from: String
        let to: String
        let states: [ChoiceView]
        let hasRows: Bool
        let rows: [RowView]
        let empty: EmptyView
        let pager: PagerView?
    }

    struct RowView {
        let href: String
        let receipt: String
        let store: String
        let soldAt: String
        let card: String
        let isTest: Bool
        let mode: String
        let total: String
        let refunded: String
        let hasRefund: Bool
        let state: StateView
        let code: String
        let cashier: String
        let isFlagged: Bool

        init(_ row: Orders.Listed, text: PageText) {
            href = "/orders/\(row.saleID)"
            receipt = row.receipt
            store = "\(row.storeCode) \(row.storeName)"
            soldAt = text.time(row.soldAt)
            card = row.cardMask
            isTest = row.isTest
            mode = text.words("mode." + row.mode)
            total = text.money(row.total)
            refunded = text.money(row.refunded)
            hasRefund = row.refunded > .zero
            state = text.state(row.state)
            code = row.code ?? ""
            cashier = row.cashier
            isFlagged = row.isFlagged
        }
    }

    private func list(_ request: Request, _ context: WebContext) async throws -> Response {
        let query = try request.query()
        let text = desk.text(context)
        var filter = Orders.Filter()
        filter.storeCode = try query.text("store")
        filter.receipt = try query.text("receipt")
        filter.card = try query.text("card")
        filter.from = try query.date("from")
        filter.to = try query.date("to")
        filter.state = try query.text("state")
        var position: Orders.Position?
        if let time = Int64(try query.text("afterTime")),
            let id = RecordID(try query.text("afterID"))
        {
            position = Orders.Position(soldAt: Instant(milliseconds: time), saleID: id)
        }
        let rows = try await desk.orders.list(
            filter, after: position, by: try await desk.actor(context))
        let shown = rows.prefix(Orders.pageSize)
        var pager: PagerView?
        if rows.count > Orders.pageSize, let last = shown.last {
            pager = PagerView(
                position: text.words("common.shown", ["count": String(shown.count)]),
                previous: nil,
                next: address(
                    "/orders",
                    [
                        ("store", filter.storeCode), ("receipt", filter.receipt),
                        ("card", filter.card), ("from", filter.from?.description ?? ""),
                        ("to", filter.to?.description ?? ""), ("state", filter.state),
                        ("afterTime", String(last.soldAt.milliseconds)),
                        ("afterID", last.saleID.description),
                    ]))
        }
        let view = ListView(
            store: filter.storeCode, receipt: filter.receipt, card: filter.card,
            from: filter.from?.description ?? "", to: filter.to?.description ?? "",
            states: ["", "posted", "exception", "account"].map {
                ChoiceView(
                    value: $0, label: text.words($0.isEmpty ? "state.all" : "state." + $0),
                    isChosen: $0 == filter.state)
            }, hasRows: !shown.isEmpty, rows: shown.map { RowView($0, text: text) },
            empty: EmptyView(
                heading: text.words("orders.none"), advice: text.words("orders.noneAdvice")),
            pager: pager)
        return try desk.page("orders/list", view, context)
    }

    private struct View {
        let order: RowView
        let till: String
        let receivedAt: String
        let paidByCard: String
        let unpaid: String
        let hasUnpaid: Bool
        let problem: String?
        let acts: [String]
        let isPolicyRollback: Bool
        let override: String?
        /// Nil without a card that head office knows, and for whom its page would refuse.
        let cardHref: String?
        let lines: [LineView]
        let hasMovements: Bool
        let movements: [MovementView]
        let hasRefunds: Bool
        let refunds: [RefundView]
    }

    private struct LineView {
        let sku: String
        let name: String
        let spec: String
        let listPrice: String
        let price: String
        let isRepriced: Bool
        let repricedBy: String
        let quantity: String
        let amount: String
    }

    private struct MovementView {
        let number: String
        let kind: String
        let from: String
        let to: String
        let amount: String
        let businessAt: String
        let postedAt: String
        let month: String
    }

    private struct RefundView {
        let href: String?
        let amount: String
        let state: StateView
        let askedAt: String
        let reason: String
    }

    private func show(_ context: WebContext) async throws -> Response {
        let actor = try await desk.actor(context)
        guard let found = try await desk.orders.find(try context.recordID("id"), by: actor)
        else { throw RequestRefusal.notFound }
        return try desk.page(
            "orders/show", view(found, for: actor, text: desk.text(context)), context)
    }

    private func view(_ found: Orders.Shown, for actor: StaffActor, text: PageText) -> View {
        let order = found.order
        let unpaid = Money(fen: order.total.fen - order.paidByCard.fen)
        return View(
            order: RowView(order, text: text), till: found.tillCode,
            receivedAt: text.time(order.receivedAt), paidByCard: text.money(order.paidByCard),
            unpaid: text.money(unpaid), hasUnpaid: unpaid > .zero,
            problem: order.code.map { text.words.text("exception." + $0) ?? $0 },
            acts: found.acts.map { $0.sentence(of: order.saleID, text: text) },
            isPolicyRollback: found.isPolicyRollback,
            override: found.override.map {
                text.words(
                    "orders.overrideText",
                    ["login": $0.by, "limit": text.money($0.limit), "reason": $0.reason])
            },
            cardHref: actor.hasOne(of: Cards.readers) ? found.cardID.map { "/cards/\($0)" } : nil,
            lines: found.lines.map {
                LineView(
                    sku: $0.sku, name: $0.name, spec: $0.spec, listPrice: text.money($0.listPrice),
                    price: text.money($0.price), isRepriced: $0.repricedBy != nil,
                    repricedBy: [$0.repricedBy, $0.repriceReason].compactMap(\.self)
                        .joined(separator: " · "), quantity: String($0.quantity),
                    amount: text.money($0.amount))
            }, hasMovements: !found.movements.isEmpty,
            movements: found.movements.map {
                MovementView(
                    number: String($0.transferID), kind: text.words("transfer." + $0.kind),
                    from: text.words("account." + $0.fromKind),
                    to: text.words("account." + $0.toKind), amount: text.money($0.amount),
                    businessAt: text.time($0.businessAt), postedAt: text.time($0.postedAt),
                    month: $0.accountingMonth.tradingMonth.description)
            }, hasRefunds: !found.refunds.isEmpty,
            refunds: found.refunds.map {
                RefundView(
                    href: OfficeWeb.offers("/refunds", to: actor)
                        ? "/refunds/\($0.requestID)" : nil, amount: text.money($0.amount),
                    state: text.state($0.state), askedAt: text.time($0.askedAt), reason: $0.reason)
            })
    }
}

extension AccountActs.Shown {
    /// Who did what after which change, and why the till let it.
    func sentence(of sale: RecordID, text: PageText) -> String {
        text.words(
            "accountAct.\(recordID == sale ? "sale" : "refund").\(change)",
            [
                "login": login, "changed": text.time(changedAt), "acted": text.time(actedAt),
                "known": text.time(knownUntil),
            ])
    }
}
