-- Head office, first schema. Amounts are bigint fen; times are timestamptz (UTC); business dates are the date in Asia/Shanghai.
-- Tables that grow carry till_id, store_id or card_id in their keys; no unique key holds an arrival time (R-M3).

-- People ------------------------------------------------------------------------------------------------------------

CREATE TABLE person (
    person_id   bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name        text NOT NULL CHECK (length(name) BETWEEN 1 AND 60),
    created_at  timestamptz NOT NULL
);

-- A head-office login. Duties are separated by person, not by login.
CREATE TABLE staff_account (
    staff_account_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    person_id    bigint NOT NULL REFERENCES person,
    login        text NOT NULL UNIQUE CHECK (login ~ '^[a-z][a-z0-9._-]{1,31}$'),
    verifier     text NOT NULL,
    roles        text[] NOT NULL,
    language     text NOT NULL DEFAULT 'zh-Hans',
    disabled     boolean NOT NULL DEFAULT false,
    failed_count int NOT NULL DEFAULT 0 CHECK (failed_count >= 0),
    locked_until timestamptz,
    created_at   timestamptz NOT NULL
);

CREATE TABLE session (
    token_hash       bytea PRIMARY KEY CHECK (octet_length(token_hash) = 32),
    staff_account_id bigint NOT NULL REFERENCES staff_account,
    csrf_secret      bytea NOT NULL,
    language         text NOT NULL,
    created_at       timestamptz NOT NULL,
    last_seen_at     timestamptz NOT NULL
);
CREATE INDEX ix_session_staff_account ON session (staff_account_id);

-- Programmes and stores ------------------------------------------------------------------------------------------------

CREATE TABLE programme (
    programme_id     bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    code             text NOT NULL UNIQUE CHECK (code ~ '^[A-Z0-9]{2,12}$'),
    name             text NOT NULL,
    province         text NOT NULL CHECK (province ~ '^[0-9]{2}$'),
    prefix           text NOT NULL UNIQUE CHECK (prefix ~ '^[0-9]{4,6}$'),
    scheme           text NOT NULL CHECK (scheme IN ('dated16', 'luhn19')),
    face_colour      text NOT NULL CHECK (face_colour ~ '^#[0-9a-f]{6}$'),
    face_title       text NOT NULL,
    per_sale_limit   bigint NOT NULL DEFAULT 20000 CHECK (per_sale_limit >= 0),
    per_card_limit   bigint NOT NULL DEFAULT 50000 CHECK (per_card_limit >= 0),
    balance_maximum  bigint NOT NULL DEFAULT 500000 CHECK (balance_maximum > 0),
    shortfall_bearer text NOT NULL DEFAULT 'store' CHECK (shortfall_bearer IN ('store', 'programme')),
    next_sequence    bigint NOT NULL DEFAULT 1,
    created_at       timestamptz NOT NULL
);

-- Which provinces' stores take a programme's cards.
CREATE TABLE programme_acceptance (
    programme_id bigint NOT NULL REFERENCES programme,
    province     text NOT NULL CHECK (province ~ '^[0-9]{2}$'),
    PRIMARY KEY (programme_id, province)
);

CREATE TABLE store (
    store_id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    code               text NOT NULL UNIQUE CHECK (code ~ '^[A-Z]{2}[0-9]{4}$'),
    name               text NOT NULL CHECK (length(name) BETWEEN 1 AND 60),
    province           text NOT NULL CHECK (province ~ '^[0-9]{2}$'),
    address            text NOT NULL,
    telephone          text NOT NULL,
    settlement_account text NOT NULL DEFAULT '',
    fee_per_million    int NOT NULL DEFAULT 0 CHECK (fee_per_million BETWEEN 0 AND 200000),
    till_total_limit   bigint NOT NULL DEFAULT 2000000 CHECK (till_total_limit >= 0),
    till_count_limit   int NOT NULL DEFAULT 500 CHECK (till_count_limit >= 0),
    amber_after        int NOT NULL DEFAULT 14400 CHECK (amber_after > 0),
    red_after          int NOT NULL DEFAULT 86400 CHECK (red_after >= amber_after),
    suspended          boolean NOT NULL DEFAULT false,
    next_till_number   int NOT NULL DEFAULT 1,
    created_at         timestamptz NOT NULL
);

