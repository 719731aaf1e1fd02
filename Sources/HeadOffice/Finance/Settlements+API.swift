import Domain
import Journal

extension Settlements.Due: APIObject {
    static let shape = Shape<Settlements.Due>(
        "StoreDue",
        [
            Member("store", \.storeCode), Member("storeName", \.storeName),
            Member("bankAccount", \.bankAccount), Member("carriedIn", \.carriedIn),
            Member("sales", \.saleCount), Member("gross", \.gross),
            Member("refunds", \.refunds), Member("fees", \.fees),
            Member("feesReturned", \.feesReturned), Member("decided", \.decided),
            Member("net", \.net), Member("paid", \.paid), Member("carriedOut", \.carriedOut),
        ])
}

extension Settlements.Run: APIObject {
    static let shape = Shape<Settlements.Run>(
        "SettlementRun",
        [
            Member("run", \.runID), Member("number", \.number), Member("state", \.state),
            Member("afterPosition", \.afterPosition), Member("upToPosition", \.upToPosition),
            Member("askedBy", \.askedBy), Member("askedAt", \.askedAt),
            Member("decidedBy", \.decidedBy), Member("decidedAt", \.decidedAt),
            Member("stores", \.storeCount), Member("paid", \.paid),
            Member("carriedOut", \.carriedOut),
        ])
}

/// The runs, and what stores are due since the last.
private struct SettlementOverview: APIObject {
    let runs: [Settlements.Run]
    let due: [Settlements.Due]

    static let shape = Shape<SettlementOverview>(
        "SettlementOverview", [Member("runs", \.runs), Member("due", \.due)])
}

/// A run and what it pays to each store.
private struct RunShown: APIObject {
    let run: Settlements.Run
    let lines: [Settlements.Due]

    static let shape = Shape<RunShown>(
        "SettlementRunDetail", [Member("run", \.run), Member("lines", \.lines)])
}

extension Settlements.StatementDay: APIObject {
    static let shape = Shape<Settlements.StatementDay>(
        "StatementDay",
        [
            Member("date", \.date), Member("sales", \.saleCount), Member("gross", \.gross),
            Member("refunds", \.refunds), Member("fees", \.fees), Member("decided", \.decided),
        ])
}

extension Settlements.Statement: APIObject {
    static let shape = Shape<Settlements.Statement>(
        "StoreStatement",
        [
            Member("run", \.run), Member("due", \.line.due), Member("province", \.province),
            Member("address", \.address), Member("days", \.days),
        ])
}

extension Settlements {
    private static let run = Field.id("run")
    private static let verdict = Field<Verdict>.choice("verdict")

    static let endpoints: [Endpoint] = [
        .get("/settlements", "The runs, and what stores are due since the last.", Finance.readers) {
            call in
            let (runs, due) = try await call.desk.settlements.overview(by: call.actor)
            return SettlementOverview(runs: runs, due: due)
        },
        .get("/settlements/{run}", "One run.", Finance.readers, [run]) { call in
            let (found, lines) = try await call.desk.settlements.show(call[run], by: call.actor)
            return RunShown(run: found, lines: lines.map(\.due))
        },
        .get(
            "/settlements/{run}/stores/{store}", "A store's statement.", Finance.readers,
            [run, Fields.store]
        ) { call in
            try await call.desk.settlements.statement(
                call[run], store: call[Fields.store], by: call.actor)
        },
        .download(
            "/settlements/{run}/payments", "The bank's list of an approved run; audited.",
            Finance.readers, [run], types: ["text/csv"]
        ) { call in
            try await SettlementPages.payments(of: call[run], by: call.actor, call.desk)
        },
        .put("/settlements/{run}", "Makes a run; a second person decides.", .of(.finance), [run]) {
            call in
            try await call.desk.settlements.make(call[run], by: call.actor, at: call.now)
        },
        .post(
            "/settlements/{run}/decide", "Decides a run.", .of(.finance), [run, verdict]
        ) { call in
            try await call.desk.settlements.decide(
                call[run], call[verdict], by: call.actor, at: call.now)
        },
    ]
}
