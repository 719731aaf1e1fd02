import Domain
import Journal

extension Overview.Day: APIObject {
    static let shape = Shape<Overview.Day>(
        "OverviewDay",
        [
            Member("date", \.date), Member("sales", \.saleCount), Member("gross", \.gross),
            Member("refunds", \.refunds),
        ])
}

extension Overview.Queues: APIObject {
    static let shape = Shape<Overview.Queues>(
        "OverviewQueues",
        [
            Member("refunds", \.refunds), Member("batches", \.batches), Member("loads", \.loads),
            Member("cardRequests", \.cardRequests), Member("testCharges", \.testCharges),
            Member("enrolments", \.enrolments), Member("exceptions", \.exceptions),
            Member("quarantine", \.quarantine),
        ])
}

extension Overview.Till: APIObject {
    static let shape = Shape<Overview.Till>(
        "TillFreshness",
        [
            Member("till", \.code), Member("store", \.storeCode),
            Member("storeName", \.storeName), Member("freshness", \.freshness.rawValue),
            Member("lastContactAt", \.lastContactAt), Member("unsent", \.unsentCount),
            Member("unsentValue", \.unsentValue), Member("oldestUnsentAt", \.oldestUnsentAt),
            Member("clockOffset", \.clockOffset), Member("version", \.version),
            Member("forked", \.isForked), Member("atRisk", \.atRisk),
        ])
}

extension Overview.ProvinceFreshness: APIObject {
    static let shape = Shape<Overview.ProvinceFreshness>(
        "ProvinceFreshness",
        [
            Member("province", \.province), Member("stores", \.storeCount),
            Member("green", \.greenCount), Member("amber", \.amberCount),
            Member("red", \.redCount), Member("empty", \.emptyCount), Member("atRisk", \.atRisk),
        ])
}

extension Overview.Shown: APIObject {
    static let shape = Shape<Overview.Shown>(
        "Overview",
        [
            Member("today", \.today), Member("days", \.days), Member("queues", \.queues),
            Member("tills", \.tills), Member("provinces", \.provinces),
            Member("atRisk", \.atRisk),
        ])
}

extension Overview {
    static let endpoints: [Endpoint] = [
        .get("/overview", "Today, what waits, and how fresh the tills are.", .staff) { call in
            try await call.desk.overview.show(at: call.now)
        }
    ]
}
