import Domain
import Journal
import WebSupport

extension Refunds.Listed: APIObject {
    static let shape = Shape<Refunds.Listed>(
        "RefundRequest",
        [
            Member("request", \.requestID), Member("receipt", \.receipt),
            Member("store", \.storeCode), Member("storeName", \.storeName),
            Member("card", \.cardMask), Member("test", \.isTest), Member("amount", \.amount),
            Member("total", \.total), Member("reason", \.reason), Member("askedBy", \.askedBy),
            Member("askedAt", \.askedAt), Member("deadline", \.deadline),
            Member("state", \.state), Member("decidedBy", \.decidedBy),
        ])
}

extension RefundCase.Line: APIObject {
    static let shape = Shape<RefundCase.Line>(
        "RefundLine",
        [
            Member("line", \.index), Member("sku", \.sku), Member("name", \.name),
            Member("price", \.price), Member("sold", \.sold), Member("refunded", \.refunded),
            Member("reserved", \.reserved), Member("asked", \.asked),
            Member("remaining", \.remaining),
        ])
}

extension RefundCase: APIObject {
    static let shape = Shape<RefundCase>(
        "RefundCase",
        [
            Member("request", \.requestID), Member("sale", \.saleID),
            Member("receipt", \.receipt), Member("store", \.storeCode),
            Member("till", \.tillCode), Member("cashier", \.cashier),
            Member("card", \.cardMask), Member("test", \.isTest),
            Member("cardMatches", \.isCardMatch), Member("saleState", \.saleState),
            Member("total", \.total), Member("paidByCard", \.paidByCard),
            Member("refunded", \.refunded), Member("amount", \.amount),
            Member("toCard", \.split?.toCard), Member("reason", \.reason),
            Member("askedBy", \.askedBy), Member("askedAt", \.askedAt),
            Member("soldAt", \.soldAt), Member("deadline", \.deadline),
            Member("state", \.state), Member("opinion", \.opinion),
            Member("decidedBy", \.decidedBy), Member("decidedAt", \.decidedAt),
            Member("digest", \.digest.hex), Member("lines", \.lines),
        ])
}

extension Refunds.Rate: APIObject {
    static let shape = Shape<Refunds.Rate>(
        "RefundRate",
        [
            Member("sales", \.saleCount), Member("refundedSales", \.refundedCount),
            Member("sold", \.sold), Member("refunded", \.refunded),
        ])
}

extension Refunds.CardSale: APIObject {
    static let shape = Shape<Refunds.CardSale>(
        "CardSale",
        [
            Member("sale", \.saleID), Member("receipt", \.receipt),
            Member("storeName", \.storeName), Member("soldAt", \.soldAt),
            Member("total", \.total), Member("refunded", \.refunded),
        ])
}

extension Refunds.Shown: APIObject {
    static let shape = Shape<Refunds.Shown>(
        "RefundDetail",
        [
            Member("case", \.found), Member("storeRate", \.storeRate),
            Member("cashierRate", \.cashierRate), Member("cardSales", \.cardSales),
        ])
}

/// Days after the month's end in which a proved request may still be approved.
private struct Grace: APIObject {
    let days: Int

    static let shape = Shape<Grace>("RefundGrace", [Member("days", \.days)])
}

extension Refunds {
    private static let readers = Endpoint.Access.of(.approver, .auditor, .finance)
    private static let request = Field.id("request")
    private static let state = Field<Filter>.choice("state").or(.pending)
    private static let store = Fields.store.or("")
    private static let after = Field<PageKey<RecordID>>.after(request).optional
    private static let verdict = Field<Verdict>.choice("verdict")
    private static let opinion = Field.text(
        "opinion", 0...Refunds.opinionLengthMax, example: "同意")
    private static let digest = Field.digits(
        "digest", count: 64, hex: true, example: String(repeating: "0", count: 64))
    private static let days = Field.number("days", 0...3, example: 0)

    static let endpoints: [Endpoint] = [
        .get(
            "/refunds", "Requests, the nearest deadline first.", readers, [state, store, after]
        ) { call in
            let place = try call[after].map {
                RefundPosition(deadline: $0.time, requestID: $0.id)
            }
            let found = try await call.desk.refunds.list(
                call[state], store: call[store], after: place, by: call.actor)
            return Page(found, of: Refunds.pageSize) {
                PageKey.text($0.deadline, $0.requestID)
            }
        },
        .get(
            "/refunds/{request}", "One request, its sale, and what else is known.", readers,
            [request]
        ) { call in
            try await call.desk.refunds.show(call[request], by: call.actor, at: call.now)
        },
        .post(
            "/refunds/{request}/decide", "Decides a request, with the digest that was shown.",
            .of(.approver), [request, verdict, opinion, digest]
        ) { call in
            let shown = [UInt8](hex: try call[digest]) ?? []
            try await call.desk.refunds.decide(
                call[request], call[verdict], opinion: call[opinion], digest: shown,
                by: call.actor, at: call.now)
        },
        .get("/refund-grace", "The days of grace (R-R1).", readers) { call in
            Grace(
                days: try await RefundSetting(store: call.desk.store).graceDays(by: call.actor))
        },
        .put("/refund-grace", "Sets the days of grace.", .of(.finance), [days]) { call in
            try await RefundSetting(store: call.desk.store).setGrace(
                call[days], by: call.actor, at: call.now)
        },
    ]
}
