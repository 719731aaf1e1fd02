// What the accounts say: cards, stores, every transfer.

import Domain
import PostgresDriver

extension MonthReport {
    /// The sums that a manifest of the detail names: what moved in each book.
    static func detailTotals(
        _ month: TradingMonth, _ position: Int64, in session: PostgresSession
    ) throws -> [String: Int64] {
        let rows = try session.query(
            """
            SELECT book, coalesce(sum(amount), 0)::bigint AS amount
            FROM transfer JOIN account ON account_id = from_account_id
            WHERE accounting_month = \(month.firstDay) AND transfer_id <= \(position) GROUP BY book
            """)
        var totals: [String: Int64] = ["real": 0, "test": 0]
        for row in rows { totals[try row["book"]] = try row["amount"] as Int64 }
        return totals
    }

    /// What moved on accounts of those kinds up to the month's end, with its sign, by roll-ups.
    private static func rolledUp(_ kinds: String, _ month: TradingMonth) -> SQL {
        """
        SELECT store_id, programme_id, movement_rollup.kind, side.account, side.signed, first_loads,
               accounting_month = \(month.firstDay) AS is_now
        FROM movement_rollup
        CROSS JOIN LATERAL (VALUES (payee, amount), (payer, -amount)) AS side (account, signed)
        WHERE accounting_month <= \(month.firstDay) AND book = 'real'
          AND side.account IN (\(unsafeSQL: kinds))
        """
    }

