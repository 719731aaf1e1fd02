-- Every file that left with figures, so that it can be proved later.
CREATE TABLE export (
    export_id       uuid PRIMARY KEY,
    report          text NOT NULL,
    month           date NOT NULL CHECK (extract(day FROM month) = 1),
    format          text NOT NULL CHECK (format IN ('csv', 'xlsx', 'pdf', 'hledger')),
    file            text NOT NULL,
    file_sha256     text NOT NULL CHECK (file_sha256 ~ '^[0-9a-f]{64}$'),
    cells_sha256    text NOT NULL CHECK (cells_sha256 ~ '^[0-9a-f]{64}$'),  -- of the cells alone, whatever the format
    row_count       bigint NOT NULL,
    ledger_position bigint NOT NULL,
    closing_number  int,                    -- whose frozen figures it holds
    made_by         text NOT NULL,
    as_of           timestamptz NOT NULL
);
CREATE INDEX ix_export_file ON export (file_sha256);
CREATE TRIGGER tr_export_facts BEFORE UPDATE OR DELETE OR TRUNCATE ON export
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_changing_facts();
