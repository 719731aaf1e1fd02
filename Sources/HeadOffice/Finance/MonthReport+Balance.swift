// The trial balance. It begins with the balances that the newest closed month before was frozen with, because a closed month
// never changes (R-L3), and adds what the roll-ups say of the months since: it reads no transfer, and costs the same after any
// number of years.

import Domain
import PostgresDriver

extension MonthReport {
    static func balanceRows(_ month: TradingMonth) -> SQL {
        """
        WITH holder AS (
            \(fragment: holders(
                from: lastClosing(before: "\(month.firstDay)"), through: "\(month.firstDay)"))
        )
        SELECT book, kind, owner, account_count::text, \(fragment: yuan("opening")),
               \(fragment: yuan("moved_in")), \(fragment: yuan("moved_out")),
               \(fragment: yuan("opening + moved_in - moved_out"))
        FROM (
            SELECT 0 AS part, book, kind, owner, account_count, opening, moved_in, moved_out
            FROM holder
            UNION ALL
            SELECT 1, book, '合计', '', coalesce(sum(account_count), 0)::bigint,
                   coalesce(sum(opening), 0)::bigint, coalesce(sum(moved_in), 0)::bigint,
                   coalesce(sum(moved_out), 0)::bigint
            FROM (VALUES ('real'), ('test')) AS every (book)
            LEFT JOIN holder USING (book)
            GROUP BY book
        ) AS line
        ORDER BY part, book, kind, owner
        """
    }

    /// Of each book's cards: how many ever moved, and what is on them.
    static let cardBalances: SQL = """
        SELECT book, kind, sum(account_count)::bigint AS account_count,
               sum(opening + moved_in - moved_out)::bigint AS balance
        FROM (\(fragment: holders(
            from: lastClosing(before: "'infinity'"), through: "'infinity'"))) AS holder
        WHERE kind = 'card' GROUP BY book, kind
        """

    /// Whether the roll-ups come to what the accounts hold, by book and kind of account.
    static func agreesWithAccounts(in session: PostgresSession) throws -> Bool {
        let row = try session.queryOne(
            """
            SELECT NOT EXISTS (
                SELECT FROM (
                    SELECT book, kind, sum(opening + moved_in - moved_out) AS amount
                    FROM (\(fragment: holders(
                        from: lastClosing(before: "'infinity'"), through: "'infinity'"))) AS holder
                    GROUP BY book, kind
                ) AS rolled
                FULL JOIN (
                    SELECT book, kind, sum(balance) AS amount FROM account GROUP BY book, kind
                ) AS kept USING (book, kind)
                WHERE coalesce(rolled.amount, 0) <> coalesce(kept.amount, 0)
            ) AS agrees
            """)
        return try row?.decode("agrees") ?? false
    }

    /// Holders for whom the newest closed month was frozen with another balance than the roll-ups have, as text.
    static let closingDifferences: SQL = """
        WITH newest AS MATERIALIZED (\(fragment: lastClosing(before: "'infinity'")))
        SELECT 'closing_row' AS place,
               format('month %s, %s, %s of %s', (SELECT month FROM newest), book, kind, owner)
                   AS key,
               coalesce(kept.figures::text, 'no row') AS kept,
               coalesce(proved.figures::text, 'no row') AS proved
        FROM (SELECT book, kind, owner, (cards, opening) AS figures
              FROM (\(fragment: frozen("newest"))) AS line) AS kept
        FULL JOIN (SELECT book, kind, owner,
                          (account_count, opening + moved_in - moved_out) AS figures
                   FROM (\(fragment: holders(
                       from: noClosing, through: "(SELECT month FROM newest)"))) AS holder
            ) AS proved
        USING (book, kind, owner)
        WHERE kept.figures::text IS DISTINCT FROM proved.figures::text
        ORDER BY key
        """

    /// Who has accounts of a kind, with what they came to: cards by programme, stores, programmes, head office.
    private static func holders(from closing: SQL, through month: SQL) -> SQL {
        """
        WITH carried AS MATERIALIZED (\(fragment: closing))
        SELECT book, kind, owner,
               CASE kind WHEN 'card' THEN sum(cards) ELSE 1 END::bigint AS account_count,
               sum(opening)::bigint AS opening, sum(moved_in)::bigint AS moved_in,
               sum(moved_out)::bigint AS moved_out
        FROM (
            \(fragment: frozen("carried"))
            UNION ALL
            \(fragment: moved(through: month))
            UNION ALL
            SELECT book, 'card', programme.code, card_count, 0, 0, 0
            FROM moved_card_rollup JOIN programme USING (programme_id)
            WHERE \(fragment: months(through: month))
        ) AS line
        GROUP BY book, kind, owner
        """
    }

    /// What moved since the closing, with its holders' names.
    private static func moved(through month: SQL) -> SQL {
        """
        SELECT book, moved.kind, coalesce(programme.code, store.code, ''), 0, opening, moved_in,
               moved_out
        FROM (
            SELECT book, side.kind,
                   CASE WHEN side.kind IN ('card', 'programme_funding', 'refund_suspense')
                        THEN programme_id END AS programme_id,
                   CASE WHEN side.kind IN ('store_payable', 'store_in_dispute',
                                           'exceptions_receivable', 'fees')
                        THEN store_id END AS store_id,
                   coalesce(sum(came - went) FILTER (WHERE accounting_month < \(fragment: month)), 0)
                       AS opening,
                   coalesce(sum(came) FILTER (WHERE accounting_month = \(fragment: month)), 0)
                       AS moved_in,
                   coalesce(sum(went) FILTER (WHERE accounting_month = \(fragment: month)), 0)
                       AS moved_out
            FROM movement_rollup
            CROSS JOIN LATERAL (VALUES (payee, amount, 0), (payer, 0, amount))
                AS side (kind, came, went)
            WHERE \(fragment: months(through: month))
            GROUP BY 1, 2, 3, 4
        ) AS moved
        LEFT JOIN programme USING (programme_id)
        LEFT JOIN store USING (store_id)
        """
    }

    /// The months after the closing that was carried, up to that one.
    private static func months(through month: SQL) -> SQL {
        """
        accounting_month <= \(fragment: month)
            AND accounting_month > coalesce((SELECT month FROM carried), '-infinity')
        """
    }

    /// The balances with which a closed month ended.
    private static func frozen(_ closing: String) -> SQL {
        """
        SELECT cells[1] AS book, cells[2] AS kind, cells[3] AS owner, cells[4]::bigint AS cards,
               replace(cells[8], '.', '')::bigint AS opening, 0 AS moved_in, 0 AS moved_out
        FROM closing_row JOIN \(unsafeSQL: closing) USING (closing_id)
        WHERE report = 'trial-balance' AND cells[2] <> '合计'
        """
    }

    /// The newest closing of the newest closed month before that day.
    private static func lastClosing(before day: SQL) -> SQL {
        """
        SELECT closing_id, month FROM closing JOIN accounting_month USING (month)
        WHERE status = 'closed' AND month < \(fragment: day)
        ORDER BY month DESC, number DESC LIMIT 1
        """
    }

    private static let noClosing: SQL =
        "SELECT NULL::bigint AS closing_id, NULL::date AS month LIMIT 0"
}
