-- Head office's own keys by their ids; the keys themselves stand in files beside the database. What each till has heard of the sealing key,
-- and where its journal ended then, says when an earlier one is needed no more (R-W5).

CREATE TABLE office_key (
    kind          text NOT NULL CHECK (kind IN ('signing', 'sealing')),
    key_id        text NOT NULL CHECK (length(key_id) BETWEEN 1 AND 32),
    since         timestamptz NOT NULL,
    superseded_at timestamptz,
    removed_at    timestamptz,
    PRIMARY KEY (kind, key_id),
    CHECK (removed_at IS NULL OR superseded_at IS NOT NULL)
);
ALTER TABLE till_key
    ADD COLUMN sealing_key_id   text,
    ADD COLUMN sealing_heard_seq bigint,
    ADD COLUMN sealing_heard_at timestamptz,
    ADD CONSTRAINT ck_till_key_sealing CHECK ((sealing_key_id IS NULL) = (sealing_heard_seq IS NULL)
        AND (sealing_key_id IS NULL) = (sealing_heard_at IS NULL));
