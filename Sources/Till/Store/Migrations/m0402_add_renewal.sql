-- A till that went on under a new key (S-5): which records of the new chain head office has acknowledged while it is sent again, and
-- where the copy ended, because what came after it and never reached head office is known to be missing.
CREATE TABLE renewal (
    epoch INTEGER PRIMARY KEY,
    renewed_at INTEGER NOT NULL,
    last_seq INTEGER NOT NULL,
    last_at INTEGER,
    acknowledged INTEGER NOT NULL DEFAULT 0
) STRICT;
