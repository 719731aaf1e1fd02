import Domain
import Journal

extension Cards.Listed: APIObject {
    static let shape = Shape<Cards.Listed>(
        "Card",
        [
            Member(key: "card", \.cardID), Member("number", \.mask),
            Member("programme", \.programmeCode), Member("state", \.state),
            Member("stateSince", \.stateSince), Member("test", \.isTest),
            Member("balance", \.balance), Member("held", \.held),
            Member("balanceMaximum", \.balanceMaximum), Member("issuedAt", \.issuedAt),
            Member("holder", \.holderMask), Member("expiresOn", \.expiresOn),
            Member("expired", \.isExpired),
        ])
}

extension Cards.Movement: APIObject {
    static let shape = Shape<Cards.Movement>(
        "CardMovement",
        [
            Member(key: "transfer", \.transferID), Member("kind", \.kind),
            Member("amount", \.amount), Member("store", \.storeName), Member("sale", \.saleID),
            Member("receipt", \.receipt), Member("businessAt", \.businessAt),
            Member("postedAt", \.postedAt),
        ])
}

extension Cards.HeldBack: APIObject {
    static let shape = Shape<Cards.HeldBack>(
        "CardHoldBack",
        [
            Member("till", \.tillCode), Member("amount", \.amount), Member("endsAt", \.endsAt),
            Member("heard", \.isHeard),
        ])
}

extension Cards.Act: APIObject {
    static let shape = Shape<Cards.Act>(
        "CardAct",
        [
            Member("at", \.at), Member("actor", \.actor), Member("action", \.action),
            Member("reason", \.reason),
        ])
}

extension Cards.Shown: APIObject {
    static let shape = Shape<Cards.Shown>(
        "CardDetail",
        [
            Member("card", \.card), Member("movements", \.movements), Member("loads", \.loads),
            Member("requests", \.requests), Member("heldBack", \.heldBack),
            Member("acts", \.acts), Member(key: "replaces", \.replaces?.cardID),
            Member(key: "replacedBy", \.replacedBy?.cardID),
        ])
}

extension Cards {
    static let cardField = Field.key("card")
    static let readerAccess = Endpoint.Access.roles(Set(readers))
    static let issuing = Endpoint.Access.of(.issuer, .issuingSupervisor)
    private static let state = Field.choice(
        "state", ["active", "frozen", "expired", "lost", "closed"]
    ).or("")
    private static let programme = Fields.programme.or("")
    private static let last = Field.digits("last", count: 4, example: "0002").or("")
    private static let test = Field.flag("test").or(false)
    private static let wanted = Field.text("text", 1...60, example: "0002")
    private static let present = Field.digits("present", count: 6, example: "111111")
    private static let new = Field.digits("new", count: 6, example: "222222")
    private static let reason = Fields.reason

    static let endpoints: [Endpoint] = [
        .get(
            "/cards", "Cards, newest first.", readerAccess,
            [state, programme, last, test, Fields.after]
        ) { call in
            var filter = Filter()
            filter.state = try call[state]
            filter.programme = try call[programme]
            filter.last = try call[last]
            filter.isTestOnly = try call[test]
            let found = try await call.desk.cards.list(
                filter, before: call[Fields.after], by: call.actor)
            return Page(found, of: Cards.pageSize) { String($0.cardID) }
        },
        .make(
            "/cards/find",
            "Cards by a whole number, the last four digits, a till's fingerprint or the holder's exact name.",
            readerAccess, [wanted]
        ) { call in
            Page(try await call.desk.cards.find(call[wanted], by: call.actor))
        },
        .get("/cards/{card}", "One card and what happened to it.", readerAccess, [cardField]) {
            call in
            try await call.desk.cards.show(call[cardField], by: call.actor)
        },
        .post("/cards/{card}/freeze", "Freezes a card.", issuing, [cardField, reason]) { call in
            try await call.desk.cards.freeze(
                call[cardField], reason: call[reason], by: call.actor, at: call.now)
        },
        .post(
            "/cards/{card}/unfreeze", "Ends a freeze.", .of(.issuingSupervisor),
            [cardField, reason]
        ) { call in
            try await call.desk.cards.unfreeze(
                call[cardField], reason: call[reason], by: call.actor, at: call.now)
        },
        .post("/cards/{card}/lost", "Reports a card lost.", issuing, [cardField, reason]) {
            call in
            try await call.desk.cards.reportLost(
                call[cardField], reason: call[reason], by: call.actor, at: call.now)
        },
        .post(
            "/cards/{card}/reset-lock", "Opens a password that wrong tries locked.",
            .of(.issuingSupervisor), [cardField, reason]
        ) { call in
            try await call.desk.cards.resetLock(
                call[cardField], reason: call[reason], by: call.actor, at: call.now)
        },
        .put("/cards/{card}/holder", "Registers the holder.", issuing, [cardField, Fields.name]) {
            call in
            try await call.desk.cards.setHolder(
                call[Fields.name], of: call[cardField], by: call.actor, at: call.now)
        },
        .put(
            "/cards/{card}/password", "Changes the card's password, with the present one.",
            issuing, [cardField, present, new]
        ) { call in
            try await call.desk.cards.changePassword(
                of: call[cardField], from: call[present], to: call[new], by: call.actor,
                at: call.now)
        },
    ]
}
