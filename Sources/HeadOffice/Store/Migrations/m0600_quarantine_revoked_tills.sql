-- A revoked key ends selling, not delivery (S-7): its records are stored and acknowledged, and what would move money waits for a person.
-- What is known of a till's earlier epochs is kept with their keys: how far the till said its journal went, and its last beacon.

ALTER TABLE till_key
    ADD COLUMN revoked_by     bigint REFERENCES staff_account, -- who revoked it; null while it counts, and when a new epoch ended it
    ADD COLUMN stated_seq     bigint NOT NULL DEFAULT 0,
    ADD COLUMN stated_at      timestamptz,
    ADD COLUMN last_beacon_at timestamptz,
    ADD COLUMN last_record_at timestamptz;

CREATE TABLE quarantined_record (
    till_id     bigint NOT NULL,
    epoch       int NOT NULL,
    seq         bigint NOT NULL,
    sealed      bytea,                       -- kept until a person decides, at most 60 days
    stored_at   timestamptz NOT NULL,
    decided_by  bigint REFERENCES staff_account,
    decided_at  timestamptz,
    is_released boolean,                     -- null while it waits; true: judged like any other; false: the store bears it
    reason      text,
    PRIMARY KEY (till_id, epoch, seq),
    FOREIGN KEY (till_id, epoch, seq) REFERENCES journal_record,
    CHECK ((decided_at IS NULL) = (is_released IS NULL)),
    CHECK (decided_at IS NULL OR sealed IS NULL)
);
CREATE INDEX ix_quarantined_record_waiting ON quarantined_record (till_id, epoch, seq) WHERE decided_at IS NULL;
