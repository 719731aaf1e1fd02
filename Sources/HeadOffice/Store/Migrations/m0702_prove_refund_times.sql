-- When a request was made (R-R6), requests that wait for their sale (R-R7), and what finance grants after month end (R-R1).

-- Every head that a till stated in a signed request, once, with head office's own time.
CREATE TABLE till_head (
    till_id   bigint NOT NULL REFERENCES till,
    epoch     int NOT NULL,
    seq       bigint NOT NULL CHECK (seq >= 1),
    hash      bytea NOT NULL CHECK (octet_length(hash) = 32),
    stated_at timestamptz NOT NULL,
    PRIMARY KEY (till_id, epoch, seq, hash)
);
CREATE INDEX ix_till_head_stated_at ON till_head (stated_at);

CREATE TABLE refund_setting (
    single     boolean PRIMARY KEY DEFAULT true CHECK (single),
    grace_days int NOT NULL DEFAULT 0 CHECK (grace_days BETWEEN 0 AND 3)
);
INSERT INTO refund_setting DEFAULT VALUES;

-- A request may come before its sale: it waits, its deadline running, and reserves nothing.
ALTER TABLE refund_request DROP CONSTRAINT refund_request_sale_id_fkey;
ALTER TABLE refund_line DROP CONSTRAINT refund_line_sale_id_fkey;
ALTER TABLE refund_request DROP CONSTRAINT refund_request_state_check;
ALTER TABLE refund_request DROP CONSTRAINT refund_request_check1;
ALTER TABLE refund_request ADD CONSTRAINT ck_refund_request_state
    CHECK (state IN ('waiting', 'pending', 'approved', 'refused', 'expired', 'withdrawn'));
ALTER TABLE refund_request ADD CONSTRAINT ck_refund_request_decided
    CHECK ((state IN ('waiting', 'pending')) = (decided_at IS NULL));
CREATE INDEX ix_refund_request_waiting ON refund_request (sale_id) WHERE state = 'waiting';
CREATE INDEX ix_sale_test ON sale (business_date) WHERE test;
