-- Day statements go to the printer of sale slips, and their papers are counted like those of slips.
CREATE TABLE new_printed_slip (
    subject TEXT NOT NULL,
    slip TEXT NOT NULL CHECK (slip IN ('sale', 'refund', 'statement')),
    copy INTEGER NOT NULL CHECK (copy >= 1),
    printed_at INTEGER NOT NULL,
    printed_by TEXT NOT NULL,
    PRIMARY KEY (subject, slip, copy)
) STRICT;
INSERT INTO new_printed_slip SELECT subject, slip, copy, printed_at, printed_by FROM printed_slip;
DROP TABLE printed_slip;
ALTER TABLE new_printed_slip RENAME TO printed_slip;

CREATE TABLE new_print_job (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    printer TEXT NOT NULL REFERENCES printer (id),
    slip TEXT NOT NULL CHECK (slip IN ('sale', 'refund', 'statement', 'test')),
    subject TEXT NOT NULL,
    number TEXT NOT NULL,
    paper_index INTEGER NOT NULL CHECK (paper_index >= 1),
    reprint INTEGER NOT NULL CHECK (reprint >= 0),
    document TEXT NOT NULL,
    asked_by TEXT NOT NULL,
    asked_at INTEGER NOT NULL,
    state TEXT NOT NULL
        CHECK (state IN ('waiting', 'sending', 'printed', 'sent', 'unknown', 'dropped')),
    trouble TEXT,
    ended_at INTEGER
) STRICT;
INSERT INTO new_print_job SELECT id, printer, slip, subject, number, paper_index, reprint, document,
    asked_by, asked_at, state, trouble, ended_at FROM print_job;
DROP TABLE print_job;
ALTER TABLE new_print_job RENAME TO print_job;
CREATE INDEX ix_print_job_open ON print_job (id) WHERE state IN ('waiting', 'sending', 'unknown');
CREATE INDEX ix_print_job_subject ON print_job (subject, slip);
CREATE INDEX ix_print_job_printer ON print_job (printer);
