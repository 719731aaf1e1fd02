-- Months are closed, their figures frozen, and may be opened again by two people (R-L4, R-L5).

ALTER TABLE accounting_month ADD status text NOT NULL DEFAULT 'closed' CHECK (status IN ('closed', 'reopened'));

-- Each closing of a month, the first and those after a reopening; what it froze stays for ever.
CREATE TABLE closing (
    closing_id      bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    month           date NOT NULL CHECK (extract(day FROM month) = 1),
    number          int NOT NULL CHECK (number >= 1),
    ledger_position bigint NOT NULL,
    closed_by       bigint NOT NULL REFERENCES staff_account,
    closed_at       timestamptz NOT NULL,
    may_still_arrive bigint NOT NULL,       -- what incomplete tills could bring at most, as seen at the closing
    UNIQUE (month, number)
);

-- The frozen reports, cell by cell as they were written.
CREATE TABLE closing_row (
    closing_id bigint NOT NULL REFERENCES closing,
    report     text NOT NULL,
    place      int NOT NULL,
    cells      text[] NOT NULL,
    PRIMARY KEY (closing_id, report, place)
);
CREATE TRIGGER tr_closing_facts BEFORE UPDATE OR DELETE OR TRUNCATE ON closing
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_changing_facts();
CREATE TRIGGER tr_closing_row_facts BEFORE UPDATE OR DELETE OR TRUNCATE ON closing_row
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_changing_facts();

CREATE TABLE reopening (
    reopening_id uuid PRIMARY KEY,
    month        date NOT NULL CHECK (extract(day FROM month) = 1),
    reason       text NOT NULL CHECK (length(reason) BETWEEN 1 AND 500),
    state        text NOT NULL CHECK (state IN ('asked', 'approved', 'refused')),
    asked_by     bigint NOT NULL REFERENCES staff_account,
    asked_at     timestamptz NOT NULL,
    decided_by   bigint REFERENCES staff_account,
    decided_at   timestamptz,
    CHECK ((state = 'asked') = (decided_at IS NULL))
);
CREATE UNIQUE INDEX ix_reopening_asked ON reopening (month) WHERE state = 'asked';
