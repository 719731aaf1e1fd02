// Sums of transfers that reports read (R-L1, R-L5): kept by the transaction that posts, compared with the transfers every
// night, made anew by `ledger rebuild`. One query says what a transfer counts as; posting, proof and rebuilding share it.

public import Domain
import PostgresDriver

/// The roll-ups: what stores sold by day (the real book alone), what moved by month, and how many cards moved first in it.
public enum Rollups {
    /// Adds transfers just posted, in the order of the rows' keys.
    ///
    /// - Shape: one statement, however many transfers. Most rows belong to one store or one programme whose
    ///   account the posting holds already. Two postings that share no account wait here for each other where they count
    ///   on one row: replacements, or a sale beside a shortfall of the same store and day that the card paid nothing of.
    static func add(_ session: PostgresSession, _ transferIDs: [Int64]) throws {
        // A plan made once for all, on tables that were still empty, would read them whole for ever after.
        try session.execute("SET LOCAL plan_cache_mode = force_custom_plan")
        try session.execute(
            """
            WITH fact AS MATERIALIZED (
                \(fragment: facts("transfer.transfer_id = ANY (\(transferIDs))"))
            ), day AS (
                INSERT INTO sales_rollup AS kept \(fragment: dayColumns) \(fragment: days)
                ON CONFLICT (accounting_month, store_id, business_date) DO UPDATE
                SET sale_count = kept.sale_count + EXCLUDED.sale_count,
                    gross = kept.gross + EXCLUDED.gross,
                    disputed = kept.disputed + EXCLUDED.disputed,
                    refunds = kept.refunds + EXCLUDED.refunds,
                    offline_count = kept.offline_count + EXCLUDED.offline_count,
                    offline_amount = kept.offline_amount + EXCLUDED.offline_amount
            )
            INSERT INTO movement_rollup AS kept
                \(fragment: movementColumns) \(fragment: movements)
            ON CONFLICT (accounting_month, book, store_id, programme_id, kind, payer, payee) DO UPDATE
            SET sale_count = kept.sale_count + EXCLUDED.sale_count,
                amount = kept.amount + EXCLUDED.amount,
                first_loads = kept.first_loads + EXCLUDED.first_loads
            """)
    }

    /// Notes that cards moved in an earlier month than they ever had.
    ///
    /// - Shape: by account, whose rows the posting has locked; one statement. A card moves for the first time once, mostly
    ///   by its first load, so that few postings come here.
    static func addFirstMonths(
        _ session: PostgresSession, _ months: [Int64: BusinessDate]
    ) throws {
        guard !months.isEmpty else { return }
        let rows = months.sorted { $0.key < $1.key }
        try session.execute(
            """
            WITH move AS MATERIALIZED (
                SELECT account_id, month, account.first_month, account.book, card.programme_id
                FROM unnest(\(rows.map(\.key)), \(rows.map(\.value))) AS row (account_id, month)
                JOIN account USING (account_id)
                LEFT JOIN card ON card.card_id = account.owner_id
            ), changed AS (
                UPDATE account SET first_month = move.month
                FROM move WHERE move.account_id = account.account_id
            )
            INSERT INTO moved_card_rollup AS kept
                (accounting_month, book, programme_id, card_count)
            SELECT counted_in, book, programme_id, sum(cards)
            FROM move
            CROSS JOIN LATERAL (VALUES (month, 1), (first_month, -1)) AS side (counted_in, cards)
            WHERE counted_in IS NOT NULL AND programme_id IS NOT NULL
            GROUP BY counted_in, book, programme_id
            ORDER BY counted_in, book, programme_id
            ON CONFLICT (accounting_month, book, programme_id) DO UPDATE
            SET card_count = kept.card_count + EXCLUDED.card_count
            """)
    }

