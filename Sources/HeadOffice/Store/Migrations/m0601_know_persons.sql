-- A login is not a person: one person may have logins at head office and at stores, and duties are separated by person. A store
-- login of nobody in particular is a shared one; it sells, and does no manager act (R-A1).

ALTER TABLE store_account ADD COLUMN person_id bigint REFERENCES person;
WITH numbered AS MATERIALIZED (
    SELECT store_account_id, name, created_at, nextval(pg_get_serial_sequence('person', 'person_id')) AS person_id
    FROM store_account
), made AS (
    INSERT INTO person (person_id, name, created_at) OVERRIDING SYSTEM VALUE
    SELECT person_id, name, created_at FROM numbered
)
UPDATE store_account SET person_id = numbered.person_id FROM numbered
WHERE store_account.store_account_id = numbered.store_account_id;
ALTER TABLE store_account ADD CONSTRAINT ck_store_account_shared CHECK (person_id IS NOT NULL OR roles = '{cashier}');
CREATE INDEX ix_store_account_person ON store_account (person_id);
CREATE INDEX ix_staff_account_person ON staff_account (person_id);

ALTER TABLE staff_account
    ADD COLUMN must_change_password boolean NOT NULL DEFAULT false,
    ADD COLUMN password_expires_at  timestamptz,             -- of a one-time password
    ADD COLUMN second_factor_sealed bytea,                   -- AES-GCM under a key outside the database; not yet in use while the next is null
    ADD COLUMN second_factor_since  timestamptz,
    ADD COLUMN second_factor_step   bigint NOT NULL DEFAULT 0, -- the last step that was used: a code works once
    ADD COLUMN second_factor_failed int NOT NULL DEFAULT 0 CHECK (second_factor_failed >= 0),
    ADD CONSTRAINT ck_staff_account_second_factor CHECK (second_factor_since IS NULL OR second_factor_sealed IS NOT NULL);
CREATE TABLE recovery_code (
    staff_account_id bigint NOT NULL REFERENCES staff_account,
    code_hash        bytea NOT NULL CHECK (octet_length(code_hash) = 32),
    PRIMARY KEY (staff_account_id, code_hash)                -- a row is deleted when its code is used
);

ALTER TABLE session
    ADD COLUMN session_id bigint GENERATED ALWAYS AS IDENTITY UNIQUE,
    ADD COLUMN second_factor_at timestamptz,
    ADD COLUMN address text NOT NULL DEFAULT '',
    ADD COLUMN agent   text NOT NULL DEFAULT '';
