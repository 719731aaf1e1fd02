import Domain
import Hummingbird
import Journal

extension Cards.ListedBatch: APIObject {
    static let shape = Shape<Cards.ListedBatch>(
        "CardBatch",
        [
            Member(key: "batch", \.batchID), Member("programme", \.programmeCode),
            Member("quantity", \.quantity), Member("initialLoad", \.initialLoad),
            Member("test", \.isTest), Member("state", \.state), Member("note", \.note),
            Member("askedBy", \.askedBy), Member("askedAt", \.askedAt),
            Member("decidedBy", \.decidedBy), Member("decidedAt", \.decidedAt),
            Member("exportedBy", \.exportedBy), Member(key: "mailer", \.mailerID),
            Member("mailerFetched", \.isMailerFetched),
        ])
}

/// What a decision about a batch made.
private struct BatchDecided: APIObject {
    let cards: Int

    static let shape = Shape<BatchDecided>("BatchDecided", [Member("cards", \.cards)])
}

extension Mailers.Listed: APIObject {
    static let shape = Shape<Mailers.Listed>(
        "Mailer",
        [
            Member(key: "mailer", \.mailerID), Member(key: "batch", \.batchID),
            Member("number", \.mask), Member("recipient", \.recipient),
            Member("cards", \.cardCount), Member("madeAt", \.madeAt),
            Member("fetched", \.isFetched),
        ])
}

extension Cards {
    private static let batch = Field.key("batch")
    private static let state = Field.choice("state", ["asked", "issued", "refused"]).or("")
    private static let quantity = Field.number(
        "quantity", 1...Cards.batchQuantityMax, example: 10)
    private static let initialLoad = Field.fen("initialLoad", example: 10_000)
    private static let test = Field.flag("test").or(false)
    private static let note = Field.text("note", 0...200, example: "").or("")
    private static let mailer = Field.key("mailer")
    private static let mailerState = Field.choice("state", ["waiting"]).or("")
    private static let publicKey = Field.text("publicKey", 1...100, example: "zz")

    /// Issuing in batches, the card printer's file and the sealed passwords.
    static let batchEndpoints: [Endpoint] = [
        .get("/batches", "Batches, newest first.", readerAccess, [state, Fields.after]) { call in
            let found = try await call.desk.cards.batches(
                state: call[state], before: call[Fields.after], by: call.actor)
            return Page(found, of: Cards.batchPageSize) { String($0.batchID) }
        },
        .make(
            "/batches", "Asks for cards; a second person decides.", .of(.issuer),
            [Fields.programme, quantity, initialLoad, test, note]
        ) { call in
            Made(
                id: try await call.desk.cards.askBatch(
                    programme: call[Fields.programme], quantity: call[quantity],
                    initialLoad: call[initialLoad], isTest: call[test], note: call[note],
                    by: call.actor, at: call.now))
        },
        .make(
            "/batches/{batch}/decide", "Decides a batch; an approval makes its cards.",
            .of(.issuingSupervisor), [batch, Fields.approves]
        ) { call in
            if try call[Fields.approves] {
                return BatchDecided(
                    cards: try await call.desk.cards.approveBatch(
                        call[batch], by: call.actor, at: call.now))
            }
            try await call.desk.cards.refuseBatch(call[batch], by: call.actor, at: call.now)
            return BatchDecided(cards: 0)
        },
        .download(
            "/batches/{batch}/printer-file",
            "Hands the card printer's file over, once: CSV with whole numbers; audited.", issuing,
            [batch], types: ["text/csv"], method: .post
        ) { call in
            try await BatchPages.printerFile(of: call[batch], by: call.actor, call.desk)
        },
        .get(
            "/mailers", "Sealed passwords, the newest first; all, or those that wait.",
            readerAccess, [mailerState, Fields.after]
        ) { call in
            let found = try await call.desk.mailers.list(
                waitingOnly: call[mailerState] == "waiting", before: call[Fields.after],
                by: call.actor)
            return Page(found, of: Mailers.pageSize) { String($0.mailerID) }
        },
        .download(
            "/mailers/{mailer}/fetch", "Hands sealed passwords over, once.", issuing, [mailer],
            types: ["application/json"], method: .post
        ) { call in
            try await MailerPages.sealedFile(of: call[mailer], by: call.actor, call.desk)
        },
        .put(
            "/mailer-recipient", "Registers whom passwords are sealed to from now on.",
            .of(.issuingSupervisor), [Fields.name, publicKey]
        ) { call in
            try await call.desk.mailers.register(
                name: call[Fields.name], publicKey: call[publicKey], by: call.actor,
                at: call.now)
        },
    ]
}
