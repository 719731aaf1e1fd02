-- What head office told of sales of the store's other tills that this one asked to refund or printed.
CREATE TABLE other_sale (
    id TEXT PRIMARY KEY,
    receipt TEXT NOT NULL,
    business_time INTEGER NOT NULL,
    told BLOB NOT NULL,
    told_at INTEGER NOT NULL
) STRICT;

-- A request may be for a sale of another till: it need not be in this till's journal.
CREATE TABLE new_refund_request (
    id TEXT PRIMARY KEY,
    seq INTEGER NOT NULL REFERENCES journal_record (seq),
    sale TEXT NOT NULL,
    amount INTEGER NOT NULL CHECK (amount > 0),
    reason TEXT NOT NULL,
    requested_by TEXT NOT NULL,
    requested_at INTEGER NOT NULL,
    withdrawn_at INTEGER
) STRICT;
INSERT INTO new_refund_request
    SELECT id, seq, sale, amount, reason, requested_by, requested_at, withdrawn_at FROM refund_request;
DROP TABLE refund_request;
ALTER TABLE new_refund_request RENAME TO refund_request;
CREATE INDEX ix_refund_request_sale ON refund_request (sale);
