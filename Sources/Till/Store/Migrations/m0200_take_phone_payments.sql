-- Keys of confirmation codes. A backup leaves this table out (R-P12): an old copy must not check codes again.
CREATE TABLE confirmation_key (
    number INTEGER PRIMARY KEY CHECK (number >= 1),
    key BLOB NOT NULL CHECK (length(key) = 32),
    -- Where phones reach head office.
    address TEXT NOT NULL,
    received_at INTEGER NOT NULL
) STRICT;

-- The QR of a payment. Wrong codes are counted here, so that a restart gives no new tries (R-P6).
CREATE TABLE phone_request (
    payment TEXT PRIMARY KEY REFERENCES payment (id),
    key_number INTEGER NOT NULL,
    token TEXT NOT NULL,
    address TEXT NOT NULL,
    expires_at INTEGER NOT NULL,
    wrong_count INTEGER NOT NULL DEFAULT 0 CHECK (wrong_count BETWEEN 0 AND 5)
) STRICT;

-- The sale table once more, with the mode 'phone'. A card that the till does not know is '' in fingerprint,
-- mask and programme until the verdict brings it.
CREATE TABLE sale_with_phone (
    id TEXT PRIMARY KEY REFERENCES payment (id),
    seq INTEGER NOT NULL REFERENCES journal_record (seq),
    receipt TEXT NOT NULL,
    at INTEGER NOT NULL,
    business_time INTEGER NOT NULL,
    cashier TEXT NOT NULL,
    total INTEGER NOT NULL CHECK (total > 0),
    fingerprint TEXT NOT NULL,
    mask TEXT NOT NULL,
    programme TEXT NOT NULL,
    test INTEGER NOT NULL CHECK (test IN (0, 1)),
    mode TEXT NOT NULL CHECK (mode IN ('authorised', 'stand_in', 'phone')),
    holder TEXT,
    remaining INTEGER,
    late_refusal TEXT,
    CONSTRAINT uq_sale_receipt UNIQUE (receipt),
    CONSTRAINT ck_sale_card CHECK (mode = 'phone' OR fingerprint <> '')
) STRICT;
INSERT INTO sale_with_phone (id, seq, receipt, at, business_time, cashier, total, fingerprint, mask,
    programme, test, mode, holder, remaining, late_refusal)
SELECT id, seq, receipt, at, business_time, cashier, total, fingerprint, mask, programme, test, mode,
    holder, remaining, late_refusal
FROM sale;
DROP TABLE sale;
ALTER TABLE sale_with_phone RENAME TO sale;
CREATE INDEX ix_sale_business_time ON sale (business_time);
CREATE INDEX ix_sale_fingerprint ON sale (fingerprint, business_time);
CREATE INDEX ix_sale_seq ON sale (seq);