-- A login at a store's tills. Its verifier goes to that store's tills only (R-A1).
CREATE TABLE store_account (
    store_account_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    store_id   bigint NOT NULL REFERENCES store,
    login      text NOT NULL CHECK (login ~ '^[a-z][a-z0-9._-]{1,31}$'),
    name       text NOT NULL,
    roles      text[] NOT NULL,
    verifier   text NOT NULL,
    disabled   boolean NOT NULL DEFAULT false,
    created_at timestamptz NOT NULL,
    UNIQUE (store_id, login)
);

CREATE TABLE product (
    sku        text PRIMARY KEY CHECK (length(sku) BETWEEN 1 AND 32),
    barcode    text UNIQUE,
    name       text NOT NULL CHECK (length(name) BETWEEN 1 AND 120),
    spec       text NOT NULL,
    price      bigint NOT NULL CHECK (price >= 0),
    status     text NOT NULL CHECK (status IN ('on_sale', 'stopped')),
    updated_at timestamptz NOT NULL
);

-- Tills --------------------------------------------------------------------------------------------------------------------

CREATE TABLE enrolment_code (
    code_hash  bytea PRIMARY KEY CHECK (octet_length(code_hash) = 32),
    store_id   bigint NOT NULL REFERENCES store,
    till_id    bigint,                      -- the till that gets a new epoch (S-5); null for a new till
    created_by bigint NOT NULL REFERENCES staff_account,
    created_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL
);

CREATE TABLE enrolment (
    enrolment_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    code_hash    bytea NOT NULL UNIQUE REFERENCES enrolment_code,
    store_id     bigint NOT NULL REFERENCES store,
    public_key   bytea NOT NULL UNIQUE CHECK (octet_length(public_key) = 32),
    name         text NOT NULL,
    state        text NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'approved', 'refused')),
    till_id      bigint,
    asked_at     timestamptz NOT NULL,
    decided_by   bigint REFERENCES staff_account,
    decided_at   timestamptz,
    CHECK ((state = 'waiting') = (decided_at IS NULL)),
    CHECK ((state = 'approved') = (till_id IS NOT NULL))
);

CREATE TABLE till (
    till_id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    store_id        bigint NOT NULL REFERENCES store,
    number          int NOT NULL CHECK (number BETWEEN 1 AND 99),
    code            text NOT NULL UNIQUE,
    name            text NOT NULL,
    epoch           int NOT NULL DEFAULT 1 CHECK (epoch >= 1),
    durable_seq     bigint NOT NULL DEFAULT 0 CHECK (durable_seq >= 0),
    durable_hash    bytea NOT NULL CHECK (octet_length(durable_hash) = 32),
    forked          boolean NOT NULL DEFAULT false,
    stated_seq      bigint NOT NULL DEFAULT 0,
    stated_hash     bytea,
    stated_at       timestamptz,
    last_contact_at timestamptz,
    last_beacon_at  timestamptz NOT NULL,
    last_record_at  timestamptz,            -- the till's own time of its newest record
    clock_offset    bigint,
    unsent_count    bigint NOT NULL DEFAULT 0,
    unsent_value    bigint NOT NULL DEFAULT 0,
    oldest_unsent_at timestamptz,
    version         text NOT NULL DEFAULT '',
    created_at      timestamptz NOT NULL,
    UNIQUE (store_id, number)
);
ALTER TABLE enrolment ADD FOREIGN KEY (till_id) REFERENCES till;
ALTER TABLE enrolment_code ADD FOREIGN KEY (till_id) REFERENCES till;

CREATE TABLE till_key (
    till_id    bigint NOT NULL REFERENCES till,
    epoch      int NOT NULL,
    public_key bytea NOT NULL UNIQUE CHECK (octet_length(public_key) = 32),
    revoked_at timestamptz,
    created_at timestamptz NOT NULL,
    PRIMARY KEY (till_id, epoch)
);

-- Stops the replay of a captured request inside the clock window; older rows are swept.
CREATE UNLOGGED TABLE request_nonce (
    till_id bigint NOT NULL,
    nonce   bytea NOT NULL,
    seen_at timestamptz NOT NULL,
    PRIMARY KEY (till_id, nonce)
);
CREATE INDEX ix_request_nonce_seen_at ON request_nonce (seen_at);

-- Ledger -------------------------------------------------------------------------------------------------------------------

-- balance = what came in - what went out; a cache of the transfers. Every book sums to zero.
CREATE TABLE account (
    account_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    book       text NOT NULL CHECK (book IN ('real', 'test')),
    kind       text NOT NULL CHECK (kind IN ('card', 'programme_funding', 'store_payable', 'store_in_dispute',
                   'exceptions_receivable', 'fees', 'write_offs', 'bank', 'refund_suspense')),
    owner_id   bigint NOT NULL,             -- card_id, programme_id or store_id; 0 for head office's own
    balance    bigint NOT NULL DEFAULT 0,
    held       bigint NOT NULL DEFAULT 0,
    UNIQUE (kind, owner_id, book),
    CONSTRAINT ck_account_held CHECK (held >= 0 AND (kind = 'card' OR held = 0)),
    CONSTRAINT ck_account_card_covered CHECK (kind <> 'card' OR balance >= held)
);

