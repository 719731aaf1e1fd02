import Domain
import Journal
import WebSupport

extension Tills.Status: APIObject {
    static let shape = Shape<Tills.Status>(
        "Till",
        [
            Member("till", \.code), Member("name", \.name), Member("store", \.storeCode),
            Member("storeName", \.storeName), Member("province", \.province),
            Member("epoch", \.epoch), Member("revoked", \.isRevoked),
            Member("forked", \.isForked), Member("lastContactAt", \.lastContact),
            Member("received", \.durableSequence), Member("stated", \.statedSequence),
            Member("clockOffset", \.clockOffset), Member("unsent", \.unsentCount),
            Member("unsentValue", \.unsentValue), Member("oldestUnsentAt", \.oldestUnsent),
            Member("version", \.version),
        ])
}

extension Tills.Epoch: APIObject {
    static let shape = Shape<Tills.Epoch>(
        "TillEpoch",
        [
            Member("epoch", \.epoch), Member("begunAt", \.begunAt),
            Member("revokedAt", \.revokedAt), Member("revokedBy", \.revokedBy),
            Member("stated", \.statedSequence), Member("statedAt", \.statedAt),
            Member("received", \.receivedSequence),
            Member("quarantined", \.quarantinedCount),
            Member("firstMissing", \.missing?.lowerBound),
            Member("lastMissing", \.missing?.upperBound),
        ])
}

extension Tills.Waiting: APIObject {
    static let shape = Shape<Tills.Waiting>(
        "Enrolment",
        [
            Member(key: "enrolment", \.enrolmentID), Member("store", \.storeCode),
            Member("storeName", \.storeName), Member("name", \.name),
            Member("keyPrint", \.keyPrint), Member("renewing", \.renewing),
            Member("askedAt", \.asked),
        ])
}

/// A till with its life under each key.
private struct TillShown: APIObject {
    let till: Tills.Status
    let epochs: [Tills.Epoch]

    static let shape = Shape<TillShown>(
        "TillDetail", [Member("till", \.till), Member("epochs", \.epochs)])
}

/// A code that a till is enrolled with, shown once.
private struct EnrolmentCodeShown: APIObject {
    let code: String

    static let shape = Shape<EnrolmentCodeShown>("EnrolmentCode", [Member("code", \.code)])
}

/// The till that an enrolment became; none when it was refused.
private struct Enrolled: APIObject {
    let till: String?

    static let shape = Shape<Enrolled>("Enrolled", [Member("till", \.till)])
}

extension DayStatements.Row: APIObject {
    static let shape = Shape<DayStatements.Row>(
        "DayStatement",
        [
            Member("date", \.statement.date), Member("number", \.statement.number),
            Member("by", \.statement.by), Member("closedAt", \.closedAt),
            Member("receivedAt", \.receivedAt), Member("epoch", \.epoch),
            Member("statedUnsent", \.statement.unsent.records),
            Member("receivedSales", \.received.count), Member("receivedTotal", \.received.total),
            Member("inQuestion", \.questioned.count), Member("agrees", \.agrees),
        ])
}

extension Tills {
    private static let till = Fields.till
    private static let renewed = Fields.till.optional
    private static let enrolment = Field.key("enrolment")
    private static let readers = Endpoint.Access.of(
        .storeAdministrator, .operator, .auditor, .finance)

    static let endpoints: [Endpoint] = [
        .get("/tills", "Every till as it last spoke.", readers) { call in
            Page(try await call.desk.tills.statuses(by: call.actor))
        },
        .get("/tills/{till}", "One till and its keys.", readers, [till]) { call in
            guard
                let found = try await call.desk.tills.status(
                    tillCode: call[till], by: call.actor)
            else { throw RequestRefusal.notFound }
            return TillShown(
                till: found, epochs: try await call.desk.tills.epochs(tillCode: found.code))
        },
        .get(
            "/tills/{till}/days", "A till's day statements beside what was received, newest first.",
            readers, [till]
        ) { call in
            guard
                let rows = try await DayStatements(store: call.desk.store).of(
                    tillCode: call[till], by: call.actor)
            else { throw RequestRefusal.notFound }
            return Page(rows)
        },
        .post(
            "/tills/{till}/revoke", "Revokes a till's key at once.", .of(.storeAdministrator),
            [till]
        ) { call in
            try await call.desk.tills.revoke(tillCode: call[till], by: call.actor)
        },
        .make(
            "/enrolment-codes",
            "Makes a one-time code for a new till, or for `till` to go on under a new key.",
            .of(.storeAdministrator), [Fields.store, renewed]
        ) { call in
            EnrolmentCodeShown(
                code: try await call.desk.tills.makeEnrolmentCode(
                    storeCode: call[Fields.store], renewing: call[renewed], by: call.actor
                ).text)
        },
        .get(
            "/enrolments", "Tills that wait for a person.",
            .of(.storeAdministrator, .operator, .auditor)
        ) { call in
            Page(try await call.desk.tills.waiting(by: call.actor))
        },
        .make(
            "/enrolments/{enrolment}/decide", "Lets a till in, or not.",
            .of(.storeAdministrator), [enrolment, Fields.approves]
        ) { call in
            if try call[Fields.approves] {
                return Enrolled(
                    till: try await call.desk.tills.approve(
                        enrolmentID: call[enrolment], by: call.actor))
            }
            try await call.desk.tills.refuse(enrolmentID: call[enrolment], by: call.actor)
            return Enrolled(till: nil)
        },
    ]
}
