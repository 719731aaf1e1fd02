-- Files of reports that are written in the background, one at a time in each program, oldest first.
CREATE TABLE export_order (
    order_id       uuid PRIMARY KEY,
    report         text NOT NULL,
    month          date NOT NULL CHECK (extract(day FROM month) = 1),
    format         text NOT NULL,
    closing_number int,
    row_estimate   bigint NOT NULL CHECK (row_estimate >= 0),
    asked_by       bigint NOT NULL REFERENCES staff_account,
    asked_at       timestamptz NOT NULL,
    state          text NOT NULL DEFAULT 'waiting'
        CHECK (state IN ('waiting', 'writing', 'done', 'cancelled', 'failed', 'removed')),
    writer         uuid,                    -- the program that writes it, alive while seen_at moves
    seen_at        timestamptz,
    rows_written   bigint NOT NULL DEFAULT 0 CHECK (rows_written >= 0),
    ended_at       timestamptz,
    code           text,                    -- why it failed
    file           text,
    file_size      bigint,
    file_sha256    text,
    CHECK ((state = 'writing') = (writer IS NOT NULL)),
    CHECK (state NOT IN ('done', 'removed') OR (file IS NOT NULL AND file_sha256 IS NOT NULL))
);
CREATE INDEX ix_export_order_state ON export_order (state, asked_at);
