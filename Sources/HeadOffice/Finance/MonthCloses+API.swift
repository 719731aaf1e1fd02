import Domain
import Journal

extension MonthCloses.Till: APIObject {
    static let shape = Shape<MonthCloses.Till>(
        "ClosingTill",
        [
            Member("till", \.code), Member("completeness", \.completeness.rawValue),
            Member("lastContactAt", \.lastContactAt), Member("unsent", \.unsentCount),
            Member("unsentValue", \.unsentValue), Member("mayBring", \.mayBring),
            Member("forked", \.isForked),
        ])
}

extension MonthCloses.Store: APIObject {
    static let shape = Shape<MonthCloses.Store>(
        "ClosingStore",
        [
            Member("store", \.code), Member("name", \.name),
            Member("completeness", \.completeness.rawValue), Member("mayBring", \.mayBring),
            Member("tills", \.tills),
        ])
}

extension MonthCloses.Closing: APIObject {
    static let shape = Shape<MonthCloses.Closing>(
        "Closing",
        [
            Member("number", \.number), Member("closedBy", \.closedBy),
            Member("closedAt", \.closedAt), Member("ledgerPosition", \.position),
            Member("mayStillArrive", \.mayStillArrive),
        ])
}

extension MonthCloses.Reopening: APIObject {
    static let shape = Shape<MonthCloses.Reopening>(
        "Reopening",
        [
            Member("reopening", \.id), Member("reason", \.reason), Member("state", \.state),
            Member("askedBy", \.askedBy), Member("askedAt", \.askedAt),
            Member("decidedBy", \.decidedBy), Member("decidedAt", \.decidedAt),
        ])
}

extension MonthCloses.Late: APIObject {
    static let shape = Shape<MonthCloses.Late>(
        "LateArrivals",
        [Member("month", \.month), Member("count", \.count), Member("amount", \.amount)])
}

extension MonthCloses.Board: APIObject {
    static let shape = Shape<MonthCloses.Board>(
        "ClosingBoard",
        [
            Member("month", \.month), Member("state", \.status.rawValue), Member("over", \.isOver),
            Member("refusal", \.refusal?.code), Member("canReopen", \.canReopen),
            Member("stores", \.stores), Member("pendingRefunds", \.pendingRefunds),
            Member("openExceptions", \.openExceptions), Member("closings", \.closings),
            Member("reopenings", \.reopenings), Member("late", \.late),
        ])
}

extension MonthCloses {
    private static let reopening = Field.id("reopening")
    private static let verdict = Field<Verdict>.choice("verdict")

    static let endpoints: [Endpoint] = [
        .get(
            "/months/{month}/closing", "Who has sent everything, and what may still come.",
            Finance.readers, [Fields.month]
        ) { call in
            try await call.desk.closes.board(call[Fields.month], by: call.actor, at: call.now)
        },
        .post(
            "/months/{month}/close", "Closes a month and freezes its figures.", .of(.finance),
            [Fields.month]
        ) { call in
            try await call.desk.closes.close(call[Fields.month], by: call.actor, at: call.now)
        },
        .post(
            "/months/{month}/reopenings", "Asks to open a month again; a second person decides.",
            .of(.finance), [Fields.month, reopening, Fields.reason]
        ) { call in
            try await call.desk.closes.askReopening(
                call[reopening], of: call[Fields.month], reason: call[Fields.reason],
                by: call.actor, at: call.now)
        },
        .post(
            "/reopenings/{reopening}/decide", "Decides a reopening.", .of(.finance),
            [reopening, verdict]
        ) { call in
            try await call.desk.closes.decideReopening(
                call[reopening], call[verdict], by: call.actor, at: call.now)
        },
    ]
}
