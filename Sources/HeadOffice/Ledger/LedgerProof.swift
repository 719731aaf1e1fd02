// The caches against the truth: every balance must be what the transfers say, every book must sum to
// zero, and what a card account holds must be its held payments (R-L1, R-L2).

import PostgresDriver

/// What comparing the balances with the transfers found.
public struct LedgerProof: Sendable, Equatable {
    /// A row that does not say what the transfers or the payments say.
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

        /// For an operator's screen.
        public var description: String {
            "account \(accountID) (\(account)): balance \(balance), transfers say \(proved);"
                + " held \(held), payments say \(provedHeld)"
        }
    }

    /// Rows that differ, by account; empty when the ledger is right.
    public let differences: [Difference]
    /// What each book sums to; anything but zero is wrong.
    public let sums: [String: Int64]
    /// How many accounts were compared.
    public let accountCount: Int64
    /// How many transfers there are.
    public let transferCount: Int64

    /// Whether everything agrees.
    public var isRight: Bool { differences.isEmpty && sums.values.allSatisfy { $0 == 0 } }

    /// Compares the caches with the transfers, all in one snapshot.
    ///
    /// - Cost: reads every transfer.
    public static func make(_ store: OfficeStore) async throws -> LedgerProof {
        try await store.read { session in
            let differences = try session.query(
                """
                WITH movement AS (
                    SELECT account_id, sum(amount)::bigint AS amount
                    FROM (SELECT to_account_id AS account_id, amount FROM transfer
                          UNION ALL
                          SELECT from_account_id, -amount FROM transfer) AS side
                    GROUP BY account_id
                ), hold AS (
                    SELECT card_id, sum(amount)::bigint AS amount
                    FROM payment WHERE state = 'held' GROUP BY card_id
                ), proof AS (
                    SELECT account.account_id, account.book, account.kind, account.owner_id,
                           account.balance, account.held,
                           coalesce(movement.amount, 0) AS proved,
                           coalesce(hold.amount, 0) AS proved_held
                    FROM account
                    LEFT JOIN movement USING (account_id)
                    LEFT JOIN hold ON account.kind = 'card' AND hold.card_id = account.owner_id
                )
                SELECT account_id, book, kind, owner_id, balance, held, proved, proved_held
                FROM proof
                WHERE balance <> proved OR held <> proved_held
                ORDER BY account_id
                """
            ).map { row in
                Difference(
                    accountID: try row["account_id"],
                    account: try "\(row["kind"] as String) of \(row["owner_id"] as Int64)"
                        + " in \(row["book"] as String)",
                    balance: try row["balance"], proved: try row["proved"],
                    held: try row["held"], provedHeld: try row["proved_held"])
            }
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
            let transfers = try session.queryOne("SELECT count(*) AS count FROM transfer")
            return LedgerProof(
                differences: differences, sums: sums, accountCount: accountCount,
                transferCount: try transfers?.decode("count", as: Int64.self) ?? 0)
        }
    }
}