    /// Makes every roll-up anew from the transfers, and balances that differ from them.
    ///
    /// - Shape: how many rows there are, and how many balances were put right.
    /// - Cost: reads every transfer; nothing is posted meanwhile.
    /// - Repetition: finds nothing to put right.
    public static func rebuild(
        _ store: OfficeStore, by actor: StaffActor = .setUp, at now: Instant
    ) async throws -> (rows: Int, balances: Int) {
        try await store.write { session in
            try session.execute("SET LOCAL statement_timeout = 0")
            try AccountingMonths.lockForClosing(session)
            try session.execute("DELETE FROM sales_rollup")
            try session.execute("DELETE FROM movement_rollup")
            try session.execute("DELETE FROM moved_card_rollup")
            try session.execute(
                """
                CREATE TEMPORARY TABLE fact ON COMMIT DROP AS \(fragment: facts("true"))
                """)
            let balances = try session.execute(
                """
                UPDATE account
                SET balance = coalesce(moved.amount, 0),
                    first_month = CASE WHEN account.kind = 'card' THEN moved.first_month END
                FROM account AS same LEFT JOIN (\(fragment: balances)) AS moved USING (account_id)
                WHERE same.account_id = account.account_id
                  AND (account.balance <> coalesce(moved.amount, 0)
                       OR account.first_month IS DISTINCT FROM
                          CASE WHEN account.kind = 'card' THEN moved.first_month END)
                """)
            var rows = try session.execute(
                "INSERT INTO sales_rollup \(fragment: dayColumns) \(fragment: days)")
            rows += try session.execute(
                "INSERT INTO movement_rollup \(fragment: movementColumns) \(fragment: movements)")
            rows += try session.execute(
                """
                INSERT INTO moved_card_rollup (accounting_month, book, programme_id, card_count)
                \(fragment: movedCards)
                """)
            try session.audit(
                actor, "ledger.rebuild", "ledger",
                ["rows": String(rows), "balances": String(balances)], at: now)
            return (rows, balances)
        }
    }

    /// What every account holds by the transfers, and the earliest month in which it moved.
    static let balances: SQL = """
        SELECT account_id, sum(amount)::bigint AS amount, min(accounting_month) AS first_month
        FROM (SELECT to_account_id AS account_id, amount, accounting_month FROM transfer
              UNION ALL
              SELECT from_account_id, -amount, accounting_month FROM transfer) AS side
        GROUP BY account_id
        """

    /// What transfers count as. A sale counts where its first transfer of the month stands, so that counts
    /// can be added up.
    private static func facts(_ condition: SQL) -> SQL {
        """
        SELECT transfer.accounting_month, transfer.business_date, payer.book,
               coalesce(transfer.store_id, 0) AS store_id,
               coalesce(card.programme_id,
                   CASE WHEN payer.kind IN ('programme_funding', 'refund_suspense')
                            THEN payer.owner_id
                        WHEN payee.kind IN ('programme_funding', 'refund_suspense')
                            THEN payee.owner_id END, 0) AS programme_id,
               transfer.kind, payer.kind AS payer, payee.kind AS payee, transfer.amount,
               sale.mode IS NOT DISTINCT FROM 'stand_in' AS is_offline,
               transfer.kind IN ('sale', 'shortfall')
                   AND NOT EXISTS (
                       SELECT FROM transfer AS earlier
                       WHERE earlier.source_id = transfer.source_id
                         AND earlier.kind IN ('sale', 'shortfall')
                         AND earlier.accounting_month = transfer.accounting_month
                         AND earlier.transfer_id < transfer.transfer_id) AS opens_sale,
               transfer.kind = 'load' AND coalesce(card_load.reason, '') = '' AS is_first_load
        FROM transfer
        JOIN account AS payer ON payer.account_id = transfer.from_account_id
        JOIN account AS payee ON payee.account_id = transfer.to_account_id
        LEFT JOIN card ON card.card_id = transfer.card_id
        LEFT JOIN sale ON sale.sale_id = transfer.source_id
              AND transfer.kind IN ('sale', 'shortfall')
        LEFT JOIN card_load ON card_load.load_id = transfer.source_id AND transfer.kind = 'load'
        WHERE \(fragment: condition)
        """
    }

    private static let dayColumns: SQL = """
        (accounting_month, store_id, business_date, sale_count, gross, disputed, refunds,
         offline_count, offline_amount)
        """

    private static let movementColumns: SQL = """
        (accounting_month, book, store_id, programme_id, kind, payer, payee, sale_count, amount,
         first_loads)
        """

