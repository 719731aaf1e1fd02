import Domain

extension Transfers.Listed: APIObject {
    static let shape = Shape<Transfers.Listed>(
        "Transfer",
        [
            Member(key: "transfer", \.number), Member("kind", \.kind),
            Member("fromKind", \.payerKind), Member("from", \.payer),
            Member("toKind", \.payeeKind), Member("to", \.payee), Member("amount", \.amount),
            Member("day", \.day), Member("businessAt", \.happenedAt),
            Member("postedAt", \.postedAt), Member("store", \.storeCode),
            Member("card", \.cardMask), Member("late", \.isLate), Member("sale", \.saleID),
            Member("receipt", \.receipt),
        ])
}

extension Transfers {
    private static let kind = Field<TransferKind>.choice("kind").optional
    private static let programme = Field.code("programme", example: "ZZ").or("")
    private static let store = Fields.store.or("")
    private static let day = Field.date("day").optional

    static let endpoints: [Endpoint] = [
        .get(
            "/months/{month}/transfers",
            "The transfers of an accounting month, oldest first, each with its order.",
            Finance.readers, [Fields.month, kind, store, programme, day, Fields.after]
        ) { call in
            var filter = TransferFilter(month: try call[Fields.month])
            if let kind = try call[kind] { filter.kinds = [kind] }
            filter.store = try call[store]
            filter.programme = try call[programme]
            filter.day = try call[day]
            let found = try await call.desk.transfers.list(
                filter, after: call[Fields.after] ?? 0, by: call.actor)
            return Page(found, of: Transfers.pageSize) { String($0.number) }
        }
    ]
}
