import Domain
import GRDB

/// The store as head office describes it.
struct StoreInfo: Sendable, Equatable {
    let code: String
    let name: String
    let address: String
    let telephone: String
    let serviceTelephone: String
    let faultTelephone: String
    let isSuspended: Bool

    static func load(in database: Database) throws -> StoreInfo? {
        try Row.fetchOne(
            database,
            sql: """
                SELECT code, name, address, telephone, service_telephone, fault_telephone,
                    suspended
                FROM store_info
                """
        ).map { row in
            StoreInfo(
                code: row["code"], name: row["name"], address: row["address"],
                telephone: row["telephone"], serviceTelephone: row["service_telephone"],
                faultTelephone: row["fault_telephone"], isSuspended: row["suspended"])
        }
    }
}

/// How the till stands now, in figures.
struct TillReport: Sendable {
    let state: SyncState
    let unsent: Unsent
    let usage: StandInUsage
    /// The limits of the till as a whole; nil when head office has published none.
    let limits: StandInLimits?
    let store: StoreInfo?
    let line: OfficeContact.LineStatus
    let freeByteCount: Int64
    let reserveByteCount: Int64
    let now: Instant
    let openPayments: [PaymentRow]
    let renewals: [Renewal.Copy]
    let doubts: [Accounts.Doubt]
    let counts: Counts
    /// Bytes of a write-ahead log that grows; nil when it is short.
    let longWriteAheadLog: Int64?

    /// How much the till knows.
    struct Counts: Sendable {
        let products: Int64
        let catalogueVersion: Int64
        let blockedCards: Int64
        let limits: Int64
        let accounts: Int64
        let accountsVersion: Int64
        let schema: String
    }

    /// Seconds; nil when never complete.
    var contactAge: Int64? { state.contactAge(at: now) }

    var freshness: Freshness {
        let age = contactAge.flatMap { $0 < 0 ? nil : $0 }
        return (limits ?? .defaults).freshness(contactAge: age)
    }

    var isDiskLow: Bool { freeByteCount < reserveByteCount }

    /// Clocks more than five minutes apart are flagged (R-T2).
    var isClockOff: Bool { (state.clockOffset ?? 0).magnitude > 300_000 }

    /// Whether a stand-in sale could be taken now, whatever the card.
    var couldTradeOffline: Bool { OfflineCheck(self).isPossible }

    static func load(
        _ store: TillStore, line: OfficeContact.LineStatus, at now: Instant
    ) async throws -> TillReport {
        let free = try store.folder.freeByteCount()
        return try await store.read { database in
            let programme = try String.fetchOne(
                database, sql: "SELECT programme FROM programme_limit ORDER BY per_sale LIMIT 1")
            let state = try SyncState.load(in: database)
            return TillReport(
                state: state, unsent: try Unsent.load(in: database),
                usage: try StandIn.usage(of: nil, at: state.corrected(now), in: database),
                limits: try programme.flatMap { try StandIn.limits(programme: $0, in: database) },
                store: try StoreInfo.load(in: database), line: line, freeByteCount: free,
                reserveByteCount: store.diskReserveByteCount, now: now,
                openPayments: try PaymentRow.open(in: database),
                renewals: try Renewal.list(in: database),
                doubts: try Accounts.doubts(in: database), counts: try counts(in: database),
                longWriteAheadLog: store.longWriteAheadLog)
        }
    }

    private static func counts(in database: Database) throws -> Counts {
        let row = try Row.fetchOne(
            database,
            sql: """
                SELECT (SELECT count(*) FROM product WHERE status = 'on_sale') AS products,
                    (SELECT coalesce(max(version), 0) FROM product) AS catalogue_version,
                    (SELECT count(*) FROM card_flag WHERE blocked = 1) AS blocked_cards,
                    (SELECT count(*) FROM programme_limit) AS limits,
                    (SELECT count(*) FROM account WHERE disabled = 0) AS accounts,
                    (SELECT accounts_version FROM sync_state) AS accounts_version,
                    (SELECT max(name) FROM schema_migration) AS schema
                """)
        guard let row else { throw TillStoreError(.damaged, "a count without a row") }
        return Counts(
            products: row["products"], catalogueVersion: row["catalogue_version"],
            blockedCards: row["blocked_cards"], limits: row["limits"],
            accounts: row["accounts"], accountsVersion: row["accounts_version"],
            schema: row["schema"])
    }
}
