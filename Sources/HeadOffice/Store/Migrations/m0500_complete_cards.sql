-- A card's whole life: holder, expiry, earlier passwords, replacement and closing with what is held back for silent tills,
-- password mailers, the card printer's file, loads by file.

ALTER TABLE programme
    ADD COLUMN bearer_maximum  bigint NOT NULL DEFAULT 100000 CHECK (bearer_maximum > 0),   -- balance of a card without a holder
    ADD COLUMN validity_months int CHECK (validity_months BETWEEN 1 AND 240);                 -- null: cards do not expire

-- Per-card stand-in limits that were in force before: a till that was silent since may still go by them.
CREATE TABLE programme_earlier_limit (
    programme_id   bigint NOT NULL REFERENCES programme,
    valid_until    timestamptz NOT NULL,
    per_card_limit bigint NOT NULL CHECK (per_card_limit >= 0),
    PRIMARY KEY (programme_id, valid_until)
);

ALTER TABLE card
    ADD COLUMN holder_fingerprint bytea CHECK (octet_length(holder_fingerprint) = 16),  -- keyed, of the exact name
    ADD COLUMN password_since     timestamptz,   -- null: since the issue
    ADD COLUMN expires_on         date,          -- the last day; null: never
    ADD COLUMN expired            boolean NOT NULL DEFAULT false,
    ADD CONSTRAINT ck_card_expired CHECK (NOT expired OR state = 'frozen');
CREATE INDEX ix_card_holder ON card (holder_fingerprint, card_id) WHERE holder_fingerprint IS NOT NULL;
CREATE INDEX ix_card_ended ON card (card_id) WHERE state IN ('lost', 'closed');
CREATE INDEX ix_card_expiry ON card (expires_on) WHERE expires_on IS NOT NULL AND state = 'active';
CREATE INDEX ix_card_test ON card (card_id) WHERE test;
CREATE INDEX ix_card_mask ON card (right(mask, 4), card_id);
CREATE INDEX ix_audit_card ON audit ((detail ->> 'card'), audit_id) WHERE detail ->> 'card' IS NOT NULL;

-- Earlier passwords, for late sales only, at most 60 days (R-W4). The one in force is on the card itself.
CREATE TABLE IF NOT EXISTS card_verifier (
    card_id     bigint NOT NULL REFERENCES card,
    valid_from  timestamptz NOT NULL,
    valid_until timestamptz NOT NULL,
    salt        bytea NOT NULL,
    verifier    bytea NOT NULL,
    PRIMARY KEY (card_id, valid_until),
    CHECK (valid_from <= valid_until)
);

-- A lost card and the card that took its place; chains end in a card without a row (R-R2).
CREATE TABLE card_chain (
    card_id      bigint PRIMARY KEY REFERENCES card,
    next_card_id bigint NOT NULL UNIQUE REFERENCES card,
    replaced_at  timestamptz NOT NULL,
    CHECK (card_id <> next_card_id)
);

-- What two people do to a card: one asks, another agrees.
CREATE TABLE card_request (
    request_id uuid PRIMARY KEY,
    card_id    bigint NOT NULL REFERENCES card,
    kind       text NOT NULL CHECK (kind IN ('replace', 'close', 'reset_password', 'reactivate', 'flag_test')),
    reason     text NOT NULL CHECK (length(reason) BETWEEN 1 AND 200),
    state      text NOT NULL DEFAULT 'asked' CHECK (state IN ('asked', 'done', 'refused')),
    asked_by   bigint NOT NULL REFERENCES staff_account,
    asked_at   timestamptz NOT NULL,
    decided_by bigint REFERENCES staff_account,
    decided_at timestamptz,
    CHECK ((state = 'asked') = (decided_at IS NULL))
);
CREATE UNIQUE INDEX ux_card_request_waiting ON card_request (card_id) WHERE state = 'asked';
CREATE INDEX ix_card_request_card ON card_request (card_id, asked_at);
CREATE INDEX ix_card_request_state ON card_request (state, asked_at);

