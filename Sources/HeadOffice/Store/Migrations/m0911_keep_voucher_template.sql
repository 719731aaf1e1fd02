-- How the month's summary voucher is written for an accounting package; the newest row counts, earlier ones stay.
CREATE TABLE voucher_template (
    template_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    template    jsonb NOT NULL,
    changed_by  bigint NOT NULL REFERENCES staff_account,
    changed_at  timestamptz NOT NULL
);
CREATE TRIGGER tr_voucher_template_facts BEFORE UPDATE OR DELETE OR TRUNCATE ON voucher_template
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_changing_facts();

ALTER TABLE export DROP CONSTRAINT export_format_check;
ALTER TABLE export ADD CONSTRAINT export_format_check
    CHECK (format IN ('csv', 'xlsx', 'pdf', 'hledger', 'voucher'));