    /// Rows of `sales_rollup` by `fact`, in the order in which they are locked. The test book is left out (R-P7).
    private static let days: SQL = """
        SELECT accounting_month, store_id, business_date,
               count(*) FILTER (WHERE opens_sale) AS sale_count,
               coalesce(sum(amount) FILTER (WHERE kind IN ('sale', 'shortfall')), 0)::bigint
                   AS gross,
               coalesce(sum(amount) FILTER (WHERE kind = 'shortfall'), 0)::bigint AS disputed,
               coalesce(sum(amount) FILTER (WHERE kind IN ('refund', 'shortfall_undone')), 0)
                   ::bigint AS refunds,
               count(*) FILTER (WHERE opens_sale AND is_offline) AS offline_count,
               coalesce(sum(amount) FILTER (WHERE kind IN ('sale', 'shortfall') AND is_offline), 0)
                   ::bigint AS offline_amount
        FROM fact
        WHERE book = 'real' AND store_id <> 0
          AND kind IN ('sale', 'shortfall', 'refund', 'shortfall_undone')
        GROUP BY accounting_month, store_id, business_date
        ORDER BY accounting_month, store_id, business_date
        """

    /// Rows of `movement_rollup` by `fact`, in the order in which they are locked.
    private static let movements: SQL = """
        SELECT accounting_month, book, store_id, programme_id, kind, payer, payee,
               count(*) FILTER (WHERE opens_sale) AS sale_count, sum(amount)::bigint AS amount,
               coalesce(sum(amount) FILTER (WHERE is_first_load), 0)::bigint AS first_loads
        FROM fact
        GROUP BY accounting_month, book, store_id, programme_id, kind, payer, payee
        ORDER BY accounting_month, book, store_id, programme_id, kind, payer, payee
        """

    /// Rows of `moved_card_rollup` by the accounts' first months, which a proof compares with the transfers.
    private static let movedCards: SQL = """
        SELECT first_month AS accounting_month, book, programme_id, count(*) AS card_count
        FROM account JOIN card ON card.card_id = account.owner_id
        WHERE account.kind = 'card' AND first_month IS NOT NULL
        GROUP BY first_month, book, programme_id
        """

    /// Rows that do not say what the transfers say, as text, by table and key.
    static var differences: SQL {
        """
        WITH fact AS MATERIALIZED (\(fragment: facts("true")))
        SELECT 'sales_rollup' AS place,
               format('month %s, store %s, day %s', accounting_month, store_id, business_date)
                   AS key,
               coalesce(kept.figures::text, 'no row') AS kept,
               coalesce(proved.figures::text, 'no row') AS proved
        FROM (SELECT accounting_month, store_id, business_date,
                     (sale_count, gross, disputed, refunds, offline_count, offline_amount)
                         AS figures
              FROM sales_rollup) AS kept
        FULL JOIN (SELECT accounting_month, store_id, business_date,
                          (sale_count, gross, disputed, refunds, offline_count, offline_amount)
                              AS figures
                   FROM (\(fragment: days)) AS day) AS proved
        USING (accounting_month, store_id, business_date)
        WHERE kept.figures::text IS DISTINCT FROM proved.figures::text
        UNION ALL
        SELECT 'movement_rollup',
               format('month %s, %s, store %s, programme %s, %s from %s to %s', accounting_month,
                   book, store_id, programme_id, kind, payer, payee),
               coalesce(kept.figures::text, 'no row'), coalesce(proved.figures::text, 'no row')
        FROM (SELECT accounting_month, book, store_id, programme_id, kind, payer, payee,
                     (sale_count, amount, first_loads) AS figures
              FROM movement_rollup) AS kept
        FULL JOIN (SELECT accounting_month, book, store_id, programme_id, kind, payer, payee,
                          (sale_count, amount, first_loads) AS figures
                   FROM (\(fragment: movements)) AS movement) AS proved
        USING (accounting_month, book, store_id, programme_id, kind, payer, payee)
        WHERE kept.figures::text IS DISTINCT FROM proved.figures::text
        UNION ALL
        SELECT 'moved_card_rollup',
               format('month %s, %s, programme %s', accounting_month, book, programme_id),
               coalesce(kept.card_count::text, 'no row'),
               coalesce(proved.card_count::text, 'no row')
        FROM moved_card_rollup AS kept
        FULL JOIN (\(fragment: movedCards)) AS proved USING (accounting_month, book, programme_id)
        WHERE coalesce(kept.card_count, 0) <> coalesce(proved.card_count, 0)
        ORDER BY 1 DESC, 2
        """
    }
}
