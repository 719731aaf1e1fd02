import Domain
import GRDB
import Hummingbird
import Journal
import WebSupport

extension TillWeb {
    private struct ListView {
        struct Item {
            let id: String
            let receipt: String
            let time: String
            let mask: String
            let total: String
            let mode: String
            let cashier: String
            let test: Bool
            let till: String?
            let state: String
            let stateLevel: String
            let refund: StateView?
        }
        let isWholeStore: Bool
        let nextTime: String
        let nextID: String
        let number: String
        let from: String
        let through: String
        let error: String?
        let cardMask: String?
        let hasOrders: Bool
        let orders: [Item]
        let more: Bool
    }

    private struct OrderView {
        struct Line {
            let name: String
            let spec: String
            let sku: String
            let list: String
            let price: String
            let quantity: Int64
            let amount: String
            let repriced: String?
        }
        struct Refund {
            let time: String
            let amount: String
            let reason: String
            let state: String
            let level: String
            let opinion: String
        }
        struct Event {
            let time: String
            let text: String
        }
        let id: String
        let receipt: String
        let state: String
        let stateLevel: String
        let refund: StateView?
        let test: Bool
        let isHere: Bool
        let till: String?
        let deadline: StateView?
        let trouble: String?
        let lines: [Line]
        let total: String
        let hasRefunds: Bool
        let refunds: [Refund]
        let time: String
        let cashier: String
        let mask: String
        let holder: String
        let mode: String
        let remaining: String
        let override: String?
        let history: [Event]
    }

    private struct Entered {
        var number = ""
        var card = ""
        var from = ""
        var through = ""
        var before: OrderQuery.Position?

        init() {}

        init(_ fields: FormFields) throws {
            number = try fields.optional("number") ?? ""
            card = try fields.optional("card") ?? ""
            from = try fields.optional("from") ?? ""
            through = try fields.optional("through") ?? ""
            if let time = Int64(try fields.optional("beforeTime") ?? ""),
                let id = try fields.optional("beforeID"), RecordID(id) != nil
            {
                before = .init(businessTime: time, id: id)
            }
        }
    }

    private struct OrdersAnswer: Encodable {
        let orders: [OrderSummary]
        /// Whether the store's other tills are in it.
        let wholeStore: Bool
        let next: OrderQuery.Position?
    }

    private struct SearchBody: Decodable {
        let number: String?
        let card: String?
        let from: String?
        let through: String?
        let before: OrderQuery.Position?
    }

    func addOrders(to router: RouterGroup<WebContext>) {
        router.get("/orders") { _, context in try await listPage(Entered(), context) }
        // A card number must not stand in an address, where browsers and logs keep it.
        router.post("/orders") { _, context in
            try await listPage(Entered(try context.requireForm()), context)
        }
        router.get("/orders/:id") { _, context in try await orderPage(context) }
        router.post("/api/sales/search") { request, _ in
            let body = try await request.json(SearchBody.self)
            var entered = Entered()
            entered.number = body.number ?? ""
            entered.card = body.card ?? ""
            entered.from = body.from ?? ""
            entered.through = body.through ?? ""
            var query = try query(entered)
            query.before = body.before
            let page = try await ordersPage(query)
            return try Response.json(
                OrdersAnswer(
                    orders: page.orders, wholeStore: page.isWholeStore, next: page.next))
        }
        router.get("/api/sales/:id") { _, context in
            try Response.json(try await order(try id(context)))
        }
        addSlips(to: router)
    }

    private func ordersPage(_ asked: OrderQuery) async throws -> OrdersPage {
        async let others = StoreOrders(contact: contact).search(OrdersSearch(asked))
        let own = try await store.read { try Orders.search(asked, in: $0) }
        return OrdersPage(own: own, others: await others)
    }

    func order(_ id: RecordID) async throws -> Order {
        guard let order = try await store.read({ try Orders.known(id.description, in: $0) }) else {
            throw RequestRefusal.notFound
        }
        return order
    }

    /// Asks head office for an order of another till and keeps what it tells, so that a refund or a
    /// paper of it can be asked for here.
    ///
    /// - Refuses: what ``StoreOrders/find(_:)`` refuses.
    func requireKnown(_ id: RecordID) async throws {
        if try await store.read({ try Orders.isOwn(id, in: $0) }) { return }
        let found = try await StoreOrders(contact: contact).find(id)
        try await commit { try await store.keep(found, at: world.now()) }
    }

    /// An order number of this store as the bars of narrow paper hold it: without hyphens, the till
    /// in two digits.
    private func scanned(_ text: String) -> String? {
        let store = String(identity.till.prefix { $0 != "-" })
        let digits = Array(text.uppercased().dropFirst(store.count))
        guard text.uppercased().hasPrefix(store), digits.count >= 14,
            digits.allSatisfy({ ("0"..."9").contains($0) })
        else { return nil }
        let parts = [digits[..<2], digits[2..<10], digits[10...]].map { String($0) }
        return ReceiptNumber(([store] + parts).joined(separator: "-"))?.description
    }

    private func query(_ entered: Entered) throws -> OrderQuery {
        var query = OrderQuery()
        let number = entered.number.filter { !$0.isWhitespace }
        if !number.isEmpty {
            query.number =
                ReceiptNumber(number)?.description ?? scanned(number) ?? number.uppercased()
        }
        if entered.card.contains(where: { !$0.isWhitespace }) {
            query.fingerprint = identity.fingerprintKey.fingerprint(
                of: try CardNumber(entered.card))
        }
        query.before = entered.before
        query.from = try date(entered.from)
        query.through = try date(entered.through)
        return query
    }

