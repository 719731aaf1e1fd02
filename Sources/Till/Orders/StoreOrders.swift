import Domain
import Journal
import WebSupport

/// Orders of the store's other tills, asked of head office while the line is up.
struct StoreOrders: Sendable {
    static let answerTime: Duration = .seconds(3)

    let contact: OfficeContact

    /// A page of them; nil when head office does not answer.
    func search(_ asked: OrdersSearch) async -> OrdersFound? {
        guard await contact.status.isOnline else { return nil }
        let answer = await contact.exchange(
            "POST", "/sync/v1/orders/search", body: asked.bytes, contentType: "application/json",
            timeout: Self.answerTime, beacon: { (try? OrdersFound(bytes: $0))?.beacon })
        guard let answer, answer.status == 200 else { return nil }
        return try? OrdersFound(bytes: answer.body)
    }

    /// One of them.
    ///
    /// - Refuses, first match wins: `OtherTillRefusal.needsLine` when head office does not answer,
    ///   `RequestRefusal.notFound`.
    func find(_ sale: RecordID) async throws -> FoundOrder {
        guard let found = await search(OrdersSearch(sale: sale)) else {
            throw OtherTillRefusal.needsLine
        }
        guard let order = found.orders.first else { throw RequestRefusal.notFound }
        return order
    }
}

/// Why an order of another till is not handled here.
enum OtherTillRefusal: String, Error, CaseIterable {
    /// It is not this till's, and head office cannot be asked: the till that sold it can, or this one
    /// when the line is back.
    case needsLine = "order_needs_line"
}

extension OrdersSearch {
    /// The same question as of the till's own orders.
    init(_ query: OrderQuery) {
        self.init(
            after: query.before.flatMap { before in
                RecordID(before.id).map {
                    Position(businessTime: Instant(milliseconds: before.businessTime), id: $0)
                }
            },
            fingerprint: query.fingerprint, from: query.from?.start,
            number: query.number.map { String($0.prefix(Self.numberLengthMax)) },
            until: query.through?.end)
    }
}

extension OrderSummary {
    /// An order of another till.
    init(_ found: FoundOrder) {
        let refund: OrderRefundState? =
            found.refundPending > .zero
            ? .pending
            : found.refunded >= found.total
                ? .refunded : found.refunded > .zero ? .partlyRefunded : nil
        self.init(
            id: found.id.description, receipt: found.receipt,
            businessTime: found.businessTime.milliseconds, cashier: found.cashier,
            total: found.total.fen, mask: found.mask, programme: "", mode: found.mode.rawValue,
            test: found.isTest, state: found.isInQuestion ? .inQuestion : .posted,
            code: found.code, refundState: refund, till: found.till)
    }
}

extension Order {
    /// An order of another till, as far as head office tells it, with what was asked for it here.
    init(_ found: FoundOrder, refunds: [RefundSummary]) {
        self.init(
            summary: OrderSummary(found), lines: found.orderLines, holder: found.holder,
            remaining: nil, lateRefusal: nil, override: nil, refunds: refunds, history: [])
    }
}

extension FoundOrder {
    var orderLines: [OrderLine] {
        lines.enumerated().map { index, line in
            OrderLine(
                line: index, sku: line.sku, name: line.name, spec: line.spec,
                list: line.list.fen, price: line.price.fen, quantity: line.quantity,
                amount: line.amount.fen, repricedBy: line.repricedBy,
                repriceReason: line.repriceReason)
        }
    }
}

/// A page of orders, of this till and the store's others together.
struct OrdersPage: Sendable {
    let orders: [OrderSummary]
    /// Whether head office told of the other tills.
    let isWholeStore: Bool
    let next: OrderQuery.Position?

    /// Both lists end at their own page; what lies beyond the nearer end is the next page's.
    init(own: [OrderSummary], others: OrdersFound?) {
        let merged = (own + (others?.orders.map(OrderSummary.init) ?? [])).sorted {
            ($0.businessTime, $0.id) > ($1.businessTime, $1.id)
        }
        orders = Array(merged.prefix(OrderQuery.resultCountMax))
        isWholeStore = others != nil
        let hasMore =
            merged.count > orders.count || own.count == OrderQuery.resultCountMax
            || others?.hasMore ?? false
        next =
            hasMore
            ? orders.last.map { .init(businessTime: $0.businessTime, id: $0.id) } : nil
    }
}
