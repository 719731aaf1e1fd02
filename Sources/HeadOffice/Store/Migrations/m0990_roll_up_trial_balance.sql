-- The trial balance reads roll-ups too: they hold both books, and how many cards have ever moved. Like the other roll-ups
-- these are caches; `ledger prove` compares them with the transfers, `ledger rebuild` makes them anew.

SET LOCAL statement_timeout = 0;            -- it reads every transfer

ALTER TABLE movement_rollup ADD book text NOT NULL DEFAULT 'real';
ALTER TABLE movement_rollup ALTER book DROP DEFAULT;
ALTER TABLE movement_rollup DROP CONSTRAINT movement_rollup_pkey;
ALTER TABLE movement_rollup ADD PRIMARY KEY (accounting_month, book, store_id, programme_id, kind, payer, payee);

INSERT INTO movement_rollup
    (accounting_month, book, store_id, programme_id, kind, payer, payee, sale_count, amount, first_loads)
SELECT accounting_month, book, store_id, programme_id, kind, payer, payee, count(*) FILTER (WHERE opens_sale),
       sum(amount), coalesce(sum(amount) FILTER (WHERE is_first_load), 0)
FROM (
    SELECT transfer.accounting_month, payer.book, coalesce(transfer.store_id, 0) AS store_id,
           coalesce(card.programme_id, CASE WHEN payer.kind IN ('programme_funding', 'refund_suspense') THEN payer.owner_id
                                            WHEN payee.kind IN ('programme_funding', 'refund_suspense') THEN payee.owner_id
                                       END, 0) AS programme_id,
           transfer.kind, payer.kind AS payer, payee.kind AS payee, transfer.amount,
           transfer.kind IN ('sale', 'shortfall')
               AND NOT EXISTS (SELECT FROM transfer AS earlier
                               WHERE earlier.source_id = transfer.source_id AND earlier.kind IN ('sale', 'shortfall')
                                 AND earlier.accounting_month = transfer.accounting_month
                                 AND earlier.transfer_id < transfer.transfer_id) AS opens_sale,
           transfer.kind = 'load' AND coalesce(card_load.reason, '') = '' AS is_first_load
    FROM transfer
    JOIN account AS payer ON payer.account_id = transfer.from_account_id AND payer.book = 'test'
    JOIN account AS payee ON payee.account_id = transfer.to_account_id
    LEFT JOIN card ON card.card_id = transfer.card_id
    LEFT JOIN card_load ON card_load.load_id = transfer.source_id AND transfer.kind = 'load'
) AS fact
GROUP BY accounting_month, book, store_id, programme_id, kind, payer, payee;

-- The earliest accounting month in which the card's money moved; null while it never has, and for accounts of other kinds.
ALTER TABLE account ADD first_month date;
UPDATE account SET first_month = moved.month
FROM (SELECT account_id, min(month) AS month
      FROM (SELECT to_account_id AS account_id, accounting_month AS month FROM transfer
            UNION ALL
            SELECT from_account_id, accounting_month FROM transfer) AS side
      GROUP BY account_id) AS moved
WHERE account.account_id = moved.account_id AND account.kind = 'card';

-- How many cards of a programme moved for the first time in a month, so that a trial balance counts accounts without
-- reading them.
CREATE TABLE moved_card_rollup (
    accounting_month date NOT NULL,
    book             text NOT NULL,
    programme_id     bigint NOT NULL,
    card_count       bigint NOT NULL,
    PRIMARY KEY (accounting_month, book, programme_id)
) WITH (fillfactor = 70);
INSERT INTO moved_card_rollup
SELECT first_month, book, programme_id, count(*)
FROM account JOIN card ON card.card_id = account.owner_id
WHERE account.kind = 'card' AND first_month IS NOT NULL
GROUP BY first_month, book, programme_id;
