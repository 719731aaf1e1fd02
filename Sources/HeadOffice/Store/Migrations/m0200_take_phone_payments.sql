-- Payments by phone: holds that do not lapse, the keys of confirmation codes, cards that phones remember.

ALTER TABLE payment ADD COLUMN by_phone boolean NOT NULL DEFAULT false;

ALTER TABLE sale DROP CONSTRAINT sale_mode_check;
ALTER TABLE sale ADD CONSTRAINT sale_mode_check CHECK (mode IN ('authorised', 'stand_in', 'phone'));

-- Which keys a till was given. The keys themselves are derived from one that is kept outside the database.
CREATE TABLE confirmation_key (
    till_id         bigint NOT NULL REFERENCES till,
    epoch           int NOT NULL,
    number          int NOT NULL CHECK (number >= 1),
    issued_at       timestamptz NOT NULL,
    acknowledged_at timestamptz,            -- the till has it on disk
    superseded_at   timestamptz,            -- the till has acknowledged a later one
    distrusted      boolean NOT NULL DEFAULT false, -- a code was used that head office never issued
    PRIMARY KEY (till_id, epoch, number)
);

-- What a till's QR asks for, as its key signed it.
CREATE TABLE phone_payment (
    payment_id   uuid PRIMARY KEY REFERENCES payment,
    epoch        int NOT NULL,
    amount       bigint NOT NULL CHECK (amount > 0),
    key_number   int NOT NULL,
    items_hash   bytea NOT NULL CHECK (octet_length(items_hash) = 32),
    items        jsonb,                     -- null until they are known
    seen_at      timestamptz NOT NULL,
    confirmed_at timestamptz,
    remaining    bigint,
    receipt_hash bytea UNIQUE CHECK (octet_length(receipt_hash) = 32),
    CHECK ((confirmed_at IS NULL) = (receipt_hash IS NULL))
);

-- The first answer to each form that a phone sent; sending it again repeats the answer (R-P9).
CREATE TABLE phone_attempt (
    payment_id  uuid NOT NULL REFERENCES phone_payment,
    form_id     uuid NOT NULL,
    code        text,                       -- null when the money is held
    tries_left  int,
    answered_at timestamptz NOT NULL,
    PRIMARY KEY (payment_id, form_id)
);

-- A card that its holder lets a phone remember; the phone keeps the token, this table its hash.
CREATE TABLE remembered_card (
    token_hash   bytea PRIMARY KEY CHECK (octet_length(token_hash) = 32),
    card_id      bigint NOT NULL REFERENCES card,
    created_at   timestamptz NOT NULL,
    last_seen_at timestamptz NOT NULL
);
CREATE INDEX ix_remembered_card_card ON remembered_card (card_id);

-- What head office itself finds stands in epoch 0, which no journal has.
CREATE SEQUENCE own_finding;
CREATE INDEX ix_payment_phone_held ON payment (held_at) WHERE state = 'held' AND by_phone;
