import Domain
import Hummingbird
import WebSupport

/// Head office's own keys: their ids, their age, and what still needs an earlier one.
struct OfficeKeyPages: Sendable {
    let desk: OfficeDesk

    func addRoutes(to group: RouterGroup<WebContext>) {
        group.get("/keys") { _, context in try await list(context) }
    }

    private struct View {
        let hasRows: Bool
        let rows: [RowView]
        let empty: EmptyView
    }

    private struct RowView {
        let what: String
        let use: String
        let keyID: String
        let since: String
        let age: String
        let state: StateView
        let needed: String
    }

    private func list(_ context: WebContext) async throws -> Response {
        let actor = try await desk.actor(context)
        let now = desk.now
        let keys = try await OfficeKeys(store: desk.store).list(by: actor, at: now)
        let text = desk.text(context)
        return try desk.page(
            "keys/list",
            View(
                hasRows: !keys.isEmpty,
                rows: keys.map { key in
                    RowView(
                        what: text.words("keys." + key.kind),
                        use: text.words("keys.use." + key.kind), keyID: key.keyID,
                        since: text.time(key.since),
                        age: text.span(now.milliseconds(since: key.since)),
                        state: Self.state(key, text), needed: Self.needed(key, text))
                },
                empty: EmptyView(
                    heading: text.words("keys.none"), advice: text.words("keys.noneAdvice"))),
            context)
    }

    private static func state(_ key: OfficeKeys.Listed, _ text: PageText) -> StateView {
        if key.supersededAt == nil {
            return StateView(text: text.words("keys.present"), badge: "badge-good")
        }
        return key.mayBeRemoved
            ? StateView(text: text.words("keys.removable"), badge: "badge-info")
            : StateView(text: text.words("keys.kept"), badge: "badge-wait")
    }

    private static func needed(_ key: OfficeKeys.Listed, _ text: PageText) -> String {
        guard key.supersededAt != nil, !key.mayBeRemoved, key.kind == "sealing" else { return "" }
        return text.words(
            "keys.needed",
            ["tills": String(key.tillCount), "waiting": String(key.waitingCount)])
    }
}
