import Domain
import Journal

extension OfficeKeys.Listed: APIObject {
    static let shape = Shape<OfficeKeys.Listed>(
        "OfficeKey",
        [
            Member("kind", \.kind), Member("key", \.keyID), Member("since", \.since),
            Member("supersededAt", \.supersededAt), Member("tills", \.tillCount),
            Member("waiting", \.waitingCount), Member("removable", \.mayBeRemoved),
        ])
}

extension OfficeKeys {
    /// Head office's own keys.
    static let endpoints: [Endpoint] = [
        .get(
            "/keys", "Head office's own keys, the present ones first.",
            .of(.operator, .auditor, .storeAdministrator)
        ) { call in
            Page(try await OfficeKeys(store: call.desk.store).list(by: call.actor, at: call.now))
        }
    ]
}
