-- The till's own file. Times are milliseconds since 1970 UTC, amounts whole fen, ids lower-case text.

CREATE TABLE identity (
    single INTEGER PRIMARY KEY CHECK (single = 1),
    till TEXT NOT NULL,
    epoch INTEGER NOT NULL CHECK (epoch >= 1),
    office TEXT NOT NULL,
    public_key BLOB NOT NULL CHECK (length(public_key) = 32),
    sealing_key_id TEXT NOT NULL,
    sealing_key BLOB NOT NULL,
    signing_key_id TEXT NOT NULL,
    signing_key BLOB NOT NULL,
    enrolled_at INTEGER NOT NULL
) STRICT;

-- The newest record of the chain: the genesis hash while there is none.
CREATE TABLE head (
    single INTEGER PRIMARY KEY CHECK (single = 1),
    seq INTEGER NOT NULL CHECK (seq >= 0),
    hash BLOB NOT NULL CHECK (length(hash) = 32)
) STRICT;

CREATE TABLE journal_record (
    seq INTEGER PRIMARY KEY CHECK (seq >= 1),
    id TEXT NOT NULL,
    kind TEXT NOT NULL,
    at INTEGER NOT NULL,
    bytes BLOB NOT NULL,
    hash BLOB NOT NULL CHECK (length(hash) = 32),
    credential BLOB,
    verdict TEXT CHECK (verdict IN ('posted', 'held', 'exception', 'duplicate')),
    verdict_code TEXT,
    business_time INTEGER,
    judged_at INTEGER,
    CONSTRAINT uq_journal_record_id UNIQUE (id)
) STRICT;
CREATE INDEX ix_journal_record_unjudged ON journal_record (seq) WHERE verdict IS NULL;

CREATE TABLE sync_state (
    single INTEGER PRIMARY KEY CHECK (single = 1),
    cursor TEXT NOT NULL DEFAULT '',
    complete_at INTEGER,
    limits_version INTEGER NOT NULL DEFAULT 0,
    block_list_version INTEGER NOT NULL DEFAULT 0,
    clock_offset INTEGER,
    offset_measured_at INTEGER,
    last_contact_at INTEGER,
    beacon TEXT,
    beacon_issued_at INTEGER,
    beacon_journalled_at INTEGER,
    stopped TEXT CHECK (stopped IN ('fork', 'till_revoked', 'version'))
) STRICT;
INSERT INTO sync_state (single) VALUES (1);

CREATE TABLE store_info (
    single INTEGER PRIMARY KEY CHECK (single = 1),
    code TEXT NOT NULL,
    name TEXT NOT NULL,
    address TEXT NOT NULL,
    province TEXT NOT NULL,
    telephone TEXT NOT NULL,
    service_telephone TEXT NOT NULL DEFAULT '',
    fault_telephone TEXT NOT NULL DEFAULT '',
    suspended INTEGER NOT NULL DEFAULT 0 CHECK (suspended IN (0, 1))
) STRICT;

CREATE TABLE product (
    id INTEGER PRIMARY KEY,
    sku TEXT NOT NULL,
    barcode TEXT NOT NULL DEFAULT '',
    name TEXT NOT NULL,
    spec TEXT NOT NULL,
    price INTEGER NOT NULL CHECK (price >= 0),
    status TEXT NOT NULL CHECK (status IN ('on_sale', 'stopped')),
    pinyin TEXT NOT NULL,
    initials TEXT NOT NULL,
    version INTEGER NOT NULL,
    CONSTRAINT uq_product_sku UNIQUE (sku)
) STRICT;
CREATE INDEX ix_product_barcode ON product (barcode) WHERE barcode <> '';

CREATE VIRTUAL TABLE product_search USING fts5 (
    words, readings, codes, tokenize = 'unicode61', prefix = '1 2 3', detail = 'none'
);

CREATE TABLE account (
    login TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    is_cashier INTEGER NOT NULL CHECK (is_cashier IN (0, 1)),
    is_manager INTEGER NOT NULL CHECK (is_manager IN (0, 1)),
    verifier TEXT NOT NULL,
    disabled INTEGER NOT NULL CHECK (disabled IN (0, 1)),
    version INTEGER NOT NULL
) STRICT;

-- Kept apart from the account, so that a synced account never forgets a lock.
CREATE TABLE account_lock (
    login TEXT PRIMARY KEY,
    wrong_count INTEGER NOT NULL CHECK (wrong_count >= 0),
    locked_until INTEGER
) STRICT;

CREATE TABLE session (
    token_hash BLOB PRIMARY KEY CHECK (length(token_hash) = 32),
    login TEXT NOT NULL,
    name TEXT NOT NULL,
    roles TEXT NOT NULL,
    language TEXT,
    form_token TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    seen_at INTEGER NOT NULL,
    idle_milliseconds INTEGER NOT NULL,
    expires_at INTEGER NOT NULL
) STRICT;
CREATE INDEX ix_session_login ON session (login);

CREATE TABLE programme (
    code TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    province TEXT NOT NULL,
    prefix TEXT NOT NULL,
    scheme TEXT NOT NULL CHECK (scheme IN ('dated16', 'luhn19')),
    accepted INTEGER NOT NULL CHECK (accepted IN (0, 1)),
    face_title TEXT NOT NULL,
    face_colour TEXT NOT NULL,
    version INTEGER NOT NULL
) STRICT;

CREATE TABLE programme_limit (
    programme TEXT PRIMARY KEY,
    per_sale INTEGER NOT NULL CHECK (per_sale >= 0),
    per_card INTEGER NOT NULL CHECK (per_card >= 0),
    version INTEGER NOT NULL
) STRICT;