    static func liabilityRows(_ month: TradingMonth) -> SQL {
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
                   coalesce(sum(first_loads) FILTER (WHERE is_now AND kind = 'load'), 0)
                       ::bigint AS issued,
                   coalesce(sum(signed - first_loads) FILTER (WHERE is_now AND kind = 'load'), 0)
                       ::bigint AS loaded,
                   coalesce(-sum(signed) FILTER (WHERE is_now AND kind IN ('sale', 'collection')), 0)
                       ::bigint AS spent,
                   coalesce(sum(signed) FILTER (WHERE is_now AND kind = 'refund'), 0)
                       ::bigint AS refunded,
                   coalesce(sum(signed), 0)::bigint AS closing
            FROM (\(fragment: rolledUp("'card'", month))) AS moved
            GROUP BY GROUPING SETS ((programme_id), ())
        ) AS sum
        LEFT JOIN programme USING (programme_id)
        ORDER BY programme.code NULLS LAST
        """
    }

    static func settlementRows(_ month: TradingMonth) -> SQL {
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
                   coalesce(sum(signed) FILTER (WHERE is_payable AND NOT is_now), 0)::bigint
                       AS opening,
                   coalesce(sum(signed) FILTER (WHERE is_payable AND is_now AND kind = 'sale'), 0)
                       ::bigint AS gross,
                   coalesce(-sum(signed) FILTER (WHERE is_payable AND is_now AND kind = 'refund'), 0)
                       ::bigint AS refunds,
                   coalesce(-sum(signed) FILTER (WHERE is_payable AND is_now AND kind = 'fee'), 0)
                       ::bigint AS fees,
                   coalesce(sum(signed) FILTER (WHERE is_payable AND is_now
                                                  AND kind = 'fee_returned'), 0)::bigint
                       AS fees_returned,
                   coalesce(-sum(signed) FILTER (WHERE is_payable AND is_now
                                                   AND kind = 'settlement'), 0)::bigint AS paid,
                   coalesce(sum(signed) FILTER (WHERE is_payable), 0)::bigint AS closing,
                   coalesce(sum(signed) FILTER (WHERE NOT is_payable), 0)::bigint AS disputed
            FROM (
                SELECT store_id, signed, kind, account = 'store_payable' AS is_payable, is_now
                FROM (\(fragment: rolledUp("'store_payable', 'store_in_dispute'", month))) AS side
            ) AS moved
            GROUP BY GROUPING SETS ((store_id), ())
        ) AS sum
        LEFT JOIN store USING (store_id)
        ORDER BY store.code NULLS LAST
        """
    }

    static func detailRows(_ month: TradingMonth, _ position: Int64) -> SQL {
        detailCells(
            """
            \(fragment: detailLines(month, position))
            UNION ALL \(fragment: detailTotals(month, position))
            ORDER BY part, place
            """)
    }

    /// The transfers without their totals, in an order that an index has.
    static func detailLineRows(_ month: TradingMonth, _ position: Int64) -> SQL {
        detailCells("\(fragment: detailLines(month, position)) ORDER BY transfer_id")
    }

    /// The totals alone.
    static func detailTotalRows(_ month: TradingMonth, _ position: Int64) -> SQL {
        detailCells("\(fragment: detailTotals(month, position)) ORDER BY place")
    }

    private static func detailCells(_ lines: SQL) -> SQL {
        """
        SELECT number, book, kind, payer_kind, payer, payee_kind, payee, \(fragment: yuan("amount")),
               day, happened, posted, month, source, store_code, mask, late
        FROM (\(fragment: lines)) AS line
        """
    }

    private static func detailLines(_ month: TradingMonth, _ position: Int64) -> SQL {
        """
        SELECT 0 AS part, transfer_id AS place, transfer_id::text AS number, payer.book,
               transfer.kind, payer.kind AS payer_kind, \(fragment: owner("payer")) AS payer,
               payee.kind AS payee_kind, \(fragment: owner("payee")) AS payee, amount,
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
        WHERE accounting_month = \(month.firstDay) AND transfer_id <= \(position)
        """
    }

    /// What moved in `total.book`: by the roll-ups when every transfer counts, else by the transfers up to the position.
    private static func detailSum(_ month: TradingMonth, _ position: Int64) -> SQL {
        if position == .max {
            return """
                SELECT sum(amount)::bigint FROM movement_rollup
                WHERE book = total.book AND accounting_month = \(month.firstDay)
                """
        }
        return """
            SELECT sum(amount)::bigint FROM transfer
            JOIN account ON account_id = from_account_id
            WHERE account.book = total.book AND accounting_month = \(month.firstDay)
              AND transfer_id <= \(position)
            """
    }

    private static func detailTotals(_ month: TradingMonth, _ position: Int64) -> SQL {
        """
        SELECT 1 AS part, place, '合计' AS number, total.book, '' AS kind, '' AS payer_kind,
               '' AS payer, '' AS payee_kind, '' AS payee,
               coalesce((\(fragment: detailSum(month, position))), 0) AS amount,
               '' AS day, '' AS happened, '' AS posted, '' AS month, '' AS source,
               '' AS store_code, '' AS mask, '' AS late
        FROM (VALUES (1, 'real'), (2, 'test')) AS total (place, book)
        """
    }

    /// Whose account it is, as people name it.
    static func owner(_ account: String) -> SQL {
        SQL(
            unsafeSQL: """
                CASE WHEN \(account).kind = 'card' THEN
                         (SELECT mask FROM card AS owner WHERE owner.card_id = \(account).owner_id)
                     ELSE (\(holder(account).text)) END
                """)
    }

    /// Whose account it is, a card's under its programme.
    static func holder(_ account: String) -> SQL {
        SQL(
            unsafeSQL: """
                CASE WHEN \(account).kind = 'card' THEN
                         (SELECT issuer.code FROM card AS owner
                          JOIN programme AS issuer USING (programme_id)
                          WHERE owner.card_id = \(account).owner_id)
                     WHEN \(account).kind IN ('programme_funding', 'refund_suspense') THEN
                         (SELECT code FROM programme AS owner
                          WHERE owner.programme_id = \(account).owner_id)
                     WHEN \(account).owner_id <> 0 THEN
                         (SELECT code FROM store AS owner
                          WHERE owner.store_id = \(account).owner_id)
                     ELSE '' END
                """)
    }
}
