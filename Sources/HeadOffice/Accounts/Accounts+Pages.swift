import Domain
import Hummingbird
import WebSupport

/// Head-office logins, and everybody's own password.
struct StaffPages: Sendable {
    let desk: OfficeDesk

    func addRoutes(to group: RouterGroup<WebContext>) {
        group.get("/staff") { request, context in try await list(request, context) }
        group.post("/staff") { _, context in try await add(context) }
        group.post("/staff/disable") { _, context -> Response in
            let form = try context.requireForm()
            let actor = try await desk.actor(context)
            let login = try form.require("login")
            let isDisabled = try form.require("disabled") == "true"
            let desk = desk
            try await desk.commit {
                try await desk.accounts.setDisabled(
                    isDisabled, login: login, by: actor, at: desk.now)
            }
            return .redirect(to: "/staff", notice: Notice(.success, "staff.changed"))
        }
    }

    /// The own password, which may be the step that is missing before the pages open.
    func addPassword(to group: RouterGroup<WebContext>) {
        group.get("/password") { _, context in
            try desk.page("staff/password", EmptyPage(), context)
        }
        group.post("/password") { _, context -> Response in
            let form = try context.requireForm()
            let actor = try await desk.actor(context)
            let present = try form.require("present")
            let new = try form.require("new")
            let desk = desk
            try await desk.commit {
                try await desk.accounts.changePassword(
                    from: present, to: new, by: actor, at: desk.now)
            }
            return .redirect(to: "/sign-in", notice: Notice(.success, "password.changed"))
        }
    }

    private struct EmptyPage {}

    private func add(_ context: WebContext) async throws -> Response {
        let form = try context.requireForm()
        let actor = try await desk.actor(context)
        let sameAs = try form.text("person")
        let new = Accounts.NewStaff(
            person: sameAs.isEmpty ? .named(try form.text("name")) : .sameAs(login: sameAs),
            login: try form.text("login"),
            roles: Set(form.all("roles").compactMap { StaffRole(rawValue: $0) }),
            password: try form.require("password"), mustChangePassword: true)
        let desk = desk
        _ = try await desk.commit {
            try await desk.accounts.addStaff(new, by: actor, at: desk.now)
        }
        return .redirect(to: "/staff", notice: Notice(.success, "staff.added"))
    }

    private struct ListView {
        let search: String
        let exportHref: String
        let canChange: Bool
        let roles: [ChoiceView]
        let rows: [RowView]
        let pager: PagerView?
    }

    private struct RowView {
        let login: String
        let person: String
        let roles: String
        let state: StateView
        let locked: String
        let canDisable: Bool
        let disableValue: String
        let disableLabel: String
    }

    private func list(_ request: Request, _ context: WebContext) async throws -> Response {
        let actor = try await desk.actor(context)
        let query = try request.query()
        let search = try query.text("text")
        let text = desk.text(context)
        if try query.text("format") == "csv" {
            return try await export(search, text: text, by: actor)
        }
        let found = try await desk.accounts.list(
            text: search, after: try query.text("after"), by: actor)
        let staff = found.prefix(Accounts.pageSize)
        let canChange = actor.roles.contains(.operator)
        let now = desk.now
        let view = ListView(
            search: search, exportHref: address("/staff", [("text", search), ("format", "csv")]),
            canChange: canChange,
            roles: StaffRole.allCases.map {
                ChoiceView(
                    value: $0.rawValue, label: text.words("role." + $0.rawValue), isChosen: false)
            },
            rows: staff.map { row in
                RowView(
                    login: row.login, person: row.personName,
                    roles: row.roles.map { text.words("role." + $0) }.joined(separator: " · "),
                    state: text.state(row.isDisabled ? "disabled" : "enabled"),
                    locked: row.lockedUntil.flatMap { $0 > now ? text.time($0) : nil } ?? "",
                    canDisable: canChange && row.login != actor.login,
                    disableValue: String(!row.isDisabled),
                    disableLabel: text.words(row.isDisabled ? "stores.enable" : "stores.disable"))
            },
            pager: text.pager(
                found.count, of: Accounts.pageSize, path: "/staff",
                [("text", search), ("after", staff.last?.login ?? "")]))
        return try desk.page("staff/list", view, context)
    }

    private func export(
        _ search: String, text: PageText, by actor: StaffActor
    ) async throws -> Response {
        let staff = try await desk.accounts.list(
            text: search, limit: AskedFilter.exportSize, by: actor)
        return try await desk.export(
            "staff",
            ["staff.login", "staff.name", "staff.roles", "common.state", "staff.createdAt"]
                .map { text.words($0) },
            staff.map { row in
                [
                    .text(row.login), .text(row.personName),
                    .text(row.roles.map { text.words("role." + $0) }.joined(separator: " · ")),
                    .text(text.words("state." + (row.isDisabled ? "disabled" : "enabled"))),
                    .text(text.time(row.createdAt)),
                ]
            }, by: actor)
    }
}