CREATE TABLE accounting_month (
    month     date PRIMARY KEY CHECK (extract(day FROM month) = 1),
    closed_at timestamptz NOT NULL          -- a month without a row is open
);

CREATE TABLE transfer (
    transfer_id      bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    kind             text NOT NULL CHECK (kind IN ('load', 'sale', 'shortfall', 'refund', 'shortfall_undone', 'fee',
                         'fee_returned', 'exception_decided', 'collection', 'write_off', 'settlement', 'funding',
                         'replacement', 'closing', 'test_reversal')),
    from_account_id  bigint NOT NULL REFERENCES account,
    to_account_id    bigint NOT NULL REFERENCES account,
    amount           bigint NOT NULL CHECK (amount > 0),
    business_date    date NOT NULL,
    business_at      timestamptz NOT NULL,
    posted_at        timestamptz NOT NULL,
    accounting_month date NOT NULL CHECK (extract(day FROM accounting_month) = 1),
    source_id        uuid NOT NULL,         -- sale id, refund request id or load id
    store_id         bigint REFERENCES store,
    card_id          bigint,
    CHECK (from_account_id <> to_account_id),
    UNIQUE (source_id, kind)
);
CREATE INDEX ix_transfer_month_store ON transfer (accounting_month, store_id, transfer_id);
CREATE INDEX ix_transfer_card ON transfer (card_id, transfer_id) WHERE card_id IS NOT NULL;

-- Cards --------------------------------------------------------------------------------------------------------------------

CREATE TABLE card_batch (
    card_batch_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    programme_id  bigint NOT NULL REFERENCES programme,
    quantity      int NOT NULL CHECK (quantity BETWEEN 1 AND 10000),
    initial_load  bigint NOT NULL CHECK (initial_load >= 0),
    test          boolean NOT NULL DEFAULT false,
    state         text NOT NULL DEFAULT 'asked' CHECK (state IN ('asked', 'issued', 'refused')),
    asked_by      bigint NOT NULL REFERENCES staff_account,
    asked_at      timestamptz NOT NULL,
    decided_by    bigint REFERENCES staff_account,
    decided_at    timestamptz,
    note          text NOT NULL DEFAULT ''
);

CREATE TABLE card (
    card_id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    programme_id    bigint NOT NULL REFERENCES programme,
    card_batch_id   bigint REFERENCES card_batch,
    fingerprint     bytea NOT NULL UNIQUE CHECK (octet_length(fingerprint) = 16),
    mask            text NOT NULL,
    number_sealed   bytea NOT NULL,         -- AES-GCM under a key outside the database
    holder_sealed   bytea,
    holder_mask     text,                   -- 张*
    state           text NOT NULL DEFAULT 'active' CHECK (state IN ('active', 'frozen', 'lost', 'closed')),
    state_since     timestamptz NOT NULL,
    test            boolean NOT NULL DEFAULT false,
    password_salt   bytea NOT NULL,
    password_verifier bytea NOT NULL,       -- HMAC-SHA-256 under a key outside the database (R-W1)
    wrong_count     int NOT NULL DEFAULT 0 CHECK (wrong_count >= 0),
    wrong_on        date,                   -- the business day wrong_count belongs to
    wrong_streak    int NOT NULL DEFAULT 0 CHECK (wrong_streak >= 0), -- wrong in a row; 15 lock until a reset (R-W4)
    issued_at       timestamptz NOT NULL
);
CREATE INDEX ix_card_programme ON card (programme_id, card_id);
ALTER TABLE transfer ADD FOREIGN KEY (card_id) REFERENCES card;

-- A load: one person asks, another agrees.
CREATE TABLE card_load (
    load_id    uuid PRIMARY KEY,
    card_id    bigint NOT NULL REFERENCES card,
    amount     bigint NOT NULL CHECK (amount > 0),
    reason     text NOT NULL,
    state      text NOT NULL DEFAULT 'asked' CHECK (state IN ('asked', 'loaded', 'refused')),
    asked_by   bigint NOT NULL REFERENCES staff_account,
    asked_at   timestamptz NOT NULL,
    decided_by bigint REFERENCES staff_account,
    decided_at timestamptz
);
CREATE INDEX ix_card_load_state ON card_load (state, asked_at);