    private func date(_ text: String) throws -> BusinessDate? {
        if text.isEmpty { return nil }
        guard let date = BusinessDate.parse(text) else { throw ShownRefusal("date_malformed") }
        return date
    }

    private func listPage(_ entered: Entered, _ context: WebContext) async throws -> Response {
        let words = site.pages.words(context.language)
        let page: OrdersPage
        do {
            page = try await ordersPage(try query(entered))
        } catch {
            guard let shown = error as? ShownRefusal ?? ShownRefusal(error) else { throw error }
            // Nothing was asked of head office, so nothing is said about it.
            return try list(
                entered, OrdersPage(own: [], others: .init(beacon: "", hasMore: false, orders: [])),
                words.refusal(shown), words, context)
        }
        return try list(entered, page, nil, words, context)
    }

    private func list(
        _ entered: Entered, _ page: OrdersPage, _ error: String?, _ words: Words,
        _ context: WebContext
    ) throws -> Response {
        let orders = page.orders
        let view = ListView(
            isWholeStore: page.isWholeStore,
            nextTime: page.next.map { String($0.businessTime) } ?? "",
            nextID: page.next?.id ?? "",
            number: entered.number, from: entered.from, through: entered.through, error: error,
            cardMask: (try? CardNumber(entered.card))?.masked,
            hasOrders: !orders.isEmpty,
            orders: orders.map { order in
                .init(
                    id: order.id, receipt: order.receipt, time: Texts.time(order.businessTime),
                    mask: order.shownMask(words), total: Texts.yuan(order.total),
                    mode: words("till.mode.\(order.mode)"), cashier: order.cashier,
                    test: order.test, till: order.till,
                    state: words("till.order.\(order.state.rawValue)"),
                    stateLevel: order.state.level, refund: refundState(order, words))
            }, more: page.next != nil)
        return try site.pages.page("orders/list", view, context: context)
    }

    /// Until when the order can be refunded (R-R1), before it is too late.
    private func deadline(_ order: OrderSummary, _ words: Words) async throws -> StateView? {
        if order.refundState == .refunded { return nil }
        let now = world.now()
        let time = try await store.read { try SyncState.load(in: $0).corrected(now) }
        let deadline = RefundDeadline(saleTime: Instant(milliseconds: order.businessTime))
        guard let left = deadline.daysLeft(at: time) else {
            return StateView(text: words("till.refunds.over"), level: "bad")
        }
        return StateView(
            text: words(
                "till.refunds.until",
                ["day": deadline.lastDay.description, "count": String(left)]),
            level: left <= 3 ? "warn" : "plain")
    }

    private func refundState(_ order: OrderSummary, _ words: Words) -> StateView? {
        order.refundState.map {
            StateView(text: words("till.orderRefund.\($0.rawValue)"), level: $0.level)
        }
    }

    /// An order of this till, or of another of the store's.
    private func orderOfStore(_ id: RecordID) async throws -> Order {
        if let own = try await store.read({ try Orders.find(id.description, in: $0) }) {
            return own
        }
        let found = try await StoreOrders(contact: contact).find(id)
        let refunds = try await store.read { try Refunds.of(sale: id.description, in: $0) }
        return Order(found, refunds: refunds)
    }

    private func orderPage(_ context: WebContext) async throws -> Response {
        let words = site.pages.words(context.language)
        let order = try await orderOfStore(try id(context))
        let summary = order.summary
        let trouble = summary.code.map { words.refusal($0) }
        let view = OrderView(
            id: summary.id, receipt: summary.receipt,
            state: words("till.order.\(summary.state.rawValue)"),
            stateLevel: summary.state.level, refund: refundState(summary, words),
            test: summary.test, isHere: summary.till == nil, till: summary.till,
            deadline: try await deadline(summary, words),
            trouble: trouble ?? order.lateRefusal.map { words.refusal($0) },
            lines: order.lines.map { line in
                .init(
                    name: line.name, spec: line.spec, sku: line.sku, list: Texts.yuan(line.list),
                    price: Texts.yuan(line.price), quantity: line.quantity,
                    amount: Texts.yuan(line.amount),
                    repriced: line.repricedBy.map {
                        words("till.repricedBy", ["login": $0])
                            + (line.repriceReason.map { " · " + $0 } ?? "")
                    })
            },
            total: Texts.yuan(summary.total), hasRefunds: !order.refunds.isEmpty,
            refunds: order.refunds.map { refund in
                .init(
                    time: Texts.time(refund.requestedAt), amount: Texts.yuan(refund.amount),
                    reason: refund.reason, state: words("till.refund.\(refund.state.rawValue)"),
                    level: refund.state.level, opinion: refund.opinion)
            },
            time: Texts.time(summary.businessTime), cashier: summary.cashier,
            mask: summary.shownMask(words), holder: order.holder ?? words("till.holderUnknown"),
            mode: words("till.mode.\(summary.mode)"),
            remaining: order.remaining.map(Texts.yuan) ?? words("till.pay.balanceUnknown"),
            override: order.override.map {
                words(
                    "till.override.text",
                    ["login": $0.by, "limit": Texts.yuan($0.limit), "reason": $0.reason])
            },
            history: order.history.map { event in
                let detail =
                    event.kind.hasPrefix("state.") && !event.detail.isEmpty
                    ? words.refusal(event.detail) : event.detail
                let parts = [words("till.event.\(event.kind)"), event.by, detail]
                return .init(
                    time: Texts.time(event.at),
                    text: parts.filter { !$0.isEmpty }.joined(separator: " · "))
            })
        return try site.pages.page("orders/order", view, context: context)
    }
}
