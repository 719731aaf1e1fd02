import Domain
import PostgresDriver

@testable import HeadOffice

/// The reports that read roll-ups, computed from the transfers alone: slower, and the truth that they must equal.
enum FullScan {
    static let reports: [MonthReport] = [
        .monthlySales, .provinceClearing, .cardLiability, .storeSettlement, .trialBalance,
    ]

    /// The cells of a month, totals last.
    static func cells(_ report: MonthReport, _ month: TradingMonth) -> SQL {
        switch report {
        case .monthlySales: sales(month)
        case .provinceClearing: clearing(month)
        case .cardLiability: liability(month)
        case .storeSettlement: settlement(month)
        case .trialBalance: balance(month)
        default: preconditionFailure("\(report) reads no roll-up")
        }
    }

    /// Rows where the report and the scan differ, all months up to the last with movements.
    static func differences(_ store: OfficeStore) async throws -> [String] {
        try await ReportSource.settled(store) { session, position in
            let months = try session.query(
                "SELECT DISTINCT accounting_month AS month FROM transfer ORDER BY 1"
            ).map { try $0.decode("month", as: BusinessDate.self).tradingMonth }
            var found: [String] = []
            for month in months {
                for report in reports {
                    let kept = try rows(report.cells(month, upTo: position), report, session)
                    let scanned = try rows(cells(report, month), report, session)
                    if kept != scanned {
                        found.append("\(report) of \(month): \(kept) for \(scanned)")
                    }
                }
            }
            return found
        }
    }

    static func rows(
        _ cells: SQL, _ report: MonthReport, _ session: PostgresSession
    ) throws -> [[String]] {
        let names = report.columns.indices.map { "c\($0)" }
        let list = names.joined(separator: ", ")
        return try session.query(
            "SELECT * FROM (\(fragment: cells)) AS row (\(unsafeSQL: list))"
        ).map { row in try names.map { try row.decode($0) } }
    }

    private static func yuan(_ amount: String) -> SQL { MonthReport.yuan(amount) }

    /// Sales and what undid them; `opens` marks a sale's first transfer in the month.
    private static func moved(_ month: TradingMonth) -> SQL {
        """
        SELECT transfer.store_id, transfer.card_id, transfer.business_date, transfer.kind,
               transfer.amount, sale.mode, transfer.kind IN ('sale', 'shortfall') AS is_sale,
               date_trunc('month', transfer.business_date)::date <> accounting_month AS is_late,
               transfer.kind IN ('sale', 'shortfall')
                   AND row_number() OVER (
                       PARTITION BY source_id, transfer.kind IN ('sale', 'shortfall')
                       ORDER BY transfer_id) = 1 AS opens
        FROM transfer
        JOIN account ON account_id = from_account_id AND book = 'real'
        LEFT JOIN sale ON sale.sale_id = source_id
        WHERE accounting_month = \(month.firstDay) AND transfer.store_id IS NOT NULL
          AND transfer.kind IN ('sale', 'shortfall', 'refund', 'shortfall_undone')
        """
    }

    private static func sales(_ month: TradingMonth) -> SQL {
        """
        SELECT coalesce(store.code, '合计'), coalesce(store.name, ''),
               coalesce(store.province, ''), coalesce(business_date::text, ''), sale_count::text,
               \(fragment: yuan("gross")), \(fragment: yuan("disputed")),
               \(fragment: yuan("refunds")), \(fragment: yuan("gross - refunds")),
               offline_count::text, \(fragment: yuan("offline_amount")),
               CASE WHEN gross = 0 THEN '0.00%'
                    ELSE to_char(round(offline_amount * 100.0 / gross, 2), 'FM990.00') || '%' END,
               late_count::text, \(fragment: yuan("late_amount"))
        FROM (
            SELECT store_id, business_date, count(*) FILTER (WHERE opens) AS sale_count,
                   coalesce(sum(amount) FILTER (WHERE is_sale), 0)::bigint AS gross,
                   coalesce(sum(amount) FILTER (WHERE kind = 'shortfall'), 0)::bigint AS disputed,
                   coalesce(sum(amount) FILTER (WHERE NOT is_sale), 0)::bigint AS refunds,
                   count(*) FILTER (WHERE opens AND mode = 'stand_in') AS offline_count,
                   coalesce(sum(amount) FILTER (WHERE is_sale AND mode = 'stand_in'), 0)::bigint
                       AS offline_amount,
                   count(*) FILTER (WHERE opens AND is_late) AS late_count,
                   coalesce(sum(amount) FILTER (WHERE is_sale AND is_late), 0)::bigint
                       AS late_amount
            FROM (\(fragment: moved(month))) AS moved
            GROUP BY GROUPING SETS ((store_id, business_date), ())
        ) AS day
        LEFT JOIN store USING (store_id)
        ORDER BY store.code NULLS LAST, business_date
        """
    }

