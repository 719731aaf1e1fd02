import Domain
import Journal

extension Stores.Limits: APIObject {
    /// The ages in hours, as they are set.
    static let shape = Shape<Stores.Limits>(
        "StoreLimits",
        [
            Member("tillTotal", \.tillTotal), Member("tillCount", \.tillCount),
            Member("amberHours", \.amberHours), Member("redHours", \.redHours),
        ])

    private var amberHours: Int { amberAfter / 3_600 }
    private var redHours: Int { redAfter / 3_600 }
}

extension OfficeTelephones: APIObject {
    static let shape = Shape<OfficeTelephones>(
        "Telephones", [Member("service", \.service), Member("fault", \.fault)])
}

extension Stores.Listed: APIObject {
    static let shape = Shape<Stores.Listed>(
        "Store",
        [
            Member("store", \.code), Member("name", \.name), Member("province", \.province),
            Member("address", \.address), Member("telephone", \.telephone),
            Member("settlementAccount", \.settlementAccount),
            Member("feePerMillion", \.feePerMillion), Member("limits", \.limits),
            Member("telephones", \.telephones), Member("suspended", \.isSuspended),
            Member("tills", \.tillCount), Member("accounts", \.accountCount),
        ])
}

extension Stores.ListedAccount: APIObject {
    static let shape = Shape<Stores.ListedAccount>(
        "StoreAccount",
        [
            Member("login", \.login), Member("name", \.name), Member("roles", \.roles),
            Member("disabled", \.isDisabled), Member("shared", \.isShared),
            Member("createdAt", \.createdAt),
        ])
}

/// A store with its logins.
private struct StoreShown: APIObject {
    let store: Stores.Listed
    let accounts: [Stores.ListedAccount]

    static let shape = Shape<StoreShown>(
        "StoreDetail", [Member("store", \.store), Member("accounts", \.accounts)])
}

extension Stores {
    private static let store = Fields.store
    private static let readers = Endpoint.Access.of(
        .storeAdministrator, .auditor, .finance, .operator)
    private static let address = Field.text("address", 0...200, example: "中山路 1 号")
    private static let telephone = Field.text("telephone", 0...40, example: "020-1")
    private static let settlementAccount = Field.text(
        "settlementAccount", 0...60, example: "")
    private static let fee = Field.number("feePerMillion", 0...200_000, example: 6_000)
    private static let service = Field.text("serviceTelephone", 0...40, example: "400-1")
    private static let fault = Field.text("faultTelephone", 0...40, example: "400-2")
    private static let suspended = Field.flag("suspended")
    private static let after = Fields.store.named("after").or("")
    private static let tillTotal = Field.fen("tillTotal", example: 2_000_000)
    private static let tillCount = Field.number("tillCount", 0...10_000, example: 500)
    private static let amberHours = Field.number("amberHours", 0...1_000, example: 4)
    private static let redHours = Field.number("redHours", 0...1_000, example: 24)

    static let endpoints: [Endpoint] = [
        .get(
            "/stores", "Stores by code; `text` narrows by code or part of the name.", readers,
            [Fields.text, after]
        ) { call in
            let found = try await call.desk.stores.list(
                text: call[Fields.text], after: call[after], limit: Stores.pageSize + 1,
                by: call.actor)
            return Page(found, of: Stores.pageSize, key: \.code)
        },
        .get("/stores/{store}", "One store and its logins.", readers, [store]) { call in
            let (found, accounts) = try await call.desk.stores.find(call[store], by: call.actor)
            return StoreShown(store: found, accounts: accounts)
        },
        .make(
            "/stores", "Opens a store.", .of(.storeAdministrator),
            [
                store, Fields.name, Fields.province, address, telephone, settlementAccount, fee,
            ]
        ) { call in
            let new = NewStore(
                code: try call[store], name: try call[Fields.name],
                province: try call[Fields.province], address: try call[address],
                telephone: try call[telephone], settlementAccount: try call[settlementAccount],
                feePerMillion: try call[fee])
            return Made(id: try await call.desk.stores.create(new, by: call.actor, at: call.now))
        },
        .put(
            "/stores/{store}/details", "Sets what a store is called and where it is.",
            .of(.storeAdministrator),
            [store, Fields.name, address, telephone, settlementAccount, service, fault]
        ) { call in
            let details = Details(
                name: try call[Fields.name], address: try call[address],
                telephone: try call[telephone], settlementAccount: try call[settlementAccount],
                telephones: OfficeTelephones(
                    service: try call[service], fault: try call[fault]))
            try await call.desk.stores.setDetails(
                details, ofStore: call[store], by: call.actor, at: call.now)
        },
        .put(
            "/stores/{store}/limits", "Sets a store's offline limits (R-P3).",
            .of(.storeAdministrator), [store, tillTotal, tillCount, amberHours, redHours]
        ) { call in
            let limits = Limits(
                tillTotal: try call[tillTotal], tillCount: try call[tillCount],
                amberAfter: try call[amberHours] * 3_600, redAfter: try call[redHours] * 3_600)
            try await call.desk.stores.setLimits(
                limits, ofStore: call[store], by: call.actor, at: call.now)
        },
        .put(
            "/stores/{store}/suspended", "Suspends a store or opens it again.",
            .of(.storeAdministrator), [store, suspended]
        ) { call in
            try await call.desk.stores.setSuspended(
                call[suspended], store: call[store], by: call.actor, at: call.now)
        },
        .get("/telephones", "The network's telephones, empty where the setting counts.", readers) {
            call in
            try await call.desk.stores.networkTelephones(by: call.actor)
        },
        .put(
            "/telephones", "Sets the network's telephones.", .of(.storeAdministrator),
            [service, fault]
        ) { call in
            try await call.desk.stores.setTelephones(
                OfficeTelephones(service: try call[service], fault: try call[fault]),
                by: call.actor, at: call.now)
        },
    ]

    private static let roles = Field<Set<AccountRole>>.choices("roles")
    private static let shared = Field.flag("shared").or(false)
    private static let sameAs = Field.text("person", 1...100, example: "zz").optional

    /// The logins of a store's people.
    static let accountEndpoints: [Endpoint] = [
        .post(
            "/stores/{store}/accounts",
            "Makes a login, of a new person or of the person of another login.",
            .of(.storeAdministrator),
            [store, Fields.login, Fields.name, roles, Fields.password, sameAs, shared]
        ) { call in
            let account = NewAccount(
                login: try call[Fields.login], name: try call[Fields.name],
                roles: try call[roles], password: try call[Fields.password],
                sameAs: try call[sameAs], isShared: try call[shared])
            try await call.desk.stores.addAccount(
                account, toStore: call[store], by: call.actor, at: call.now)
        },
        .put(
            "/stores/{store}/accounts/{login}/disabled", "Closes a login or opens it again.",
            .of(.storeAdministrator), [store, Fields.login, Fields.disabled]
        ) { call in
            try await call.desk.stores.setDisabled(
                call[Fields.disabled], login: call[Fields.login], ofStore: call[store],
                by: call.actor, at: call.now)
        },
        .put(
            "/stores/{store}/accounts/{login}/password", "Sets a login's password.",
            .of(.storeAdministrator), [store, Fields.login, Fields.password]
        ) { call in
            try await call.desk.stores.resetPassword(
                call[Fields.password], login: call[Fields.login], ofStore: call[store],
                by: call.actor, at: call.now)
        },
    ]
}