CREATE TABLE till_limit (
    single INTEGER PRIMARY KEY CHECK (single = 1),
    till_total INTEGER NOT NULL CHECK (till_total >= 0),
    till_count INTEGER NOT NULL CHECK (till_count >= 0),
    amber_after INTEGER NOT NULL CHECK (amber_after >= 0),
    red_after INTEGER NOT NULL CHECK (red_after >= 0),
    version INTEGER NOT NULL
) STRICT;

CREATE TABLE card_flag (
    fingerprint TEXT PRIMARY KEY,
    blocked INTEGER NOT NULL CHECK (blocked IN (0, 1)),
    test INTEGER NOT NULL CHECK (test IN (0, 1)),
    version INTEGER NOT NULL
) STRICT;

-- What this till has seen of a card: a definite no bars stand-in until an online approval (R-P9).
CREATE TABLE card_seen (
    fingerprint TEXT PRIMARY KEY,
    approved_at INTEGER,
    refused_at INTEGER,
    refused_code TEXT
) STRICT;

CREATE TABLE basket_line (
    login TEXT NOT NULL,
    line INTEGER NOT NULL,
    sku TEXT NOT NULL,
    quantity INTEGER NOT NULL CHECK (quantity >= 1),
    price INTEGER NOT NULL CHECK (price >= 0),
    repriced_by TEXT,
    PRIMARY KEY (login, line),
    CONSTRAINT uq_basket_line_sku UNIQUE (login, sku)
) STRICT;

-- A payment begun at this till: the id is the sale's id and stands here before anything is sent (R-M3).
CREATE TABLE payment (
    id TEXT PRIMARY KEY,
    login TEXT NOT NULL,
    amount INTEGER NOT NULL CHECK (amount > 0),
    attempt INTEGER NOT NULL DEFAULT 0 CHECK (attempt >= 0),
    fingerprint TEXT,
    mask TEXT,
    programme TEXT,
    test INTEGER NOT NULL DEFAULT 0 CHECK (test IN (0, 1)),
    refusal_code TEXT,
    tries_left INTEGER,
    begun_at INTEGER NOT NULL,
    ended_at INTEGER,
    ending TEXT CHECK (ending IN ('sale', 'cashier', 'abandoned', 'basket_changed', 'refused')),
    CONSTRAINT ck_payment_ending CHECK ((ended_at IS NULL) = (ending IS NULL))
) STRICT;
CREATE INDEX ix_payment_open ON payment (begun_at) WHERE ended_at IS NULL;

CREATE TABLE payment_line (
    payment TEXT NOT NULL REFERENCES payment (id),
    line INTEGER NOT NULL,
    sku TEXT NOT NULL,
    name TEXT NOT NULL,
    spec TEXT NOT NULL,
    list INTEGER NOT NULL,
    price INTEGER NOT NULL,
    quantity INTEGER NOT NULL,
    amount INTEGER NOT NULL,
    repriced_by TEXT,
    PRIMARY KEY (payment, line)
) STRICT;

CREATE TABLE receipt_counter (
    business_date TEXT PRIMARY KEY,
    last INTEGER NOT NULL CHECK (last >= 1)
) STRICT;

CREATE TABLE sale (
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
    mode TEXT NOT NULL CHECK (mode IN ('authorised', 'stand_in')),
    holder TEXT,
    remaining INTEGER,
    late_refusal TEXT,
    CONSTRAINT uq_sale_receipt UNIQUE (receipt)
) STRICT;
CREATE INDEX ix_sale_business_time ON sale (business_time);
CREATE INDEX ix_sale_fingerprint ON sale (fingerprint, business_time);
CREATE INDEX ix_sale_seq ON sale (seq);

CREATE TABLE refund_request (
    id TEXT PRIMARY KEY,
    seq INTEGER NOT NULL REFERENCES journal_record (seq),
    sale TEXT NOT NULL REFERENCES sale (id),
    amount INTEGER NOT NULL CHECK (amount > 0),
    reason TEXT NOT NULL,
    requested_by TEXT NOT NULL,
    requested_at INTEGER NOT NULL,
    withdrawn_at INTEGER
) STRICT;
CREATE INDEX ix_refund_request_sale ON refund_request (sale);

CREATE TABLE refund_request_line (
    request TEXT NOT NULL REFERENCES refund_request (id),
    line INTEGER NOT NULL,
    quantity INTEGER NOT NULL CHECK (quantity >= 1),
    PRIMARY KEY (request, line)
) STRICT;

-- Kept apart from the request: a decision may come for a request of another till of the store.
CREATE TABLE decision (
    request TEXT PRIMARY KEY,
    sale TEXT NOT NULL,
    amount INTEGER NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('approved', 'refused', 'expired', 'withdrawn')),
    code TEXT,
    opinion TEXT NOT NULL,
    decided_by TEXT NOT NULL,
    decided_at INTEGER NOT NULL,
    receipt TEXT NOT NULL,
    version INTEGER NOT NULL
) STRICT;
CREATE INDEX ix_decision_sale ON decision (sale);

CREATE TABLE printed_slip (
    subject TEXT NOT NULL,
    slip TEXT NOT NULL CHECK (slip IN ('sale', 'refund')),
    copy INTEGER NOT NULL CHECK (copy >= 1),
    printed_at INTEGER NOT NULL,
    printed_by TEXT NOT NULL,
    PRIMARY KEY (subject, slip, copy)
) STRICT;
