// Double entry. The transfers are the truth; the balances on the account rows, and the roll-ups that reports
// read, are caches that the same transaction keeps. Accounts are locked cards first, then the rest, each in the
// order of their ids, so that two postings never wait for each other and the busy accounts are held shortest.

public import Domain
public import PostgresDriver

/// Posts transfers.
public enum Ledger {
    /// An account's row, locked.
    public struct LockedAccount: Sendable {
        /// The row.
        public let id: Int64
        /// What is in the account.
        public var balance: Money
        /// How much of it holds keep (cards only).
        public var held: Money
        /// The earliest accounting month in which it moved; nil while it never has, and for all but cards.
        let firstMonth: BusinessDate?
    }

    /// Locks accounts until the transaction ends, making those that do not exist yet.
    ///
    /// - Shape: one entry for each account asked for. All cards are made and locked before any other account is: a new
    ///   card's account never waits while this transaction holds a busy one.
    public static func lock(
        _ session: PostgresSession, _ accounts: Set<LedgerAccount>
    ) throws -> [LedgerAccount: LockedAccount] {
        var found: [LedgerAccount: LockedAccount] = [:]
        let cards = accounts.filter { $0.kind == .card }
        for part in [cards, accounts.subtracting(cards)] where !part.isEmpty {
            try make(session, part)
            found.merge(try select(session, part)) { first, _ in first }
        }
        precondition(
            found.count == accounts.count, "\(found.count) of \(accounts.count) accounts found")
        return found
    }

    /// Makes what is missing, in one order for everybody, before any of them is locked.
    private static func make(
        _ session: PostgresSession, _ accounts: Set<LedgerAccount>
    ) throws {
        let rows = accounts.sorted { $0.sortKey < $1.sortKey }
        try session.execute(
            """
            INSERT INTO account (book, kind, owner_id)
            SELECT book, kind, owner_id
            FROM unnest(\(rows.map(\.book)), \(rows.map(\.kind)),
                        \(rows.map(\.ownerID))) WITH ORDINALITY
                 AS wanted (book, kind, owner_id, place)
            WHERE NOT EXISTS (SELECT 1 FROM account
                              WHERE account.kind = wanted.kind
                                AND account.owner_id = wanted.owner_id
                                AND account.book = wanted.book)
            ORDER BY place
            ON CONFLICT (kind, owner_id, book) DO NOTHING
            """)
    }

    private static func select(
        _ session: PostgresSession, _ accounts: Set<LedgerAccount>
    ) throws -> [LedgerAccount: LockedAccount] {
        let wanted = Array(accounts)
        let rows = try session.query(
            """
            SELECT account.account_id, account.book, account.kind, account.owner_id,
                   account.balance, account.held, account.first_month
            FROM unnest(\(wanted.map(\.book)), \(wanted.map(\.kind)),
                        \(wanted.map(\.ownerID))) AS wanted (book, kind, owner_id)
            JOIN account USING (book, kind, owner_id)
            ORDER BY account.account_id
            FOR NO KEY UPDATE OF account
            """)
        var found: [LedgerAccount: LockedAccount] = [:]
        for row in rows {
            let account = LedgerAccount(
                try row["kind"], of: try row["owner_id"], in: try row["book"])
            found[account] = LockedAccount(
                id: try row["account_id"], balance: try row["balance"], held: try row["held"],
                firstMonth: try row["first_month"])
        }
        return found
    }

    /// Posts the transfers and brings the balances up to date, `releasing` that much of what is held
    /// on card accounts (below zero: holding more).
    ///
    /// - Shape: a constant number of statements, however many transfers.
    /// - Refuses: nothing. A transfer already posted (same source and kind) or a card whose balance
    ///   would fall below what is held breaks a constraint and undoes the transaction: the caller has
    ///   locked and judged before.
    /// - Source: R-L1, R-L2, R-L5.
    public static func post(
        _ session: PostgresSession, _ transfers: [NewTransfer],
        releasing released: [LedgerAccount: Money] = [:], at postedAt: Instant
    ) throws {
        let touched = Set(transfers.flatMap { [$0.from, $0.to] }).union(released.keys)
        guard !touched.isEmpty else { return }
        let accounts = try lock(session, touched)
        try insert(session, transfers, accounts: accounts, at: postedAt)
        var changes = accounts.mapValues { _ in (balance: Int64(0), held: Int64(0)) }
        for transfer in transfers {
            changes[transfer.from]?.balance -= transfer.amount.fen
            changes[transfer.to]?.balance += transfer.amount.fen
        }
        for (account, amount) in released { changes[account]?.held -= amount.fen }
        let sum = changes.values.reduce(0) { $0 + $1.balance }
        precondition(sum == 0, "a posting of \(transfers.count) transfers sums to \(sum)")
        let moved = changes.filter { $0.value != (0, 0) }
        let rows = moved.compactMap { account, change in
            accounts[account].map { (id: $0.id, balance: change.balance, held: change.held) }
        }
        guard !rows.isEmpty else { return }
        try session.execute(
            """
            UPDATE account
            SET balance = account.balance + row.balance, held = account.held + row.held
            FROM unnest(\(rows.map(\.id)), \(rows.map(\.balance)), \(rows.map(\.held)))
                 AS row (account_id, balance, held)
            WHERE account.account_id = row.account_id
            """)
    }

    private static func insert(
        _ session: PostgresSession, _ transfers: [NewTransfer],
        accounts: [LedgerAccount: LockedAccount], at postedAt: Instant
    ) throws {
        guard !transfers.isEmpty else { return }
        let calendar = try AccountingMonths.forPosting(session)
        let days = transfers.map { BusinessDate($0.businessAt) }
        let months = days.map { calendar.month(for: $0).firstDay }
        let posted = try session.query(
            """
            INSERT INTO transfer
                (kind, from_account_id, to_account_id, amount, business_date, business_at,
                 posted_at, accounting_month, source_id, store_id, card_id)
            SELECT kind, from_account_id, to_account_id, amount, business_date, business_at,
                   \(postedAt), accounting_month, source_id, store_id, card_id
            FROM unnest(\(transfers.map(\.kind)),
                        \(transfers.map { accounts[$0.from]?.id ?? 0 }),
                        \(transfers.map { accounts[$0.to]?.id ?? 0 }),
                        \(transfers.map(\.amount)), \(days), \(transfers.map(\.businessAt)),
                        \(months), \(transfers.map(\.sourceID)), \(transfers.map(\.storeID)),
                        \(transfers.map(\.cardID)))
                 AS row (kind, from_account_id, to_account_id, amount, business_date, business_at,
                         accounting_month, source_id, store_id, card_id)
            RETURNING transfer_id
            """)
        try Rollups.add(session, try posted.map { try $0["transfer_id"] })
        try Rollups.addFirstMonths(session, firstMonths(transfers, months, accounts))
    }

    /// The cards that move in an earlier month than they ever did, by account, with that month.
    private static func firstMonths(
        _ transfers: [NewTransfer], _ months: [BusinessDate],
        _ accounts: [LedgerAccount: LockedAccount]
    ) -> [Int64: BusinessDate] {
        var first: [Int64: BusinessDate] = [:]
        for (transfer, month) in zip(transfers, months) {
            for account in [transfer.from, transfer.to] where account.kind == .card {
                guard let row = accounts[account] else { continue }
                if let known = first[row.id] ?? row.firstMonth, known <= month { continue }
                first[row.id] = month
            }
        }
        return first
    }
}

extension LedgerAccount {
    fileprivate var sortKey: (String, Int64, String) { (kind.rawValue, ownerID, book.rawValue) }
}
