import Domain
import Journal

extension Cards.ListedRequest: APIObject {
    static let shape = Shape<Cards.ListedRequest>(
        "CardRequest",
        [
            Member("request", \.requestID), Member(key: "card", \.cardID),
            Member("number", \.mask), Member("kind", \.kind.rawValue),
            Member("reason", \.reason), Member("state", \.state), Member("askedBy", \.askedBy),
            Member("askedAt", \.askedAt), Member("decidedBy", \.decidedBy),
        ])
}

extension Cards.ListedLoad: APIObject {
    static let shape = Shape<Cards.ListedLoad>(
        "CardLoad",
        [
            Member("load", \.loadID), Member(key: "card", \.cardID), Member("number", \.mask),
            Member("amount", \.amount), Member("reason", \.reason), Member("state", \.state),
            Member("askedBy", \.askedBy), Member("askedAt", \.askedAt),
            Member("decidedBy", \.decidedBy),
        ])
}

extension Cards {
    private static let request = Field.id("request")
    private static let kind = Field<CardRequestKind>.choice("kind")

    /// What two people do to a card.
    static let requestEndpoints: [Endpoint] = [
        .get(
            "/card-requests", "Requests: those that wait, oldest first; others newest first.",
            readerAccess, [Fields.standing, Fields.askedAfter]
        ) { call in
            Page(
                asked: try await call.desk.cards.requests(
                    AskedFilter(call), limit: AskedFilter.pageSize + 1, by: call.actor))
        },
        .post(
            "/cards/{card}/requests",
            "Asks for a replacement, a closing, a password and so on; a second person decides.",
            issuing, [cardField, request, kind, Fields.reason]
        ) { call in
            try await call.desk.cards.ask(
                call[kind], call[request], card: call[cardField], reason: call[Fields.reason],
                by: call.actor, at: call.now)
        },
        .post(
            "/card-requests/{request}/decide", "Decides a request.", .of(.issuingSupervisor),
            [request, Fields.approves]
        ) { call in
            let (id, actor) = (try call[request], try call.actor)
            if try call[Fields.approves] {
                try await call.desk.cards.approveRequest(id, by: actor, at: call.now)
            } else {
                try await call.desk.cards.refuseRequest(id, by: actor, at: call.now)
            }
        },
    ]

    private static let load = Field.id("load")
    private static let amount = Field.fen("amount", example: 10_000)

    /// Loads by two people.
    static let loadEndpoints: [Endpoint] = [
        .get(
            "/loads", "Loads: those that wait, oldest first; others newest first.",
            readerAccess, [Fields.standing, Fields.askedAfter]
        ) { call in
            Page(
                asked: try await call.desk.cards.loads(
                    AskedFilter(call), limit: AskedFilter.pageSize + 1, by: call.actor))
        },
        .post(
            "/cards/{card}/loads", "Asks for a load; a second person decides.", issuing,
            [cardField, load, amount, Fields.reason]
        ) { call in
            try await call.desk.cards.askLoad(
                call[load], card: call[cardField], amount: call[amount],
                reason: call[Fields.reason], by: call.actor, at: call.now)
        },
        .post(
            "/loads/{load}/decide", "Decides a load.", .of(.issuingSupervisor),
            [load, Fields.approves]
        ) { call in
            let (id, actor) = (try call[load], try call.actor)
            if try call[Fields.approves] {
                try await call.desk.cards.approveLoad(id, by: actor, at: call.now)
            } else {
                try await call.desk.cards.refuseLoad(id, by: actor, at: call.now)
            }
        },
    ]
}
