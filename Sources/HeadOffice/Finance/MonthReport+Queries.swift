// The reports' SQL. Amounts leave as yuan with two decimals by exact arithmetic; text that people typed leaves without
// line ends and, where a spreadsheet would take it for a formula, with an apostrophe in front.

import Domain
import PostgresDriver

extension MonthReport {
    /// The first line of the file.
    var heading: String {
        switch self {
        case .monthlySales:
            "门店编码,门店名称,省份,业务日期,笔数,销售额,其中争议,退款,净额,脱机笔数,脱机金额,脱机占比,迟到笔数,迟到金额"
        case .ledgerDetail:
            "分录号,账簿,类型,付方科目,付方,收方科目,收方,金额,业务日期,业务时间,入账时间,账期,来源编号,门店编码,卡号,迟到"
        }
    }

    /// Lines of totals at the end.
    var totalLineCount: Int {
        switch self {
        case .monthlySales: 1
        case .ledgerDetail: 2
        }
    }

    /// The file's rows, totals last.
    func query(_ month: TradingMonth) -> SQL {
        switch self {
        case .monthlySales: Self.salesRows(month)
        case .ledgerDetail: Self.detailRows(month)
        }
    }

    /// The totals in fen.
    func totals(_ month: TradingMonth, in session: PostgresSession) throws -> [String: Int64] {
        switch self {
        case .monthlySales:
            let row = try session.queryOne(
                """
                SELECT sale_count, gross, disputed, refunds, gross - refunds AS net
                FROM (\(fragment: Self.sales(month))) AS total WHERE store_id IS NULL
                """)
            guard let row else { return [:] }
            return [
                "saleCount": try row["sale_count"], "gross": try row["gross"],
                "disputed": try row["disputed"], "refunds": try row["refunds"],
                "net": try row["net"],
            ]
        case .ledgerDetail:
            let rows = try session.query(
                """
                SELECT book, coalesce(sum(amount), 0)::bigint AS amount
                FROM transfer JOIN account ON account_id = from_account_id
                WHERE accounting_month = \(month.firstDay) GROUP BY book
                """)
            var totals: [String: Int64] = ["real": 0, "test": 0]
            for row in rows { totals[try row["book"]] = try row["amount"] as Int64 }
            return totals
        }
    }

    /// Sums of each store's day, and of everything (store_id null). The test book is left out (R-P7).
    private static func sales(_ month: TradingMonth) -> SQL {
        """
        SELECT store_id, business_date,
               count(DISTINCT source_id) FILTER (WHERE is_sale) AS sale_count,
               coalesce(sum(amount) FILTER (WHERE is_sale), 0)::bigint AS gross,
               coalesce(sum(amount) FILTER (WHERE kind = 'shortfall'), 0)::bigint AS disputed,
               coalesce(sum(amount) FILTER (WHERE kind IN ('refund', 'shortfall_undone')), 0)::bigint
                   AS refunds,
               count(DISTINCT source_id) FILTER (WHERE is_sale AND mode = 'stand_in')
                   AS offline_count,
               coalesce(sum(amount) FILTER (WHERE is_sale AND mode = 'stand_in'), 0)::bigint
                   AS offline_amount,
               count(DISTINCT source_id) FILTER (WHERE is_late) AS late_count,
               coalesce(sum(amount) FILTER (WHERE is_late), 0)::bigint AS late_amount
        FROM (
            SELECT transfer.store_id, transfer.business_date, transfer.kind, amount, source_id,
                   sale.mode, transfer.kind IN ('sale', 'shortfall') AS is_sale,
                   date_trunc('month', transfer.business_date)::date <> accounting_month
                       AS is_late
            FROM transfer
            JOIN account ON account_id = from_account_id AND book = 'real'
            LEFT JOIN sale ON sale.sale_id = source_id
            WHERE accounting_month = \(month.firstDay) AND transfer.store_id IS NOT NULL
        ) AS moved
        GROUP BY GROUPING SETS ((store_id, business_date), ())
        """
    }

