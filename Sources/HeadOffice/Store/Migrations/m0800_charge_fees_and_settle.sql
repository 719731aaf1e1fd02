-- Fees by the rate of the sale's business date, and the runs that pay stores (R-L7). Amounts are bigint fen.

-- A change of a store's rate, from a day that had not begun when it was set; before the first one store.fee_per_million holds.
CREATE TABLE store_fee_rate (
    store_id        bigint NOT NULL REFERENCES store,
    from_date       date NOT NULL,
    fee_per_million int NOT NULL CHECK (fee_per_million BETWEEN 0 AND 200000),
    set_by          bigint NOT NULL REFERENCES staff_account,
    set_at          timestamptz NOT NULL,
    PRIMARY KEY (store_id, from_date)
);

-- What a sale's fee rests on, kept by the postings that move it; sales without a fee have no row.
CREATE TABLE sale_fee (
    sale_id         uuid PRIMARY KEY REFERENCES sale,
    store_id        bigint NOT NULL REFERENCES store,
    fee_per_million int NOT NULL CHECK (fee_per_million > 0),
    reached         bigint NOT NULL CHECK (reached >= 0),      -- came to store payable
    went_back       bigint NOT NULL CHECK (went_back BETWEEN 0 AND reached),
    fee             bigint NOT NULL CHECK (fee BETWEEN 0 AND reached),
    returned        bigint NOT NULL CHECK (returned BETWEEN 0 AND fee)
);

-- A run pays every store what the ledger moved on its payable account after the run before, up to a position.
CREATE TABLE settlement_run (
    run_id        uuid PRIMARY KEY,
    number        bigint GENERATED ALWAYS AS IDENTITY UNIQUE,  -- for people, and the order of runs
    after_position bigint NOT NULL,         -- the last transfer that earlier runs have taken
    up_to_position bigint NOT NULL CHECK (up_to_position >= after_position),
    state         text NOT NULL CHECK (state IN ('asked', 'approved', 'refused')),
    asked_by      bigint NOT NULL REFERENCES staff_account,
    asked_at      timestamptz NOT NULL,
    decided_by    bigint REFERENCES staff_account,
    decided_at    timestamptz,
    CHECK ((state = 'asked') = (decided_at IS NULL))
);
CREATE UNIQUE INDEX ix_settlement_run_asked ON settlement_run (state) WHERE state = 'asked';

-- What a run comes to for one store: carried_in + gross - refunds - fees + fees_returned + decided = paid + carried_out.
CREATE TABLE settlement_line (
    run_id        uuid NOT NULL REFERENCES settlement_run,
    store_id      bigint NOT NULL REFERENCES store,
    payment_id    uuid NOT NULL UNIQUE,     -- the source of its bank transfer
    bank_account  text NOT NULL,            -- the store's when the run was made
    carried_in    bigint NOT NULL,
    sale_count    bigint NOT NULL,
    gross         bigint NOT NULL,
    refunds       bigint NOT NULL,
    fees          bigint NOT NULL,
    fees_returned bigint NOT NULL,
    decided       bigint NOT NULL,          -- exceptions decided for or against the store
    paid          bigint NOT NULL CHECK (paid >= 0),
    carried_out   bigint NOT NULL,
    PRIMARY KEY (run_id, store_id),
    CHECK (carried_in + gross - refunds - fees + fees_returned + decided = paid + carried_out)
);
