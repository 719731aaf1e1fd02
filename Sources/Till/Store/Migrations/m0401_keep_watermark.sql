-- The watermark file outside the database (R-P14): whether it was kept before, whether this database was found older than it,
-- and what else has a version.
ALTER TABLE sync_state ADD COLUMN watermark_kept INTEGER NOT NULL DEFAULT 0 CHECK (watermark_kept IN (0, 1));
ALTER TABLE sync_state ADD COLUMN rolled_back INTEGER NOT NULL DEFAULT 0 CHECK (rolled_back IN (0, 1));
ALTER TABLE sync_state ADD COLUMN accounts_version INTEGER NOT NULL DEFAULT 0;
ALTER TABLE store_info ADD COLUMN version INTEGER NOT NULL DEFAULT 0;
ALTER TABLE journal_record ADD COLUMN verdict_version INTEGER NOT NULL DEFAULT 0;

-- What was taken out, and at which version: an older word about it comes too late.
CREATE TABLE removed_change (
    topic TEXT NOT NULL,
    key TEXT NOT NULL,
    version INTEGER NOT NULL,
    PRIMARY KEY (topic, key)
) STRICT;

-- An account that turned out disabled or changed: what it did since the till last knew stands, and is looked at (R-A1).
CREATE TABLE account_doubt (
    login TEXT NOT NULL,
    from_time INTEGER NOT NULL,
    through_time INTEGER NOT NULL,
    sale_count INTEGER NOT NULL,
    sale_total INTEGER NOT NULL,
    PRIMARY KEY (login, through_time)
) STRICT;