    private static func clearing(_ month: TradingMonth) -> SQL {
        """
        SELECT CASE WHEN is_total = 1 THEN '合计' ELSE coalesce(programme_code, '未知卡') END,
               coalesce(programme_name, ''), coalesce(issuing, ''), coalesce(selling, ''),
               sale_count::text, \(fragment: yuan("gross")), \(fragment: yuan("refunds")),
               \(fragment: yuan("gross - refunds"))
        FROM (
            SELECT grouping(store.province) AS is_total, programme.code AS programme_code,
                   programme.name AS programme_name, programme.province AS issuing,
                   store.province AS selling, count(*) FILTER (WHERE opens) AS sale_count,
                   coalesce(sum(amount) FILTER (WHERE is_sale), 0)::bigint AS gross,
                   coalesce(sum(amount) FILTER (WHERE NOT is_sale), 0)::bigint AS refunds
            FROM (\(fragment: moved(month))) AS moved
            JOIN store USING (store_id)
            LEFT JOIN card USING (card_id)
            LEFT JOIN programme ON programme.programme_id = card.programme_id
            GROUP BY GROUPING SETS
                ((programme.code, programme.name, programme.province, store.province), ())
        ) AS sum
        ORDER BY is_total, programme_code NULLS LAST, selling
        """
    }

    private static func liability(_ month: TradingMonth) -> SQL {
        """
        SELECT coalesce(programme.code, '合计'), coalesce(programme.name, ''),
               \(fragment: yuan("opening")), \(fragment: yuan("issued")),
               \(fragment: yuan("loaded")), \(fragment: yuan("spent")),
               \(fragment: yuan("refunded")),
               \(fragment: yuan("closing - opening - issued - loaded + spent - refunded")),
               \(fragment: yuan("closing"))
        FROM (
            SELECT programme_id,
                   coalesce(sum(signed) FILTER (WHERE NOT is_now), 0)::bigint AS opening,
                   coalesce(sum(signed) FILTER (WHERE is_now AND kind = 'load' AND is_first), 0)
                       ::bigint AS issued,
                   coalesce(sum(signed) FILTER (WHERE is_now AND kind = 'load' AND NOT is_first), 0)
                       ::bigint AS loaded,
                   coalesce(-sum(signed) FILTER (WHERE is_now AND kind IN ('sale', 'collection')), 0)
                       ::bigint AS spent,
                   coalesce(sum(signed) FILTER (WHERE is_now AND kind = 'refund'), 0)
                       ::bigint AS refunded,
                   coalesce(sum(signed), 0)::bigint AS closing
            FROM (
                SELECT owner.programme_id, signed, transfer.kind,
                       accounting_month = \(month.firstDay) AS is_now,
                       coalesce(card_load.reason, '') = '' AS is_first
                FROM transfer
                CROSS JOIN LATERAL (VALUES (to_account_id, amount), (from_account_id, -amount))
                    AS side (account_id, signed)
                JOIN account USING (account_id)
                JOIN card AS owner ON owner.card_id = account.owner_id
                LEFT JOIN card_load ON transfer.kind = 'load' AND load_id = source_id
                WHERE accounting_month <= \(month.firstDay)
                  AND account.kind = 'card' AND account.book = 'real'
            ) AS moved
            GROUP BY GROUPING SETS ((programme_id), ())
        ) AS sum
        LEFT JOIN programme USING (programme_id)
        ORDER BY programme.code NULLS LAST
        """
    }

