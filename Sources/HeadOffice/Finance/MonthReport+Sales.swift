// What stores sold: store × day, and programme × province.

import Domain
import PostgresDriver

extension MonthReport {
    /// The sums that a manifest of the monthly sales names.
    static func salesTotals(
        _ month: TradingMonth, _ position: Int64, in session: PostgresSession
    ) throws -> [String: Int64] {
        let row = try session.queryOne(
            """
            SELECT sale_count, gross, disputed, refunds, gross - refunds AS net
            FROM (\(fragment: sales(month, position))) AS total WHERE store_id IS NULL
            """)
        guard let row else { return [:] }
        return [
            "saleCount": try row["sale_count"], "gross": try row["gross"],
            "disputed": try row["disputed"], "refunds": try row["refunds"], "net": try row["net"],
        ]
    }

    /// Sums of each store's day, and of everything (store_id null). The test book is left out (R-P7).
    private static func sales(_ month: TradingMonth, _ position: Int64) -> SQL {
        """
        SELECT store_id, business_date,
               count(DISTINCT source_id) FILTER (WHERE is_sale) AS sale_count,
               coalesce(sum(amount) FILTER (WHERE is_sale), 0)::bigint AS gross,
               coalesce(sum(amount) FILTER (WHERE kind = 'shortfall'), 0)::bigint AS disputed,
               coalesce(sum(amount) FILTER (WHERE NOT is_sale), 0)::bigint AS refunds,
               count(DISTINCT source_id) FILTER (WHERE is_sale AND mode = 'stand_in')
                   AS offline_count,
               coalesce(sum(amount) FILTER (WHERE is_sale AND mode = 'stand_in'), 0)::bigint
                   AS offline_amount,
               count(DISTINCT source_id) FILTER (WHERE is_sale AND is_late) AS late_count,
               coalesce(sum(amount) FILTER (WHERE is_sale AND is_late), 0)::bigint AS late_amount
        FROM (
            SELECT transfer.store_id, transfer.business_date, transfer.kind, amount, source_id,
                   sale.mode, transfer.kind IN ('sale', 'shortfall') AS is_sale,
                   date_trunc('month', transfer.business_date)::date <> accounting_month
                       AS is_late
            FROM transfer
            JOIN account ON account_id = from_account_id AND book = 'real'
            LEFT JOIN sale ON sale.sale_id = source_id
            WHERE accounting_month = \(month.firstDay) AND transfer_id <= \(position)
              AND transfer.store_id IS NOT NULL
              AND transfer.kind IN ('sale', 'shortfall', 'refund', 'shortfall_undone')
        ) AS moved
        GROUP BY GROUPING SETS ((store_id, business_date), ())
        """
    }

    static func salesRows(_ month: TradingMonth, _ position: Int64) -> SQL {
        """
        SELECT coalesce(store.code, '合计'), coalesce(store.name, ''),
               coalesce(store.province, ''), coalesce(business_date::text, ''), sale_count::text,
               \(fragment: yuan("gross")), \(fragment: yuan("disputed")),
               \(fragment: yuan("refunds")), \(fragment: yuan("gross - refunds")),
               offline_count::text, \(fragment: yuan("offline_amount")),
               CASE WHEN gross = 0 THEN '0.00%'
                    ELSE to_char(round(offline_amount * 100.0 / gross, 2), 'FM990.00') || '%' END,
               late_count::text, \(fragment: yuan("late_amount"))
        FROM (\(fragment: sales(month, position))) AS day
        LEFT JOIN store USING (store_id)
        ORDER BY store.code NULLS LAST, business_date
        """
    }

    static func clearingRows(_ month: TradingMonth, _ position: Int64) -> SQL {
        """
        SELECT CASE WHEN is_total = 1 THEN '合计' ELSE coalesce(programme_code, '未知卡') END,
               coalesce(programme_name, ''), coalesce(issuing, ''), coalesce(selling, ''),
               sale_count::text, \(fragment: yuan("gross")), \(fragment: yuan("refunds")),
               \(fragment: yuan("gross - refunds"))
        FROM (
            SELECT grouping(selling) AS is_total, programme_code, programme_name, issuing, selling,
                   count(DISTINCT source_id) FILTER (WHERE is_sale) AS sale_count,
                   coalesce(sum(amount) FILTER (WHERE is_sale), 0)::bigint AS gross,
                   coalesce(sum(amount) FILTER (WHERE NOT is_sale), 0)::bigint AS refunds
            FROM (
                SELECT programme.code AS programme_code, programme.name AS programme_name,
                       programme.province AS issuing, store.province AS selling, source_id, amount,
                       transfer.kind IN ('sale', 'shortfall') AS is_sale
                FROM transfer
                JOIN account ON account_id = from_account_id AND book = 'real'
                JOIN store USING (store_id)
                LEFT JOIN card USING (card_id)
                LEFT JOIN programme ON programme.programme_id = card.programme_id
                WHERE accounting_month = \(month.firstDay) AND transfer_id <= \(position)
                  AND transfer.kind IN ('sale', 'shortfall', 'refund', 'shortfall_undone')
            ) AS moved
            GROUP BY GROUPING SETS ((programme_code, programme_name, issuing, selling), ())
        ) AS sum
        ORDER BY is_total, programme_code NULLS LAST, selling
        """
    }

    /// Exceptions that were open in the month; what became of them as it is known now.
    static func exceptionRows(_ month: TradingMonth) -> SQL {
        """
        SELECT number, code, store_code, store_name, receipt, day, opened, \(fragment: yuan("amount")),
               bearer, state
        FROM (
            SELECT 0 AS part, exception_id AS place, exception_id::text AS number,
                   exception.code AS code, store.code AS store_code, store.name AS store_name,
                   coalesce(sale.receipt, '') AS receipt,
                   coalesce(sale.business_date::text, '') AS day,
                   \(fragment: moment("opened_at")) AS opened, amount,
                   coalesce(outcome, bearer) AS bearer, exception.state
            FROM exception
            JOIN store ON store.store_id = exception.store_id
            LEFT JOIN sale ON sale.sale_id = exception.record_id
            WHERE opened_at < \(month.end) AND (settled_at IS NULL OR settled_at >= \(month.start))
            UNION ALL
            SELECT 1, 0, '合计', '', '', '', '', '', '',
                   coalesce((SELECT sum(amount)::bigint FROM exception
                             WHERE opened_at < \(month.end)
                               AND (settled_at IS NULL OR settled_at >= \(month.start))), 0),
                   '', ''
        ) AS line
        ORDER BY part, place
        """
    }

    /// Fen as yuan with two decimals.
    static func yuan(_ amount: String) -> SQL {
        SQL(unsafeSQL: "to_char((\(amount))::numeric / 100, 'FM9999999999999990.00')")
    }

    /// A moment in Asia/Shanghai.
    static func moment(_ column: String) -> SQL {
        SQL(
            unsafeSQL:
                "to_char(\(column) AT TIME ZONE INTERVAL '08:00', 'YYYY-MM-DD HH24:MI:SS')")
    }
}