    private static func salesRows(_ month: TradingMonth) -> SQL {
        """
        SELECT coalesce(store.code, '合计'), \(fragment: typed("coalesce(store.name, '')")),
               coalesce(store.province, ''), coalesce(business_date::text, ''), sale_count,
               \(fragment: yuan("gross")), \(fragment: yuan("disputed")),
               \(fragment: yuan("refunds")), \(fragment: yuan("gross - refunds")),
               offline_count, \(fragment: yuan("offline_amount")),
               CASE WHEN gross = 0 THEN '0.00%'
                    ELSE to_char(round(offline_amount * 100.0 / gross, 2), 'FM990.00') || '%' END,
               late_count, \(fragment: yuan("late_amount"))
        FROM (\(fragment: sales(month))) AS day
        LEFT JOIN store USING (store_id)
        ORDER BY store.code NULLS LAST, business_date
        """
    }

    private static func detailRows(_ month: TradingMonth) -> SQL {
        """
        SELECT number, book, kind, payer_kind, payer, payee_kind, payee, \(fragment: yuan("amount")),
               day, happened, posted, month, source, store_code, mask, late
        FROM (
            SELECT 0 AS part, transfer_id AS place, transfer_id::text AS number, payer.book,
                   transfer.kind, payer.kind AS payer_kind,
                   \(fragment: owner("payer")) AS payer, payee.kind AS payee_kind,
                   \(fragment: owner("payee")) AS payee, amount,
                   business_date::text AS day, \(fragment: moment("business_at")) AS happened,
                   \(fragment: moment("posted_at")) AS posted,
                   to_char(accounting_month, 'YYYY-MM') AS month, source_id::text AS source,
                   coalesce(store.code, '') AS store_code, coalesce(card.mask, '') AS mask,
                   CASE WHEN date_trunc('month', business_date)::date <> accounting_month
                        THEN '迟到' ELSE '' END AS late
            FROM transfer
            JOIN account AS payer ON payer.account_id = from_account_id
            JOIN account AS payee ON payee.account_id = to_account_id
            LEFT JOIN store USING (store_id)
            LEFT JOIN card USING (card_id)
            WHERE accounting_month = \(month.firstDay)
            UNION ALL
            SELECT 1, place, '合计', total.book, '', '', '', '', '',
                   coalesce((SELECT sum(amount)::bigint FROM transfer
                             JOIN account ON account_id = from_account_id
                             WHERE account.book = total.book
                               AND accounting_month = \(month.firstDay)), 0),
                   '', '', '', '', '', '', '', ''
            FROM (VALUES (1, 'real'), (2, 'test')) AS total (place, book)
        ) AS line
        ORDER BY part, place
        """
    }

    /// Fen as yuan with two decimals.
    private static func yuan(_ amount: String) -> SQL {
        SQL(unsafeSQL: "to_char((\(amount))::numeric / 100, 'FM9999999999999990.00')")
    }

    /// A moment in Asia/Shanghai.
    private static func moment(_ column: String) -> SQL {
        SQL(
            unsafeSQL:
                "to_char(\(column) AT TIME ZONE INTERVAL '08:00', 'YYYY-MM-DD HH24:MI:SS')")
    }

    /// Text that a person typed, safe for a spreadsheet.
    private static func typed(_ column: String) -> SQL {
        let flat = "regexp_replace(\(column), '[\\r\\n\\t]+', ' ', 'g')"
        return SQL(
            unsafeSQL:
                "CASE WHEN \(flat) ~ '^[ \u{3000}]*[-=+@＝＋－＠]' THEN '''' || \(flat) ELSE \(flat) END"
        )
    }

    /// Whose account it is, as people name it.
    private static func owner(_ account: String) -> SQL {
        SQL(
            unsafeSQL: """
                CASE WHEN \(account).kind = 'card' THEN
                         (SELECT mask FROM card AS owner WHERE owner.card_id = \(account).owner_id)
                     WHEN \(account).kind IN ('programme_funding', 'refund_suspense') THEN
                         (SELECT code FROM programme AS owner
                          WHERE owner.programme_id = \(account).owner_id)
                     WHEN \(account).kind IN ('store_payable', 'store_in_dispute') THEN
                         (SELECT code FROM store AS owner
                          WHERE owner.store_id = \(account).owner_id)
                     ELSE '' END
                """)
    }
}
