// The month's transfers one by one: where every figure of a report comes from, and the way on to its slip.

import Domain
import PostgresDriver

/// Looks transfers up.
struct Transfers: Sendable {
    let store: OfficeStore

    /// A transfer in a list.
    struct Listed: Sendable {
        let number: Int64
        let kind: String
        let payerKind: String
        let payer: String
        let payeeKind: String
        let payee: String
        let amount: Money
        let day: BusinessDate
        let happenedAt: Instant
        let postedAt: Instant
        let storeCode: String
        let cardID: Int64?
        let cardMask: String
        let isLate: Bool
        /// The order it belongs to.
        let saleID: RecordID?
        let receipt: String
    }

    /// What transfers come to.
    struct Sums: Sendable {
        let kinds: [KindSum]
        /// How many sales, requests, loads or decisions stand behind them.
        let sourceCount: Int64
    }

    /// What the transfers of one kind come to.
    struct KindSum: Sendable {
        let kind: TransferKind
        let count: Int64
        let amount: Money
        /// What came into the accounts looked at, less what went out of them; zero when none are named.
        let net: Money
    }

    /// Transfers a page.
    static let pageSize = 100

    /// A page of transfers, oldest first; one more than a page tells that there is more.
    ///
    /// - Refuses: `.roleMissing`.
    func list(
        _ filter: TransferFilter, after number: Int64 = 0, by actor: StaffActor
    ) async throws -> [Listed] {
        try actor.require(.finance, .auditor)
        return try await store.read { session in
            try session.query(
                """
                SELECT transfer_id, transfer.kind, payer.kind AS payer_kind,
                       \(fragment: MonthReport.owner("payer")) AS payer, payee.kind AS payee_kind,
                       \(fragment: MonthReport.owner("payee")) AS payee, transfer.amount,
                       transfer.business_date, transfer.business_at, posted_at,
                       coalesce(store.code, '') AS store_code, card.card_id,
                       coalesce(card.mask, '') AS mask,
                       date_trunc('month', transfer.business_date)::date <> accounting_month
                           AS is_late,
                       origin.sale_id, coalesce(origin.receipt, '') AS receipt
                FROM \(fragment: Self.joined)
                JOIN account AS payer ON payer.account_id = from_account_id
                JOIN account AS payee ON payee.account_id = to_account_id
                LEFT JOIN refund_request ON request_id = source_id
                LEFT JOIN exception_event ON decision_id = source_id
                LEFT JOIN exception USING (exception_id)
                LEFT JOIN sale AS origin ON origin.sale_id
                    = coalesce(sale.sale_id, refund_request.sale_id, exception.sale_id)
                WHERE \(fragment: filter.condition) AND transfer_id > \(number)
                ORDER BY transfer_id LIMIT \(Self.pageSize + 1)
                """
            ).map(Self.listed)
        }
    }

    /// What they come to, kind by kind.
    ///
    /// - Refuses: `.roleMissing`.
    func sums(_ filter: TransferFilter, by actor: StaffActor) async throws -> Sums {
        try actor.require(.finance, .auditor)
        return try await store.read { session in
            let accounts = filter.accountSet ?? "SELECT NULL::bigint WHERE false"
            let rows = try session.query(
                """
                WITH looked_at AS MATERIALIZED (\(fragment: accounts))
                SELECT transfer.kind, count(DISTINCT source_id) AS count,
                       coalesce(sum(amount), 0)::bigint AS amount,
                       coalesce(sum(CASE WHEN to_account_id IN (TABLE looked_at) THEN amount
                                         ELSE 0 END)
                              - sum(CASE WHEN from_account_id IN (TABLE looked_at) THEN amount
                                         ELSE 0 END), 0)::bigint AS net
                FROM \(fragment: Self.joined)
                WHERE \(fragment: filter.condition)
                GROUP BY GROUPING SETS ((transfer.kind), ()) ORDER BY transfer.kind
                """)
            let kinds = try rows.compactMap { row in
                try row.decode("kind", as: String?.self).flatMap(TransferKind.init).map { kind in
                    KindSum(
                        kind: kind, count: try row["count"], amount: try row["amount"],
                        net: try row["net"])
                }
            }
            return Sums(kinds: kinds, sourceCount: try rows.last?.decode("count") ?? 0)
        }
    }

    private static let joined: SQL = """
        transfer
        LEFT JOIN store ON store.store_id = transfer.store_id
        LEFT JOIN card ON card.card_id = transfer.card_id
        LEFT JOIN programme ON programme.programme_id = card.programme_id
        LEFT JOIN sale ON sale.sale_id = source_id
        """

    private static func listed(_ row: PostgresRow) throws -> Listed {
        Listed(
            number: try row["transfer_id"], kind: try row["kind"],
            payerKind: try row["payer_kind"],
            payer: try row.decode("payer", as: String?.self) ?? "",
            payeeKind: try row["payee_kind"],
            payee: try row.decode("payee", as: String?.self) ?? "",
            amount: try row["amount"], day: try row["business_date"],
            happenedAt: try row["business_at"], postedAt: try row["posted_at"],
            storeCode: try row["store_code"], cardID: try row["card_id"],
            cardMask: try row["mask"], isLate: try row["is_late"], saleID: try row["sale_id"],
            receipt: try row["receipt"])
    }
}
