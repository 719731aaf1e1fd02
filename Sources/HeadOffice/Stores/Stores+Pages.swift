import Domain
import Hummingbird
import WebSupport

/// Stores, their logins and limits.
struct StorePages: Sendable {
    let desk: OfficeDesk

    func addRoutes(to group: RouterGroup<WebContext>) {
        group.get("/stores") { request, context in try await list(request, context) }
        group.post("/stores") { _, context in try await create(context) }
        group.get("/stores/{code}") { _, context in try await show(context) }
        group.post("/stores/telephones") { _, context in try await setTelephones(context) }
        post("/stores/{code}/details", "stores.detailsSet", in: group) { form, code, actor in
            let details = Stores.Details(
                name: try form.text("name"), address: try form.text("address"),
                telephone: try form.text("telephone"),
                settlementAccount: try form.text("settlementAccount"),
                telephones: OfficeTelephones(
                    service: try form.text("serviceTelephone"),
                    fault: try form.text("faultTelephone")))
            try await desk.stores.setDetails(details, ofStore: code, by: actor, at: desk.now)
        }
        post("/stores/{code}/limits", "stores.limitsSet", in: group) { form, code, actor in
            let limits = Stores.Limits(
                tillTotal: try form.money("tillTotal"), tillCount: try form.number("tillCount"),
                amberAfter: try form.number("amberHours") * 3_600,
                redAfter: try form.number("redHours") * 3_600)
            try await desk.stores.setLimits(limits, ofStore: code, by: actor, at: desk.now)
        }
        post("/stores/{code}/suspend", "stores.suspended", in: group) { form, code, actor in
            let isSuspended = try form.require("suspended") == "true"
            try await desk.stores.setSuspended(isSuspended, store: code, by: actor, at: desk.now)
        }
        post("/stores/{code}/accounts", "stores.accountAdded", in: group) { form, code, actor in
            let account = Stores.NewAccount(
                login: try form.text("login"), name: try form.text("name"),
                roles: Set(form.all("roles").compactMap { Stores.AccountRole(rawValue: $0) }),
                password: try form.require("password"),
                sameAs: try form.text("person").nilIfEmpty,
                isShared: try form.text("shared") == "true")
            try await desk.stores.addAccount(account, toStore: code, by: actor, at: desk.now)
        }
        post("/stores/{code}/accounts/disable", "stores.accountChanged", in: group) {
            form, code, actor in
            try await desk.stores.setDisabled(
                try form.require("disabled") == "true", login: try form.require("login"),
                ofStore: code, by: actor, at: desk.now)
        }
        post("/stores/{code}/accounts/password", "stores.accountChanged", in: group) {
            form, code, actor in
            try await desk.stores.resetPassword(
                try form.require("password"), login: try form.require("login"), ofStore: code,
                by: actor, at: desk.now)
        }
    }

    private func post(
        _ path: RouterPath, _ done: String, in group: RouterGroup<WebContext>,
        _ work: @escaping @Sendable (FormFields, String, StaffActor) async throws -> Void
    ) {
        group.post(path) { _, context -> Response in
            let form = try context.requireForm()
            let code = context.parameters.get("code") ?? ""
            let actor = try await desk.actor(context)
            try await desk.commit { try await work(form, code, actor) }
            return .redirect(to: "/stores/\(code)", notice: Notice(.success, done))
        }
    }

    private struct ListView {
        let text: String
        let canAdd: Bool
        let provinces: [ChoiceView]
        let hasRows: Bool
        let rows: [RowView]
        let empty: EmptyView
        let pager: PagerView?
        let networkService: String
        let networkFault: String
    }

    private func setTelephones(_ context: WebContext) async throws -> Response {
        let form = try context.requireForm()
        let actor = try await desk.actor(context)
        let telephones = OfficeTelephones(
            service: try form.text("serviceTelephone"), fault: try form.text("faultTelephone"))
        let desk = desk
        try await desk.commit {
            try await desk.stores.setTelephones(telephones, by: actor, at: desk.now)
        }
        return .redirect(to: "/stores", notice: Notice(.success, "stores.telephonesSet"))
    }

    private struct RowView {
        let href: String
        let code: String
        let name: String
        let province: String
        let address: String
        let telephone: String
        let tillCount: String
        let accountCount: String
        let state: StateView
    }

