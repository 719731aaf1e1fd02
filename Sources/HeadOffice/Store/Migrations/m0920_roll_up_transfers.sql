-- Sums of transfers, kept by the transaction that posts them, so that a report reads no transfer twice. They are caches:
-- the transfers stay the truth, `ledger prove` compares, `ledger rebuild` makes them anew. Amounts are bigint fen. The test
-- book is left out (R-P7). A row belongs to one store, or, without a store, to one programme, whose accounts the posting has
-- locked already: roll-ups add no row for which stores' postings would wait for each other.

SET LOCAL statement_timeout = 0;            -- it reads every transfer

-- What a store sold on a business day, by the accounting month in which it is booked (R-L5). What is late is what lies in
-- another month than its day.
CREATE TABLE sales_rollup (
    accounting_month date NOT NULL,
    store_id         bigint NOT NULL,
    business_date    date NOT NULL,
    sale_count       bigint NOT NULL,       -- a sale counts where its first transfer of the month stands
    gross            bigint NOT NULL,       -- sale and shortfall
    disputed         bigint NOT NULL,       -- shortfall alone
    refunds          bigint NOT NULL,       -- refund and shortfall_undone
    offline_count    bigint NOT NULL,       -- of sale_count, those in stand-in
    offline_amount   bigint NOT NULL,
    PRIMARY KEY (accounting_month, store_id, business_date)
) WITH (fillfactor = 70);
CREATE INDEX ix_sales_rollup_date ON sales_rollup (business_date);

-- What moved in an accounting month for a store and a programme, by why it moved and between which kinds of account.
CREATE TABLE movement_rollup (
    accounting_month date NOT NULL,
    store_id         bigint NOT NULL,       -- 0 without a store
    programme_id     bigint NOT NULL,       -- 0 without a card and without a programme
    kind             text NOT NULL,
    payer            text NOT NULL,         -- kind of the account from which it moved
    payee            text NOT NULL,
    sale_count       bigint NOT NULL,
    amount           bigint NOT NULL,
    first_loads      bigint NOT NULL,       -- of amount: what new cards carry
    PRIMARY KEY (accounting_month, store_id, programme_id, kind, payer, payee)
) WITH (fillfactor = 70);

CREATE TEMPORARY TABLE fact ON COMMIT DROP AS
SELECT transfer.accounting_month, transfer.business_date, coalesce(transfer.store_id, 0) AS store_id,
       coalesce(card.programme_id, CASE WHEN payer.kind IN ('programme_funding', 'refund_suspense') THEN payer.owner_id
                                        WHEN payee.kind IN ('programme_funding', 'refund_suspense') THEN payee.owner_id
                                   END, 0) AS programme_id,
       transfer.kind, payer.kind AS payer, payee.kind AS payee, transfer.amount,
       sale.mode IS NOT DISTINCT FROM 'stand_in' AS is_offline,
       transfer.kind IN ('sale', 'shortfall')
           AND NOT EXISTS (SELECT FROM transfer AS earlier
                           WHERE earlier.source_id = transfer.source_id AND earlier.kind IN ('sale', 'shortfall')
                             AND earlier.accounting_month = transfer.accounting_month
                             AND earlier.transfer_id < transfer.transfer_id) AS opens_sale,
       transfer.kind = 'load' AND coalesce(card_load.reason, '') = '' AS is_first_load
FROM transfer
JOIN account AS payer ON payer.account_id = transfer.from_account_id AND payer.book = 'real'
JOIN account AS payee ON payee.account_id = transfer.to_account_id
LEFT JOIN card ON card.card_id = transfer.card_id
LEFT JOIN sale ON sale.sale_id = transfer.source_id AND transfer.kind IN ('sale', 'shortfall')
LEFT JOIN card_load ON card_load.load_id = transfer.source_id AND transfer.kind = 'load';

INSERT INTO sales_rollup
SELECT accounting_month, store_id, business_date,
       count(*) FILTER (WHERE opens_sale),
       coalesce(sum(amount) FILTER (WHERE kind IN ('sale', 'shortfall')), 0),
       coalesce(sum(amount) FILTER (WHERE kind = 'shortfall'), 0),
       coalesce(sum(amount) FILTER (WHERE kind IN ('refund', 'shortfall_undone')), 0),
       count(*) FILTER (WHERE opens_sale AND is_offline),
       coalesce(sum(amount) FILTER (WHERE kind IN ('sale', 'shortfall') AND is_offline), 0)
FROM fact
WHERE store_id <> 0 AND kind IN ('sale', 'shortfall', 'refund', 'shortfall_undone')
GROUP BY accounting_month, store_id, business_date;

INSERT INTO movement_rollup
SELECT accounting_month, store_id, programme_id, kind, payer, payee, count(*) FILTER (WHERE opens_sale), sum(amount),
       coalesce(sum(amount) FILTER (WHERE is_first_load), 0)
FROM fact
GROUP BY accounting_month, store_id, programme_id, kind, payer, payee;

-- What the nights, and people, found when they compared the caches with the transfers.
CREATE TABLE ledger_proof (
    proof_id       bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    night          date UNIQUE,             -- the business day of the nightly proof; null for one that somebody asked for
    made_at        timestamptz NOT NULL,
    made_by        text NOT NULL,
    is_right       boolean NOT NULL,
    ledger_position bigint NOT NULL,
    account_count  bigint NOT NULL,
    transfer_count bigint NOT NULL,
    rollup_count   bigint NOT NULL,
    fee_count      bigint NOT NULL,
    difference_count bigint NOT NULL,
    first_difference text,
    CHECK (is_right = (first_difference IS NULL))
);
CREATE TRIGGER tr_ledger_proof_facts BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger_proof
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_changing_facts();
