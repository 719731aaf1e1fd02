import Domain
import Journal
import WebSupport

extension Orders.Listed: APIObject {
    static let shape = Shape<Orders.Listed>(
        "Order",
        [
            Member("sale", \.saleID), Member("receipt", \.receipt), Member("store", \.storeCode),
            Member("storeName", \.storeName), Member("soldAt", \.soldAt),
            Member("receivedAt", \.receivedAt), Member("card", \.cardMask),
            Member("test", \.isTest), Member("mode", \.mode), Member("total", \.total),
            Member("paidByCard", \.paidByCard), Member("refunded", \.refunded),
            Member("reserved", \.reserved), Member("state", \.state), Member("cause", \.code),
            Member("cashier", \.cashier),
        ])
}

extension Orders.Line: APIObject {
    static let shape = Shape<Orders.Line>(
        "OrderLine",
        [
            Member("sku", \.sku), Member("name", \.name), Member("spec", \.spec),
            Member("listPrice", \.listPrice), Member("price", \.price),
            Member("quantity", \.quantity), Member("amount", \.amount),
            Member("repricedBy", \.repricedBy), Member("repriceReason", \.repriceReason),
        ])
}

extension Orders.Movement: APIObject {
    static let shape = Shape<Orders.Movement>(
        "OrderMovement",
        [
            Member(key: "transfer", \.transferID), Member("kind", \.kind),
            Member("from", \.fromKind), Member("to", \.toKind), Member("amount", \.amount),
            Member("businessAt", \.businessAt), Member("postedAt", \.postedAt),
            Member("month", \.accountingMonth.tradingMonth),
        ])
}

extension Orders.RefundOfOrder: APIObject {
    static let shape = Shape<Orders.RefundOfOrder>(
        "OrderRefund",
        [
            Member("request", \.requestID), Member("amount", \.amount), Member("state", \.state),
            Member("askedAt", \.askedAt), Member("reason", \.reason),
        ])
}

extension Orders.Shown: APIObject {
    static let shape = Shape<Orders.Shown>(
        "OrderDetail",
        [
            Member("order", \.order), Member("till", \.tillCode), Member(key: "card", \.cardID),
            Member("lines", \.lines), Member("movements", \.movements),
            Member("refunds", \.refunds),
        ])
}

extension Orders {
    private static let readers = Endpoint.Access.of(
        .approver, .finance, .auditor, .storeAdministrator, .issuer, .issuingSupervisor)
    private static let sale = Field.id("sale")
    private static let store = Fields.store.or("")
    private static let receipt = Field.code("receipt", example: "ZZ0001-01").or("")
    private static let last = Field.digits("last", count: 4, example: "0002").or("")
    private static let from = Field.date("from").optional
    private static let to = Field.date("to").optional
    private static let state = Field.choice("state", ["posted", "exception"]).or("")
    private static let after = Field<PageKey<RecordID>>.after(sale).optional

    static let endpoints: [Endpoint] = [
        .get(
            "/orders", "Sales, newest first; `last` are the card's last four digits.", readers,
            [store, receipt, last, from, to, state, after]
        ) { call in
            var filter = Filter()
            filter.storeCode = try call[store]
            filter.receipt = try call[receipt]
            filter.card = try call[last]
            filter.from = try call[from]
            filter.to = try call[to]
            filter.state = try call[state]
            let place = try call[after].map {
                Position(soldAt: $0.time, saleID: $0.id)
            }
            let found = try await call.desk.orders.list(filter, after: place, by: call.actor)
            return Page(found, of: Orders.pageSize) { PageKey.text($0.soldAt, $0.saleID) }
        },
        .get("/orders/{sale}", "One sale.", readers, [sale]) { call in
            guard let found = try await call.desk.orders.find(call[sale], by: call.actor) else {
                throw RequestRefusal.notFound
            }
            return found
        },
    ]
}
