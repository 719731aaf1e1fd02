import Domain
import Journal

extension Quarantine.Waiting: APIObject {
    static let shape = Shape<Quarantine.Waiting>(
        "Quarantined",
        [
            Member("till", \.place.till), Member("epoch", \.place.epoch),
            Member("sequence", \.place.sequence), Member("store", \.storeName),
            Member("kind", \.kind), Member("record", \.recordID), Member("receipt", \.receipt),
            Member("card", \.cardMask), Member("amount", \.amount),
            Member("businessAt", \.businessAt), Member("receivedAt", \.receivedAt),
            Member("revokedAt", \.revokedAt), Member(key: "position", \.position),
        ])
}

extension Quarantine.Outcome: APIObject {
    /// `exception` when what was released stays in question.
    static let shape = Shape<Quarantine.Outcome>("Released", [Member("exception", \.code)])
}

extension Quarantine {
    private static let narrowed = Fields.till.or("")
    private static let epoch = Field.number("epoch", 1...1_000_000, example: 1)
    private static let sequence = Field.number("sequence", 1...999_999_999_999, example: 1)
    private static let position: [any RequestField] = [Fields.till, epoch, sequence]

    static let endpoints: [Endpoint] = [
        .get(
            "/quarantine", "What revoked tills delivered and nobody has decided, oldest first.",
            .of(.finance, .auditor, .storeAdministrator), [narrowed, Fields.after]
        ) { call in
            let found = try await call.desk.quarantine.waiting(
                tillCode: call[narrowed], after: call[Fields.after] ?? 0, by: call.actor)
            return Page(found, of: Quarantine.pageSize) { String($0.position) }
        },
        .make(
            "/quarantine/release", "Takes a record in as if its key still counted.",
            .of(.finance), position
        ) { call in
            try await call.desk.quarantine.release(
                place(call), by: call.actor, at: call.now)
        },
        .post(
            "/quarantine/refuse", "Leaves a record to the store.", .of(.finance),
            position + [Fields.reason]
        ) { call in
            try await call.desk.quarantine.refuse(
                place(call), reason: call[Fields.reason], by: call.actor, at: call.now)
        },
    ]

    private static func place(_ call: APICall) throws -> Place {
        Place(
            till: try call[Fields.till], epoch: try call[epoch],
            sequence: Int64(try call[sequence]))
    }
}