-- What a till not heard from since a card was blocked could still have taken from it. Released when the till has
-- acknowledged the block and head office has its journal up to there, or when a late password can no longer be checked.
CREATE TABLE card_hold_back (
    card_id     bigint NOT NULL REFERENCES card,
    till_id     bigint NOT NULL REFERENCES till,
    amount      bigint NOT NULL CHECK (amount > 0),
    since       timestamptz NOT NULL,
    ends_at     timestamptz NOT NULL,
    heard_epoch int,
    heard_seq   bigint,
    released_at timestamptz,
    PRIMARY KEY (card_id, till_id),
    CHECK ((heard_epoch IS NULL) = (heard_seq IS NULL))
);
CREATE INDEX ix_card_hold_back_open ON card_hold_back (till_id) WHERE released_at IS NULL;

-- Who prints the password mailers: passwords are sealed to this key the moment they are made.
CREATE TABLE mailer_recipient (
    mailer_recipient_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name          text NOT NULL CHECK (length(name) BETWEEN 1 AND 60),
    public_key    bytea NOT NULL UNIQUE CHECK (octet_length(public_key) = 32),
    registered_by bigint NOT NULL REFERENCES staff_account,
    registered_at timestamptz NOT NULL,
    retired_at    timestamptz
);
CREATE UNIQUE INDEX ux_mailer_recipient_present ON mailer_recipient ((retired_at IS NULL)) WHERE retired_at IS NULL;

-- Sealed passwords of a batch or of one reset; the bytes are gone once they were fetched.
CREATE TABLE password_mailer (
    password_mailer_id  bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    card_batch_id       bigint UNIQUE REFERENCES card_batch,
    request_id          uuid UNIQUE REFERENCES card_request,
    mailer_recipient_id bigint NOT NULL REFERENCES mailer_recipient,
    card_count          int NOT NULL CHECK (card_count > 0),
    sealed              bytea,
    made_at             timestamptz NOT NULL,
    fetched_by          bigint REFERENCES staff_account,
    fetched_at          timestamptz,
    CHECK (num_nonnulls(card_batch_id, request_id) = 1),
    CHECK ((sealed IS NULL) = (fetched_at IS NOT NULL))
);

ALTER TABLE card_batch
    ADD COLUMN exported_by bigint REFERENCES staff_account,   -- the card printer's file, once
    ADD COLUMN exported_at timestamptz;
CREATE INDEX ix_card_batch ON card (card_batch_id, card_id) WHERE card_batch_id IS NOT NULL;

-- Loads by file: asked and agreed to as one.
CREATE TABLE card_load_file (
    card_load_file_id uuid PRIMARY KEY,
    name       text NOT NULL CHECK (length(name) BETWEEN 1 AND 120),
    content    bytea NOT NULL CHECK (octet_length(content) = 32),     -- SHA-256 of the file
    row_count  int NOT NULL CHECK (row_count > 0),
    total      bigint NOT NULL CHECK (total > 0),
    state      text NOT NULL DEFAULT 'asked' CHECK (state IN ('asked', 'loaded', 'refused')),
    asked_by   bigint NOT NULL REFERENCES staff_account,
    asked_at   timestamptz NOT NULL,
    decided_by bigint REFERENCES staff_account,
    decided_at timestamptz
);
CREATE UNIQUE INDEX ux_card_load_file_content ON card_load_file (content) WHERE state <> 'refused';
ALTER TABLE card_load
    ADD COLUMN card_load_file_id uuid REFERENCES card_load_file,
    ADD COLUMN file_line         int;
CREATE INDEX ix_card_load_file ON card_load (card_load_file_id, file_line) WHERE card_load_file_id IS NOT NULL;

-- Every price a product has had.
CREATE TABLE product_price (
    sku        text NOT NULL REFERENCES product,
    valid_from timestamptz NOT NULL,
    price      bigint NOT NULL CHECK (price >= 0),
    status     text NOT NULL CHECK (status IN ('on_sale', 'stopped')),
    changed_by text NOT NULL,
    PRIMARY KEY (sku, valid_from)
);
INSERT INTO product_price (sku, valid_from, price, status, changed_by)
    SELECT sku, updated_at, price, status, '' FROM product;

-- Provinces that took a programme's cards before: a till that was silent since may still take them.
CREATE TABLE programme_earlier_acceptance (
    programme_id bigint NOT NULL REFERENCES programme,
    province     text NOT NULL,
    valid_until  timestamptz NOT NULL,
    PRIMARY KEY (programme_id, province, valid_until)
);

-- Which tills saw a card approved online (R-P15).
CREATE INDEX ix_payment_card ON payment (card_id, till_id) WHERE held_at IS NOT NULL;
