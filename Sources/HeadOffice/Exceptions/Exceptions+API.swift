import Domain
import Journal

extension Exceptions.Listed: APIObject {
    static let shape = Shape<Exceptions.Listed>(
        "Exception",
        [
            Member(key: "exception", \.exceptionID), Member("receipt", \.receipt),
            Member("kind", \.kind), Member("store", \.storeCode),
            Member("storeName", \.storeName), Member("till", \.tillCode),
            Member("card", \.cardMask), Member("test", \.isTest), Member("cause", \.code),
            Member("amount", \.amount), Member("disputed", \.disputed),
            Member("bearer", \.bearer), Member("state", \.state), Member("outcome", \.outcome),
            Member("openedAt", \.openedAt), Member("awaitsSecond", \.awaitsSecond),
        ])
}

extension Exceptions.Totals: APIObject {
    static let shape = Shape<Exceptions.Totals>(
        "ExceptionTotals", [Member("count", \.count), Member("disputed", \.disputed)])
}

/// A page of exceptions, and what all that fit come to.
private struct ExceptionPage: APIObject {
    let page: Page<Exceptions.Listed>
    let totals: Exceptions.Totals

    static let shape = Shape<ExceptionPage>(
        "ExceptionPage",
        [
            Member("rows", \.page.rows), Member("next", \.page.next), Member("totals", \.totals),
        ])
}

extension Exceptions.Happened: APIObject {
    static let shape = Shape<Exceptions.Happened>(
        "ExceptionEvent",
        [
            Member("at", \.at), Member("actor", \.actor), Member("person", \.person),
            Member("action", \.action), Member("amount", \.amount), Member("reason", \.reason),
        ])
}

extension Exceptions.Received: APIObject {
    static let shape = Shape<Exceptions.Received>(
        "ReceivedRecord",
        [
            Member("sequence", \.sequence), Member("epoch", \.epoch),
            Member("tillTime", \.tillTime), Member("businessAt", \.businessAt),
            Member("receivedAt", \.receivedAt), Member("flags", \.flags),
        ])
}

extension Exceptions.Shown: APIObject {
    static let shape = Shape<Exceptions.Shown>(
        "ExceptionDetail",
        [
            Member("exception", \.listed), Member("sale", \.saleID),
            Member(key: "card", \.cardID), Member("cardState", \.cardState),
            Member("credential", \.credential), Member("moves", \.moves),
            Member("writeOffBy", \.writeOffBy), Member("writeOffReason", \.writeOffReason),
            Member("received", \.received), Member("history", \.history),
        ])

    /// What fits it now.
    private var moves: [String] { ExceptionPosting.moves(for: facts).map(\.rawValue) }
}

/// Who bears what by default.
private struct Bearers: APIObject {
    struct Row: APIObject {
        let cause: String
        let bearer: String

        static let shape = Shape<Row>(
            "Bearer", [Member("cause", \.cause), Member("bearer", \.bearer)])
    }

    let programme: String
    let causes: [Row]

    static let shape = Shape<Bearers>(
        "Bearers", [Member("programme", \.programme), Member("causes", \.causes)])
}

extension Exceptions {
    private static let readers = Endpoint.Access.of(.approver, .finance, .auditor)
    private static let deciders = Endpoint.Access.of(.approver, .finance)
    private static let exception = Field.key("exception")
    private static let state = Field.choice("state", Exceptions.states).or("undecided")
    private static let cause = Field.choice("cause", RecordException.allCases.map(\.code)).or("")
    private static let bearer = Field.choice("bearer", ["store", "programme", "none"]).or("")
    private static let store = Fields.store.or("")
    private static let atLeast = Field.fen("atLeast", example: 1).optional
    private static let days = Field.number("days", 0...3_650, example: 0).optional
    private static let after = Field<PageKey<Int64>>.after(exception).optional
    private static let move = Field<ExceptionPosting.Move>.choice("move")
    private static let holdMove = Field<PhoneHoldEnds.Move>.choice("move")
    private static let slip = Field.text("slip", 0...500, example: "").or("")
    private static let disputed = Field.fen("disputed", example: 1)

    static let endpoints: [Endpoint] = [
        .get(
            "/exceptions", "Exceptions, those that wait longest first.", readers,
            [state, cause, bearer, store, atLeast, days, after]
        ) { call in try await page(call) },
        .get("/exceptions/{exception}", "One exception.", readers, [exception]) { call in
            try await call.desk.exceptions.show(call[exception], by: call.actor)
        },
        .post(
            "/exceptions/{exception}/move",
            "Does something about an exception; `disputed` is the amount that was shown. A write-off is only asked for.",
            deciders, [exception, move, disputed, Fields.reason]
        ) { call in
            try await call.desk.exceptions.decide(
                call[exception], call[move], reason: call[Fields.reason],
                disputed: call[disputed], by: call.actor, at: call.now)
        },
        .post(
            "/exceptions/{exception}/write-off",
            "Decides a write-off that another person asked for.",
            deciders, [exception, Fields.approves, disputed]
        ) { call in
            try await call.desk.exceptions.decideWriteOff(
                call[exception], agrees: call[Fields.approves], disputed: call[disputed],
                by: call.actor, at: call.now)
        },
        .post(
            "/exceptions/{exception}/phone-hold",
            "Asks to end a phone's hold that its till never ended; a second person decides.",
            deciders, [exception, holdMove, slip, Fields.reason]
        ) { call in
            try await call.desk.phoneHoldEnds.ask(
                call[exception], call[holdMove], slip: call[slip], reason: call[Fields.reason],
                by: call.actor, at: call.now)
        },
        .post(
            "/exceptions/{exception}/phone-hold/decide", "Decides what was asked about a hold.",
            deciders, [exception, Fields.approves]
        ) { call in
            try await call.desk.phoneHoldEnds.decide(
                call[exception], agrees: call[Fields.approves], by: call.actor, at: call.now)
        },
        .get(
            "/programmes/{programme}/bearers", "Who bears what by default.", readers,
            [Fields.programme]
        ) { call in
            let shown = try await call.desk.exceptionBearers.show(
                call[Fields.programme], by: call.actor)
            return Bearers(
                programme: shown.programme,
                causes: ExceptionBearers.causes.map {
                    .init(cause: $0.code, bearer: (shown.bearers[$0.code] ?? .store).rawValue)
                })
        },
        .put(
            "/programmes/{programme}/bearers", "Sets who bears what from now on.", .of(.finance),
            [Fields.programme] + bearers
        ) { call in
            var chosen: [String: ShortfallBearer] = [:]
            for bearer in bearers { chosen[bearer.name] = try call[bearer] }
            try await call.desk.exceptionBearers.set(
                chosen, of: call[Fields.programme], by: call.actor, at: call.now)
        },
    ]

    /// One for each cause.
    private static let bearers = ExceptionBearers.causes.map {
        Field<ShortfallBearer>.choice($0.code)
    }

    private static func page(_ call: APICall) async throws -> ExceptionPage {
        var filter = Filter()
        filter.state = try call[state]
        filter.code = try call[cause]
        filter.bearer = try call[bearer]
        filter.storeCode = try call[store]
        filter.atLeast = try call[atLeast]
        filter.days = try call[days]
        let place = try call[after].map {
            Position(openedAt: $0.time, exceptionID: $0.id)
        }
        let found = try await call.desk.exceptions.list(
            filter, after: place, by: call.actor, at: call.now)
        return ExceptionPage(
            page: Page(found.rows, of: Exceptions.pageSize) {
                PageKey.text($0.openedAt, $0.exceptionID)
            }, totals: found.totals)
    }
}
