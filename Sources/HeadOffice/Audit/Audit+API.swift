import Domain
import Hummingbird
import Journal

extension Audit.Line: APIObject {
    static let shape = Shape<Audit.Line>(
        "AuditLine",
        [
            Member(key: "line", \.auditID), Member("sequence", \.chainSequence),
            Member("hash", \.hash), Member("at", \.at), Member("actor", \.actor),
            Member("person", \.personName), Member("action", \.action),
            Member("subject", \.subject), Member("detail", \.detail),
        ])
}

extension Audit {
    private static let readers = Endpoint.Access.of(.auditor, .operator)
    private static let who = Field.text("who", 1...100, example: "zz").or("")
    private static let action = Field.text("action", 1...100, example: "sign_in").or("")
    private static let subject = Field.text("subject", 1...100, example: "zz").or("")
    private static let from = Field.date("from").optional
    private static let to = Field.date("to").optional
    private static let fields: [any RequestField] = [who, action, subject, from, to]

    static let endpoints: [Endpoint] = [
        .get("/audit", "Lines, newest first.", readers, fields + [Fields.after]) { call in
            let found = try await call.desk.audit.list(
                filter(call), before: call[Fields.after], by: call.actor)
            return Page(found, of: Audit.pageSize) { String($0.auditID) }
        },
        .download(
            "/audit/export", "The lines of a filter as CSV; itself audited.", readers, fields,
            types: ["text/csv"]
        ) { call in
            let made = try await call.desk.audit.export(
                filter(call), by: call.actor, at: call.now)
            return AuditPages.file(made, at: call.now)
        },
    ]

    private static func filter(_ call: APICall) throws -> Filter {
        var filter = Filter()
        filter.actor = try call[who]
        filter.action = try call[action]
        filter.subject = try call[subject]
        filter.from = try call[from]
        filter.to = try call[to]
        return filter
    }
}
