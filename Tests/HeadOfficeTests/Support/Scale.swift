/// Stores, cards and sales by the million, made by the server itself.
struct Scale {
    let stores: Int
    let cards: Int
    let sales: Int
    let days: Int
    let hasFees: Bool

    /// What makes them, beside the small network of `DeskWorld`: one in five sales in stand-in, one in a hundred half in dispute, one
    /// in two hundred late, one in fifty refunded by half.
    var statements: [String] {
        // The rows hold what foreign keys would check; checking twenty million of them one by one is not what is measured.
        ["SET LOCAL statement_timeout = 0", "SET LOCAL session_replication_role = replica"]
            + network + ledger
    }

    private var network: [String] {
        [
            """
            INSERT INTO store (code, name, province, address, telephone, fee_per_million, created_at)
            SELECT 'ZZ' || lpad(n::text, 4, '0'), '测试门店' || n,
                   (ARRAY['11', '31', '32', '33', '44'])[n % 5 + 1], '测试路' || n, '020',
                   \(hasFees ? 6_150 : 0), '2026-01-01'
            FROM generate_series(0, least(\(stores), 10000) - 1) AS n
            """,
            """
            INSERT INTO till (store_id, number, code, name, durable_hash, last_beacon_at,
                              last_contact_at, created_at)
            SELECT store_id, 1, code || '-01', '一号', sha256(code::bytea), '2026-11-25', \
            timestamptz '2026-11-25 02:00Z' - store_id * interval '3 seconds', '2026-01-01'
            FROM store WHERE code LIKE 'ZZ%'
            """,
            """
            INSERT INTO till_key (till_id, epoch, public_key, created_at)
            SELECT till_id, 1, sha256(code::bytea), '2026-01-01' FROM till WHERE code LIKE 'ZZ%'
            """,
            """
            INSERT INTO card (programme_id, fingerprint, mask, number_sealed, holder_mask,
                state_since, password_salt, password_verifier, issued_at)
            SELECT n % 2 + 1, substr(sha256(('card' || n)::bytea), 1, 16), '6160 **** **** ' ||
                   lpad((n % 10000)::text, 4, '0'), '', '张*', '2026-01-01', '', '', '2026-01-01'
            FROM generate_series(1, \(cards)) AS n
            """,
            """
            INSERT INTO account (book, kind, owner_id)
            SELECT 'real', 'card', card_id FROM card
            UNION ALL SELECT 'real', 'programme_funding', programme_id FROM programme
            UNION ALL
            SELECT 'real', kind, store_id
            FROM store CROSS JOIN unnest(ARRAY['store_payable', 'store_in_dispute',
                                               'exceptions_receivable', 'fees']) AS kind
            ON CONFLICT DO NOTHING
            """,
            "ANALYZE",
        ]
    }

    private var ledger: [String] {
        [
            """
            CREATE TEMPORARY TABLE sold ON COMMIT DROP AS
            SELECT n, ('01930000-0000-7000-8000-' || lpad(to_hex(n), 12, '0'))::uuid AS sale_id,
                   (SELECT min(store_id) FROM store WHERE code LIKE 'ZZ%') + n % \(stores)
                       AS store_id,
                   (SELECT min(till_id) FROM till WHERE code LIKE 'ZZ%') + n % \(stores) AS till_id,
                   (SELECT min(card_id) FROM card) + (n * 7919::bigint) % \(cards) AS card_id,
                   1000 + n % 9000 AS total,
                   CASE WHEN n % 200 = 1 THEN date '2026-10-31'
                        ELSE date '2026-11-01' + (n / \(stores)) % \(days) END AS business_date
            FROM generate_series(1, \(sales)) AS n
            """,
            "ANALYZE sold",
            """
            INSERT INTO sale (sale_id, store_id, till_id, receipt, cashier, card_id, card_mask,
                fingerprint, test, mode, total, paid_by_card, lines, knew, business_at,
                business_date, received_at, state)
            SELECT sale_id, store_id, till_id, 'ZZ' || n, 'cashier', card_id, '6160 **** **** 0001',
                   sha256(card_id::text::bytea), false,
                   CASE WHEN n % 5 = 0 THEN 'stand_in' ELSE 'authorised' END, total,
                   CASE WHEN n % 100 = 0 THEN total / 2 ELSE total END, '[]', '{}',
                   business_date + interval '4 hours' + n * interval '1 microsecond', business_date,
                   '2026-11-25', 'posted'
            FROM sold
            """,
            transfers(
                "load", "programme_funding", "card.programme_id", "card", "card.card_id",
                "1000000", "NULL::bigint", "card.card_id", "gen_random_uuid()", "'2026-11-01'",
                "card WHERE NOT test"),
            transfers(
                "sale", "card", "card_id", "store_payable", "store_id",
                "CASE WHEN n % 100 = 0 THEN total / 2 ELSE total END", "store_id", "card_id",
                "sale_id", "business_date", "sold"),
            transfers(
                "shortfall", "exceptions_receivable", "store_id", "store_in_dispute", "store_id",
                "total - total / 2", "store_id", "card_id", "sale_id", "business_date",
                "sold WHERE n % 100 = 0"),
            transfers(
                "refund", "store_payable", "store_id", "card", "card_id", "total / 2", "store_id",
                "card_id", "gen_random_uuid()", "business_date", "sold WHERE n % 50 = 7"),
        ]
            + (hasFees
                ? [
                    transfers(
                        "fee", "store_payable", "store_id", "fees", "store_id", "1 + total / 200",
                        "store_id", "card_id", "sale_id", "business_date", "sold"),
                    """
                    INSERT INTO sale_fee (sale_id, store_id, fee_per_million, reached, went_back, fee,
                                          returned)
                    SELECT sale_id, store_id, 6150,
                           CASE WHEN n % 100 = 0 THEN total / 2 ELSE total END, 0, 1 + total / 200, 0
                    FROM sold
                    """,
                ] : [])
    }

    private func transfers(
        _ kind: String, _ payer: String, _ payerOwner: String, _ payee: String,
        _ payeeOwner: String, _ amount: String, _ store: String, _ card: String,
        _ source: String, _ day: String, _ from: String
    ) -> String {
        """
        INSERT INTO transfer (kind, from_account_id, to_account_id, amount, business_date,
            business_at, posted_at, accounting_month, source_id, store_id, card_id)
        SELECT '\(kind)', payer.account_id, payee.account_id, amount, day,
               day + interval '4 hours', '2026-11-25', '2026-11-01', source, store, card
        FROM (SELECT \(payerOwner) AS payer, \(payeeOwner) AS payee, \(amount) AS amount,
                     \(store) AS store, \(card) AS card, \(source) AS source, \(day)::date AS day
              FROM \(from)) AS moved
        JOIN account AS payer ON payer.kind = '\(payer)' AND payer.owner_id = moved.payer
             AND payer.book = 'real'
        JOIN account AS payee ON payee.kind = '\(payee)' AND payee.owner_id = moved.payee
             AND payee.book = 'real'
        """
    }
}