    private func list(_ request: Request, _ context: WebContext) async throws -> Response {
        let actor = try await desk.actor(context)
        let query = try request.query().text("text")
        let found = try await desk.stores.list(
            text: query, after: try request.query().text("after"),
            limit: Stores.pageSize + 1, by: actor)
        let stores = found.prefix(Stores.pageSize)
        let network = try await desk.stores.networkTelephones(by: actor)
        let text = desk.text(context)
        var pager: PagerView?
        if found.count > Stores.pageSize, let last = stores.last {
            pager = PagerView(
                position: text.words("common.shown", ["count": String(stores.count)]),
                previous: nil,
                next: address("/stores", [("text", query), ("after", last.code)]))
        }
        let view = ListView(
            text: query, canAdd: actor.roles.contains(.storeAdministrator),
            provinces: Province.all.map {
                ChoiceView(
                    value: $0.code, label: "\($0.code) \(text.province($0.code))", isChosen: false)
            }, hasRows: !stores.isEmpty,
            rows: stores.map {
                RowView(
                    href: "/stores/\($0.code)", code: $0.code, name: $0.name,
                    province: text.province($0.province), address: $0.address,
                    telephone: $0.telephone, tillCount: String($0.tillCount),
                    accountCount: String($0.accountCount),
                    state: text.state($0.isSuspended ? "suspended" : "open"))
            },
            empty: EmptyView(
                heading: text.words("stores.none"), advice: text.words("stores.noneAdvice")),
            pager: pager, networkService: network.service, networkFault: network.fault)
        return try desk.page("stores/list", view, context)
    }

    private func create(_ context: WebContext) async throws -> Response {
        let form = try context.requireForm()
        let actor = try await desk.actor(context)
        let new = Stores.NewStore(
            code: try form.text("code"), name: try form.text("name"),
            province: try form.require("province"), address: try form.text("address"),
            telephone: try form.text("telephone"),
            settlementAccount: try form.text("settlementAccount"),
            // A fee of 0.60 % is typed as 0.60: hundredths of a per cent are 100 millionths.
            feePerMillion: Int(try form.money("feePercent").fen) * 100)
        let desk = desk
        _ = try await desk.commit {
            try await desk.stores.create(new, by: actor, at: desk.now)
        }
        return .redirect(to: "/stores/\(new.code)", notice: Notice(.success, "stores.added"))
    }

    private struct View {
        let code: String
        let name: String
        let province: String
        let address: String
        let telephone: String
        let settlementAccount: String
        let serviceTelephone: String
        let faultTelephone: String
        let fee: String
        let state: StateView
        let isSuspended: Bool
        let suspendValue: String
        let tillTotal: String
        let tillCount: String
        let amberHours: String
        let redHours: String
        let canChange: Bool
        let hasAccounts: Bool
        let accounts: [AccountView]
        let hasTills: Bool
        let tills: [StoreTillView]
    }

    private struct AccountView {
        let code: String
        let login: String
        let name: String
        let isShared: Bool
        let roles: String
        let state: StateView
        let disableValue: String
        let disableLabel: String
        let canChange: Bool
    }

    private struct StoreTillView {
        let code: String
        let name: String
        let contact: String
        let state: StateView
    }

    private func show(_ context: WebContext) async throws -> Response {
        let actor = try await desk.actor(context)
        let (store, accounts) = try await desk.stores.find(
            context.parameters.get("code") ?? "", by: actor)
        let tills = try await desk.tills.statuses(storeCode: store.code, by: actor)
        let text = desk.text(context)
        let canChange = actor.roles.contains(.storeAdministrator)
        let view = View(
            code: store.code, name: store.name, province: text.province(store.province),
            address: store.address, telephone: store.telephone,
            settlementAccount: store.settlementAccount,
            serviceTelephone: store.telephones.service, faultTelephone: store.telephones.fault,
            fee: Money(fen: Int64(store.feePerMillion / 100)).description + "%",
            state: text.state(store.isSuspended ? "suspended" : "open"),
            isSuspended: store.isSuspended, suspendValue: String(!store.isSuspended),
            tillTotal: store.limits.tillTotal.description,
            tillCount: String(store.limits.tillCount),
            amberHours: String(store.limits.amberAfter / 3_600),
            redHours: String(store.limits.redAfter / 3_600), canChange: canChange,
            hasAccounts: !accounts.isEmpty,
            accounts: accounts.map { account in
                AccountView(
                    code: store.code, login: account.login, name: account.name,
                    isShared: account.isShared,
                    roles: account.roles.map { text.words("role." + $0) }.joined(separator: " · "),
                    state: text.state(account.isDisabled ? "disabled" : "enabled"),
                    disableValue: String(!account.isDisabled),
                    disableLabel: text.words(
                        account.isDisabled ? "stores.enable" : "stores.disable"),
                    canChange: canChange)
            }, hasTills: !tills.isEmpty,
            tills: tills.map {
                StoreTillView(
                    code: $0.code, name: $0.name, contact: text.time($0.lastContact),
                    state: text.state(
                        $0.isRevoked ? "revoked" : $0.isForked ? "forked" : "enabled"))
            })
        return try desk.page("stores/show", view, context)
    }
}
