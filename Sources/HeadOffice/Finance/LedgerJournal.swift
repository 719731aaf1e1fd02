// A month's ledger as a journal for hledger: opening balances, every transfer, and at the end an assertion of every
// closing balance, so that `hledger check` proves what the trial balance says.

import Crypto
import Domain
import PostgresDriver

/// Writes the month as an hledger journal.
enum LedgerJournal {
    /// Accounts are `BOOK:KIND:OWNER`; cards stand under their programme.
    static func write(
        _ source: ReportSource, to path: String, asOf now: Instant, progress: ExportProgress,
        in session: PostgresSession
    ) throws -> MonthExport.Written {
        let file = try ExportFile(path: path)
        let month = source.month
        func put(_ text: String) throws { try file.append(Array(text.utf8)) }
        let balances = try balances(month, source.position, in: session)
        try put(
            """
            ; 慧医卡 ledger of \(month), as of \(ReportTime.text(now)) +08:00, up to transfer \(source.position)
            decimal-mark .
            commodity CNY 1000.00

            """)
        for balance in balances { try put("account \(balance.account)\n") }
        let openings = balances.filter { $0.opening != 0 }
        if !openings.isEmpty {
            try put("\n\(month.firstDay) * opening balances\n")
            for balance in openings {
                try put("    \(balance.account)  \(amount(balance.opening))\n")
            }
        }
        var hash = SHA256()
        var reader = CellReader()
        var rowCount = 0
        try session.copyOut(transfers(month, source.position), format: .csv(header: false)) {
            chunk in
            hash.update(data: chunk)
            var text = ""
            let before = rowCount
            reader.feed(chunk) { cells in
                rowCount += 1
                text += entry(cells)
            }
            try put(text)
            try progress.add(rowCount - before)
        }
        try put("\n\(month.lastDay) * closing balances\n")
        for balance in balances {
            try put("    \(balance.account)  CNY 0.00 = \(amount(balance.closing))\n")
        }
        let cells = try MonthExport.cellsHash(source, in: session)
        return MonthExport.Written(
            rowCount: rowCount, sha256: try file.finish(), cellsSHA256: cells)
    }

    private struct Balance {
        let account: String
        let opening: Int64
        let closing: Int64
    }

    private static func entry(_ cells: [String]) -> String {
        """

        \(cells[0]) * \(cells[1])  ; transfer:\(cells[2]), source:\(cells[3])
            \(cells[5])  CNY \(cells[6])
            \(cells[4])  CNY -\(cells[6])

        """
    }

    private static func amount(_ fen: Int64) -> String { "CNY \(Money(fen: fen))" }

    private static func account(_ table: String) -> SQL {
        let holder = MonthReport.holder(table).text
        return SQL(
            unsafeSQL: "concat_ws(':', \(table).book, \(table).kind, nullif((\(holder)), ''))")
    }

    private static func balances(
        _ month: TradingMonth, _ position: Int64, in session: PostgresSession
    ) throws -> [Balance] {
        try session.query(
            """
            SELECT name, coalesce(sum(signed) FILTER (WHERE NOT is_now), 0)::bigint AS opening,
                   sum(signed)::bigint AS closing
            FROM (
                SELECT \(fragment: account("account")) AS name, signed,
                       accounting_month = \(month.firstDay) AS is_now
                FROM transfer
                CROSS JOIN LATERAL (VALUES (to_account_id, amount), (from_account_id, -amount))
                    AS side (account_id, signed)
                JOIN account USING (account_id)
                WHERE accounting_month <= \(month.firstDay) AND transfer_id <= \(position)
            ) AS moved
            GROUP BY name ORDER BY name
            """
        ).map {
            Balance(
                account: try $0["name"], opening: try $0["opening"], closing: try $0["closing"])
        }
    }

    private static func transfers(_ month: TradingMonth, _ position: Int64) -> SQL {
        """
        SELECT business_date::text, transfer.kind, transfer_id::text, source_id::text,
               \(fragment: account("payer")), \(fragment: account("payee")),
               \(fragment: MonthReport.yuan("amount"))
        FROM transfer
        JOIN account AS payer ON payer.account_id = from_account_id
        JOIN account AS payee ON payee.account_id = to_account_id
        WHERE accounting_month = \(month.firstDay) AND transfer_id <= \(position)
        ORDER BY transfer_id
        """
    }
}
