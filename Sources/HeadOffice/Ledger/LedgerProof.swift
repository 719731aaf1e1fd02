// The caches against the truth: every balance must be what the transfers say, every book must sum to zero, what a card
// account holds must be its held payments (R-L1, R-L2), every roll-up, every sale's fee and what the newest closed month ended
// with what the transfers come to.

import PostgresDriver

/// What comparing the caches with the transfers found.
public struct LedgerProof: Sendable, Equatable {
    /// An account that does not say what the transfers or the payments say.
    public struct Difference: Sendable, Equatable, CustomStringConvertible {
        /// The row.
        public let accountID: Int64
        /// `card of 17 in real`.
        public let account: String
        /// Balance as kept.
        public let balance: Int64
        /// Balance as the transfers say.
        public let proved: Int64
        /// Held as kept.
        public let held: Int64
        /// Held as the payments say.
        public let provedHeld: Int64
        /// A card's earliest month as kept.
        public let firstMonth: String
        /// A card's earliest month as the transfers say.
        public let provedFirstMonth: String

        /// For an operator's screen.
        public var description: String {
            "account \(accountID) (\(account)): balance \(balance), transfers say \(proved);"
                + " held \(held), payments say \(provedHeld);"
                + " moved since \(firstMonth), transfers say \(provedFirstMonth)"
        }
    }

    /// A row of a roll-up, or of the sales' fees, that does not say what the transfers say.
    public struct RowDifference: Sendable, Equatable, CustomStringConvertible {
        /// The table.
        public let table: String
        /// Which row.
        public let key: String
        /// Its figures as kept, or `no row`.
        public let kept: String
        /// Its figures as the transfers say, or `no row`.
        public let proved: String

        /// For an operator's screen.
        public var description: String { "\(table), \(key): \(kept), transfers say \(proved)" }
    }

    /// Accounts that differ, by number; empty when the balances are right.
    public let differences: [Difference]
    /// Other rows that differ: the roll-ups by key, the balances that the newest closed month ended with, then the fees; empty
    /// when they are right.
    public let rowDifferences: [RowDifference]
    /// What each book sums to; anything but zero is wrong.
    public let sums: [String: Int64]
    /// How many accounts were compared.
    public let accountCount: Int64
    /// How many transfers there are.
    public let transferCount: Int64
    /// How many rows of roll-ups were compared.
    public let rollupCount: Int64
    /// How many sales' fees were compared.
    public let feeCount: Int64
    /// The highest transfer there was.
    public let position: Int64

    /// Whether everything agrees.
    public var isRight: Bool { findings.isEmpty }

    /// Everything that is wrong, one line each, the books first.
    public var findings: [String] {
        sums.filter { $0.value != 0 }.sorted { $0.key < $1.key }
            .map { "book \($0.key) sums to \($0.value)" }
            + differences.map(\.description) + rowDifferences.map(\.description)
    }

    /// Compares the caches with the transfers, all in one snapshot.
    ///
    /// - Cost: reads every transfer; holds nothing up.
    public static func make(_ store: OfficeStore) async throws -> LedgerProof {
        try await store.pool.transaction(
            attempts: 1, isolation: .repeatableRead, readOnly: true
        ) { session in
            try session.execute("SET LOCAL statement_timeout = 0")
            let differences = try accounts(in: session)
            let rollups = try rows(Rollups.differences, in: session)
            let closings = try rows(MonthReport.closingDifferences, in: session)
            let fees = try rows(SaleFees.differences, in: session)
            var sums: [String: Int64] = [:]
            var accountCount: Int64 = 0
            for row in try session.query(
                """
                SELECT book, sum(balance)::bigint AS sum, count(*) AS count
                FROM account GROUP BY book
                """)
            {
                sums[try row["book"]] = try row["sum"]
                accountCount += try row.decode("count", as: Int64.self)
            }
            let counts = try session.queryOne(
                """
                SELECT count(*) AS transfers, coalesce(max(transfer_id), 0) AS position,
                       (SELECT count(*) FROM sales_rollup)
                           + (SELECT count(*) FROM movement_rollup)
                           + (SELECT count(*) FROM moved_card_rollup) AS rollups,
                       (SELECT count(*) FROM sale_fee) AS fees
                FROM transfer
                """)
            return LedgerProof(
                differences: differences, rowDifferences: rollups + closings + fees, sums: sums,
                accountCount: accountCount,
                transferCount: try counts?.decode("transfers") ?? 0,
                rollupCount: try counts?.decode("rollups") ?? 0,
                feeCount: try counts?.decode("fees") ?? 0,
                position: try counts?.decode("position") ?? 0)
        }
    }

    private static func accounts(in session: PostgresSession) throws -> [Difference] {
        try session.query(
            """
            WITH hold AS (
                SELECT card_id, sum(amount)::bigint AS amount
                FROM payment WHERE state = 'held' GROUP BY card_id
            ), proof AS (
                SELECT account.account_id, account.book, account.kind, account.owner_id,
                       account.balance, account.held,
                       coalesce(movement.amount, 0) AS proved,
                       coalesce(account.first_month::text, 'never') AS first_month,
                       coalesce(CASE WHEN account.kind = 'card' THEN movement.first_month END::text,
                                'never') AS proved_first_month,
                       coalesce(hold.amount, 0) AS proved_held
                FROM account
                LEFT JOIN (\(fragment: Rollups.balances)) AS movement USING (account_id)
                LEFT JOIN hold ON account.kind = 'card' AND hold.card_id = account.owner_id
            )
            SELECT account_id, book, kind, owner_id, balance, held, proved, proved_held,
                   first_month, proved_first_month
            FROM proof
            WHERE balance <> proved OR held <> proved_held OR first_month <> proved_first_month
            ORDER BY account_id
            """
        ).map { row in
            Difference(
                accountID: try row["account_id"],
                account: try "\(row["kind"] as String) of \(row["owner_id"] as Int64)"
                    + " in \(row["book"] as String)",
                balance: try row["balance"], proved: try row["proved"],
                held: try row["held"], provedHeld: try row["proved_held"],
                firstMonth: try row["first_month"],
                provedFirstMonth: try row["proved_first_month"])
        }
    }

    private static func rows(
        _ query: SQL, in session: PostgresSession
    ) throws -> [RowDifference] {
        try session.query(query).map { row in
            RowDifference(
                table: try row["place"], key: try row["key"], kept: try row["kept"],
                proved: try row["proved"])
        }
    }
}
