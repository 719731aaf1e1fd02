// What stores sold: store × day, and programme × province. The test book is left out (R-P7).

import Domain
import PostgresDriver

extension MonthReport {
    /// The sums that a manifest of the monthly sales names.
    static func salesTotals(
        _ month: TradingMonth, in session: PostgresSession
    ) throws -> [String: Int64] {
        let row = try session.queryOne(
            """
            SELECT coalesce(sum(sale_count), 0)::bigint AS sale_count,
                   coalesce(sum(gross), 0)::bigint AS gross,
                   coalesce(sum(disputed), 0)::bigint AS disputed,
                   coalesce(sum(refunds), 0)::bigint AS refunds,
                   coalesce(sum(gross - refunds), 0)::bigint AS net
            FROM sales_rollup WHERE accounting_month = \(month.firstDay)
            """)
        guard let row else { return [:] }
        return [
            "saleCount": try row["sale_count"], "gross": try row["gross"],
            "disputed": try row["disputed"], "refunds": try row["refunds"], "net": try row["net"],
        ]
    }

    /// Net of each business day, oldest first.
    static func salesByDay(
        _ month: TradingMonth, in session: PostgresSession
    ) throws -> [(day: String, net: Int64)] {
        try session.query(
            """
            SELECT business_date::text AS day, sum(gross - refunds)::bigint AS net
            FROM sales_rollup WHERE accounting_month = \(month.firstDay)
            GROUP BY business_date ORDER BY business_date
            """
        ).map { (day: try $0["day"], net: try $0["net"]) }
    }

    /// Lines are put in order before their cells are written, which is the dearer part.
    static func salesRows(_ month: TradingMonth) -> SQL {
        salesCells(
            """
            \(fragment: salesLines(month)) UNION ALL \(fragment: salesTotal(month))
            ORDER BY code NULLS LAST, business_date
            """)
    }

    /// The lines of stores and days without their totals: the first of them are found by indexes.
    static func salesLineRows(_ month: TradingMonth) -> SQL {
        salesCells("\(fragment: salesLines(month)) ORDER BY code, business_date")
    }

    /// The totals alone.
    static func salesTotalRows(_ month: TradingMonth) -> SQL {
        salesCells(salesTotal(month))
    }

    private static func salesCells(_ lines: SQL) -> SQL {
        """
        SELECT coalesce(code, '合计'), coalesce(name, ''), coalesce(province, ''),
               coalesce(business_date::text, ''), sale_count::text,
               \(fragment: yuan("gross")), \(fragment: yuan("disputed")),
               \(fragment: yuan("refunds")), \(fragment: yuan("gross - refunds")),
               offline_count::text, \(fragment: yuan("offline_amount")),
               CASE WHEN gross = 0 THEN '0.00%'
                    ELSE \(fragment: yuan("(offline_amount * 20000 + gross) / (2 * gross)")) || '%' END,
               late_count::text, \(fragment: yuan("late_amount"))
        FROM (\(fragment: lines)) AS line
        """
    }

    private static func salesLines(_ month: TradingMonth) -> SQL {
        """
        SELECT code, name, province, business_date, sale_count, gross, disputed, refunds,
               offline_count, offline_amount,
               CASE WHEN \(fragment: isLate(month)) THEN sale_count ELSE 0 END AS late_count,
               CASE WHEN \(fragment: isLate(month)) THEN gross ELSE 0 END AS late_amount
        FROM sales_rollup JOIN store USING (store_id)
        WHERE accounting_month = \(month.firstDay)
        """
    }

    private static func salesTotal(_ month: TradingMonth) -> SQL {
        """
        SELECT NULL AS code, NULL AS name, NULL AS province, NULL::date AS business_date,
               \(fragment: sums(
                   "sale_count", "gross", "disputed", "refunds", "offline_count",
                   "offline_amount")),
               coalesce(sum(sale_count) FILTER (WHERE \(fragment: isLate(month))), 0)::bigint
                   AS late_count,
               coalesce(sum(gross) FILTER (WHERE \(fragment: isLate(month))), 0)::bigint
                   AS late_amount
        FROM sales_rollup WHERE accounting_month = \(month.firstDay)
        """
    }

    /// A business day of another month than the one it is booked in.
    private static func isLate(_ month: TradingMonth) -> SQL {
        "business_date NOT BETWEEN \(month.firstDay) AND \(month.lastDay)"
    }

    static func clearingRows(_ month: TradingMonth) -> SQL {
        """
        SELECT CASE WHEN is_total = 1 THEN '合计' ELSE coalesce(programme_code, '未知卡') END,
               coalesce(programme_name, ''), coalesce(issuing, ''), coalesce(selling, ''),
               sale_count::text, \(fragment: yuan("gross")), \(fragment: yuan("refunds")),
               \(fragment: yuan("gross - refunds"))
        FROM (
            SELECT grouping(selling) AS is_total, programme_code, programme_name, issuing, selling,
                   \(fragment: sums("sale_count", "gross", "refunds"))
            FROM (
                SELECT programme.code AS programme_code, programme.name AS programme_name,
                       programme.province AS issuing, store.province AS selling, sale_count,
                       CASE WHEN kind IN ('sale', 'shortfall') THEN amount ELSE 0 END AS gross,
                       CASE WHEN kind IN ('sale', 'shortfall') THEN 0 ELSE amount END AS refunds
                FROM movement_rollup
                JOIN store USING (store_id)
                LEFT JOIN programme USING (programme_id)
                WHERE accounting_month = \(month.firstDay) AND book = 'real'
                  AND kind IN ('sale', 'shortfall', 'refund', 'shortfall_undone')
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

    /// Sums of whole numbers under their own names.
    private static func sums(_ columns: String...) -> SQL {
        SQL(
            unsafeSQL: columns.map { "coalesce(sum(\($0)), 0)::bigint AS \($0)" }
                .joined(separator: ", "))
    }

    /// Fen as yuan with two decimals.
    static func yuan(_ amount: String) -> SQL {
        SQL(unsafeSQL: "((\(amount)) * 0.01)::text")
    }

    /// A moment in Asia/Shanghai.
    static func moment(_ column: String) -> SQL {
        SQL(
            unsafeSQL:
                "to_char(\(column) AT TIME ZONE INTERVAL '08:00', 'YYYY-MM-DD HH24:MI:SS')")
    }
}
