import Domain
import PostgresDriver

extension Stores {
    /// A store as lists show it.
    struct Listed: Sendable {
        let storeID: Int64
        let code: String
        let name: String
        let province: String
        let address: String
        let telephone: String
        let settlementAccount: String
        let feePerMillion: Int
        let limits: Limits
        /// The store's own numbers; empty takes the network's.
        let telephones: OfficeTelephones
        let isSuspended: Bool
        let tillCount: Int
        let accountCount: Int
    }

    /// A till login as lists show it.
    struct ListedAccount: Sendable {
        let login: String
        let name: String
        let roles: [String]
        let isDisabled: Bool
        /// Nobody's in particular.
        let isShared: Bool
        let createdAt: Instant
    }

    /// Stores a page.
    static let pageSize = 50

    /// Stores in the order of their codes, at most `limit` after `after`; `text` narrows by code or name.
    func list(
        text: String = "", after: String = "", limit: Int = 1_000, by actor: StaffActor
    ) async throws -> [Listed] {
        try actor.require(.storeAdministrator, .auditor, .finance, .operator)
        let pattern = "%" + text.likeEscaped + "%"
        return try await store.read { session in
            try session.query(
                """
                \(fragment: Self.columns)
                WHERE code > \(after) AND (code ILIKE \(pattern) OR name ILIKE \(pattern))
                ORDER BY code LIMIT \(limit)
                """
            ).map(Self.listed)
        }
    }

    /// One store and its logins.
    ///
    /// - Refuses: `.roleMissing`, `.unknownStore`.
    func find(
        _ code: String, by actor: StaffActor
    ) async throws -> (Listed, [ListedAccount]) {
        try actor.require(.storeAdministrator, .auditor, .finance, .operator)
        return try await store.read { session in
            guard
                let row = try session.queryOne(
                    "\(fragment: Self.columns) WHERE code = \(code)")
            else { throw StoresRefusal.unknownStore }
            let found = try Self.listed(row)
            let accounts = try session.query(
                """
                SELECT login, name, roles, disabled, person_id IS NULL AS shared, created_at
                FROM store_account
                WHERE store_id = \(found.storeID) ORDER BY login
                """
            ).map { row in
                ListedAccount(
                    login: try row["login"], name: try row["name"], roles: try row["roles"],
                    isDisabled: try row["disabled"], isShared: try row["shared"],
                    createdAt: try row["created_at"])
            }
            return (found, accounts)
        }
    }

    private static let columns: SQL = """
        SELECT store_id, code, name, province, address, telephone, settlement_account,
               fee_per_million, till_total_limit, till_count_limit, amber_after, red_after,
               suspended, service_telephone, fault_telephone,
               (SELECT count(*) FROM till WHERE till.store_id = store.store_id) AS till_count,
               (SELECT count(*) FROM store_account AS account
                WHERE account.store_id = store.store_id) AS account_count
        FROM store
        """

    private static func listed(_ row: PostgresRow) throws -> Listed {
        Listed(
            storeID: try row["store_id"], code: try row["code"], name: try row["name"],
            province: try row["province"], address: try row["address"],
            telephone: try row["telephone"], settlementAccount: try row["settlement_account"],
            feePerMillion: Int(try row["fee_per_million"] as Int64),
            limits: Limits(
                tillTotal: try row["till_total_limit"],
                tillCount: Int(try row["till_count_limit"] as Int64),
                amberAfter: Int(try row["amber_after"] as Int64),
                redAfter: Int(try row["red_after"] as Int64)),
            telephones: OfficeTelephones(
                service: try row["service_telephone"], fault: try row["fault_telephone"]),
            isSuspended: try row["suspended"],
            tillCount: Int(try row["till_count"] as Int64),
            accountCount: Int(try row["account_count"] as Int64))
    }
}

extension String {
    /// With LIKE's own characters made ordinary.
    var likeEscaped: String {
        var text = ""
        for character in self {
            if character == "%" || character == "_" || character == "\\" { text.append("\\") }
            text.append(character)
        }
        return text
    }
}
