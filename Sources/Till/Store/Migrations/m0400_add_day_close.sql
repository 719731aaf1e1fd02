-- What each closing of the day covers; its figures stand in the journal's record.
CREATE TABLE day_close (
    id TEXT PRIMARY KEY,
    seq INTEGER NOT NULL UNIQUE REFERENCES journal_record (seq),
    business_date TEXT NOT NULL,
    number INTEGER NOT NULL CHECK (number >= 1),
    first_seq INTEGER NOT NULL UNIQUE,
    closed_at INTEGER NOT NULL,
    CONSTRAINT uq_day_close_number UNIQUE (business_date, number)
) STRICT;

-- An approved refund is told by the first closing after its decision came in.
CREATE TABLE day_close_refund (
    request TEXT PRIMARY KEY REFERENCES decision (request),
    day_close TEXT NOT NULL REFERENCES day_close (id)
) STRICT;
CREATE INDEX ix_day_close_refund_day_close ON day_close_refund (day_close);