-- Payments: none -> held -> captured | cancelled, or lapsed (R-P8, R-P10) ---------------------------------------------------

CREATE TABLE payment (
    payment_id uuid PRIMARY KEY,
    state      text NOT NULL CHECK (state IN ('none', 'held', 'captured', 'cancelled', 'lapsed')),
    till_id    bigint NOT NULL REFERENCES till,
    card_id    bigint REFERENCES card,      -- null while no card has the fingerprint
    fingerprint bytea CHECK (octet_length(fingerprint) = 16),
    amount     bigint,                      -- null, with the fingerprint, for the tombstone of an id never authorised
    held_at    timestamptz,
    lapses_at  timestamptz,
    updated_at timestamptz NOT NULL,
    CHECK ((amount IS NULL) = (fingerprint IS NULL)),
    CHECK (state <> 'held' OR (card_id IS NOT NULL AND held_at IS NOT NULL))
);
CREATE INDEX ix_payment_held_card ON payment (card_id) WHERE state = 'held';
CREATE INDEX ix_payment_lapse ON payment (lapses_at) WHERE state = 'held';

-- The first answer to each attempt; repeating an attempt repeats the answer (R-P9).
CREATE TABLE authorisation_attempt (
    payment_id  uuid NOT NULL REFERENCES payment,
    attempt     int NOT NULL CHECK (attempt >= 1),
    answer      jsonb NOT NULL,
    answered_at timestamptz NOT NULL,
    PRIMARY KEY (payment_id, attempt)
);

-- Journal ------------------------------------------------------------------------------------------------------------------

CREATE TABLE journal_record (
    till_id     bigint NOT NULL REFERENCES till,
    epoch       int NOT NULL,
    seq         bigint NOT NULL CHECK (seq >= 1),
    record_id   uuid,                       -- null when the bytes could not be read
    kind        text NOT NULL,
    bytes       bytea NOT NULL,
    hash        bytea NOT NULL CHECK (octet_length(hash) = 32),
    till_at     timestamptz,
    business_at timestamptz NOT NULL,       -- fixed at first receipt, never changed (R-T2)
    time_flags  text[] NOT NULL DEFAULT '{}',
    received_at timestamptz NOT NULL,
    state       text NOT NULL CHECK (state IN ('posted', 'held', 'exception', 'duplicate')),
    code        text,
    PRIMARY KEY (till_id, epoch, seq),
    CHECK ((state = 'exception') = (code IS NOT NULL))
);

-- One row per record id ever seen: the first version stands (R-M3).
CREATE TABLE record_identity (
    record_id uuid PRIMARY KEY,
    till_id   bigint NOT NULL,
    epoch     int NOT NULL,
    seq       bigint NOT NULL,
    content   bytea NOT NULL CHECK (octet_length(content) = 32)   -- SHA-256 of the record's bytes
);

-- Sealed credentials not yet judged; a row is deleted as soon as right or wrong is durable (R-W2).
CREATE TABLE pending_credential (
    record_id uuid PRIMARY KEY,
    sealed    bytea NOT NULL,
    stored_at timestamptz NOT NULL
);

-- Sales ----------------------------------------------------------------------------------------------------------------------

CREATE TABLE sale (
    sale_id        uuid PRIMARY KEY,
    store_id       bigint NOT NULL REFERENCES store,
    till_id        bigint NOT NULL REFERENCES till,
    receipt        text NOT NULL,           -- for people, never an identity (R-M4)
    cashier        text NOT NULL,
    card_id        bigint REFERENCES card,
    card_mask      text NOT NULL,
    fingerprint    bytea NOT NULL,
    test           boolean NOT NULL,
    mode           text NOT NULL CHECK (mode IN ('authorised', 'stand_in')),
    total          bigint NOT NULL,         -- as the record states it, whatever it is
    paid_by_card   bigint NOT NULL CHECK (paid_by_card BETWEEN 0 AND greatest(total, 0)),
    refunded       bigint NOT NULL DEFAULT 0,
    refund_reserved bigint NOT NULL DEFAULT 0,
    lines          jsonb NOT NULL,
    knew           jsonb NOT NULL,          -- what the till knew (R-P4)
    business_at    timestamptz NOT NULL,
    business_date  date NOT NULL,
    received_at    timestamptz NOT NULL,
    state          text NOT NULL CHECK (state IN ('posted', 'exception')),
    code           text,
    CONSTRAINT ck_sale_refund CHECK (refunded >= 0 AND refund_reserved >= 0 AND refunded + refund_reserved <= greatest(total, 0))
);
CREATE INDEX ix_sale_store_date ON sale (store_id, business_date, sale_id);
CREATE INDEX ix_sale_date ON sale (business_date, store_id);
CREATE INDEX ix_sale_card ON sale (card_id, business_at DESC) WHERE card_id IS NOT NULL;
CREATE INDEX ix_sale_receipt ON sale (receipt);