    private static func settlement(_ month: TradingMonth) -> SQL {
        """
        SELECT coalesce(store.code, '合计'), coalesce(store.name, ''),
               coalesce(store.settlement_account, ''), \(fragment: yuan("opening")),
               \(fragment: yuan("gross")), \(fragment: yuan("refunds")), \(fragment: yuan("fees")),
               \(fragment: yuan("fees_returned")),
               \(fragment: yuan("closing + paid - opening - gross + refunds + fees - fees_returned")),
               \(fragment: yuan("closing + paid - opening")), \(fragment: yuan("paid")),
               \(fragment: yuan("closing")), \(fragment: yuan("disputed"))
        FROM (
            SELECT store_id,
                   coalesce(sum(signed) FILTER (WHERE NOT is_now AND is_payable), 0)::bigint
                       AS opening,
                   \(fragment: nowSum("sale", "signed")) AS gross,
                   \(fragment: nowSum("refund", "-signed")) AS refunds,
                   \(fragment: nowSum("fee", "-signed")) AS fees,
                   \(fragment: nowSum("fee_returned", "signed")) AS fees_returned,
                   \(fragment: nowSum("settlement", "-signed")) AS paid,
                   coalesce(sum(signed) FILTER (WHERE is_payable), 0)::bigint AS closing,
                   coalesce(sum(signed) FILTER (WHERE NOT is_payable), 0)::bigint AS disputed
            FROM (
                SELECT account.owner_id AS store_id, signed, transfer.kind,
                       account.kind = 'store_payable' AS is_payable,
                       accounting_month = \(month.firstDay) AS is_now
                FROM transfer
                CROSS JOIN LATERAL (VALUES (to_account_id, amount), (from_account_id, -amount))
                    AS side (account_id, signed)
                JOIN account USING (account_id)
                WHERE accounting_month <= \(month.firstDay) AND account.book = 'real'
                  AND account.kind IN ('store_payable', 'store_in_dispute')
            ) AS moved
            GROUP BY GROUPING SETS ((store_id), ())
        ) AS sum
        LEFT JOIN store USING (store_id)
        ORDER BY store.code NULLS LAST
        """
    }

    /// Every account by its own row, cards under their programme.
    private static func balance(_ month: TradingMonth) -> SQL {
        """
        SELECT book, CASE WHEN is_total = 1 THEN '合计' ELSE kind END, coalesce(owner, ''),
               account_count::text, \(fragment: yuan("opening")), \(fragment: yuan("moved_in")),
               \(fragment: yuan("moved_out")), \(fragment: yuan("opening + moved_in - moved_out"))
        FROM (
            SELECT book, grouping(kind) AS is_total, kind, owner,
                   count(DISTINCT account_id) AS account_count,
                   coalesce(sum(signed) FILTER (WHERE NOT is_now), 0)::bigint AS opening,
                   coalesce(sum(signed) FILTER (WHERE is_now AND signed > 0), 0)::bigint AS moved_in,
                   coalesce(-sum(signed) FILTER (WHERE is_now AND signed < 0), 0)::bigint
                       AS moved_out
            FROM (
                SELECT account.book, account.kind, account.account_id, signed,
                       \(fragment: MonthReport.holder("account")) AS owner,
                       accounting_month = \(month.firstDay) AS is_now
                FROM transfer
                CROSS JOIN LATERAL (VALUES (to_account_id, amount), (from_account_id, -amount))
                    AS side (account_id, signed)
                JOIN account USING (account_id)
                WHERE accounting_month <= \(month.firstDay)
            ) AS moved
            GROUP BY GROUPING SETS ((book, kind, owner), (book))
            UNION ALL
            SELECT book, 1, NULL, NULL, 0, 0, 0, 0 FROM (VALUES ('real'), ('test')) AS empty (book)
            WHERE NOT EXISTS (SELECT FROM transfer JOIN account ON account_id = from_account_id
                              WHERE account.book = empty.book
                                AND accounting_month <= \(month.firstDay))
        ) AS sum
        ORDER BY is_total, book, kind, owner
        """
    }

    private static func nowSum(_ kind: String, _ amount: String) -> SQL {
        SQL(
            unsafeSQL: """
                coalesce(sum(\(amount)) FILTER (WHERE is_now AND is_payable AND kind = '\(kind)'), 0)
                    ::bigint
                """)
    }
}