CREATE TABLE exception (
    exception_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    till_id      bigint NOT NULL,
    epoch        int NOT NULL,
    seq          bigint NOT NULL,
    record_id    uuid,
    store_id     bigint NOT NULL REFERENCES store,
    code         text NOT NULL,
    amount       bigint NOT NULL DEFAULT 0 CHECK (amount >= 0),
    bearer       text NOT NULL CHECK (bearer IN ('store', 'programme', 'none')),
    state        text NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'settled')),
    opened_at    timestamptz NOT NULL,
    UNIQUE (till_id, epoch, seq)
);
CREATE INDEX ix_exception_open ON exception (state, opened_at);

-- Refunds --------------------------------------------------------------------------------------------------------------------

CREATE TABLE refund_request (
    request_id    uuid PRIMARY KEY,
    sale_id       uuid NOT NULL REFERENCES sale,
    store_id      bigint NOT NULL REFERENCES store,
    till_id       bigint NOT NULL REFERENCES till,
    lines         jsonb NOT NULL,
    amount        bigint NOT NULL CHECK (amount > 0 OR state = 'refused'),
    fingerprint   bytea NOT NULL,
    reason        text NOT NULL,
    asked_by      text NOT NULL,
    asked_at      timestamptz NOT NULL,     -- business time of the request
    received_at   timestamptz NOT NULL,
    deadline      timestamptz NOT NULL,     -- end of the sale's business month (R-R1)
    state         text NOT NULL CHECK (state IN ('pending', 'approved', 'refused', 'expired', 'withdrawn')),
    code          text,
    digest        bytea NOT NULL,           -- what is approved is what was shown (R-R4)
    opinion       text,
    decided_by    bigint REFERENCES staff_account,
    decided_at    timestamptz,
    CHECK ((state = 'pending') = (decided_at IS NULL)),
    CHECK (state NOT IN ('approved') OR length(opinion) >= 1)
);
CREATE INDEX ix_refund_request_queue ON refund_request (state, deadline, request_id);
CREATE INDEX ix_refund_request_sale ON refund_request (sale_id);

-- What a request keeps reserved, or has refunded, of each line.
CREATE TABLE refund_line (
    request_id uuid NOT NULL REFERENCES refund_request,
    sale_id    uuid NOT NULL REFERENCES sale,
    line_index int NOT NULL,
    quantity   int NOT NULL CHECK (quantity > 0),
    live       boolean NOT NULL DEFAULT true,  -- false once refused, withdrawn or expired
    PRIMARY KEY (request_id, line_index)
);
CREATE INDEX ix_refund_line_sale ON refund_line (sale_id) WHERE live;

-- Change feed ----------------------------------------------------------------------------------------------------------------

-- The newest state of each (scope, topic, key). A till reads rows of its store and of everybody ('*') in the order of
-- (changed_in, change_id) below the oldest running transaction, so that a late commit is never skipped.
CREATE TABLE change (
    scope      text NOT NULL,               -- '*' or a store code
    topic      text NOT NULL,
    key        text NOT NULL,
    body       jsonb NOT NULL,
    removed    boolean NOT NULL DEFAULT false,
    changed_in xid8 NOT NULL,
    change_id  bigint NOT NULL,             -- from change_position, anew at each change
    PRIMARY KEY (scope, topic, key)
);
CREATE INDEX ix_change_position ON change (changed_in, change_id);           -- what to wake
CREATE INDEX ix_change_scope_position ON change (scope, changed_in, change_id); -- what a till reads
CREATE SEQUENCE change_position;                -- gaps and disorder are harmless: (changed_in, change_id) decides

-- Audit ----------------------------------------------------------------------------------------------------------------------

CREATE TABLE audit (
    audit_id  bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at        timestamptz NOT NULL,
    actor     text NOT NULL,                -- staff login, till code or 'system'
    person_id bigint REFERENCES person,
    action    text NOT NULL,
    subject   text NOT NULL,
    detail    jsonb NOT NULL DEFAULT '{}'
);
CREATE INDEX ix_audit_at ON audit (at);
