-- Printers of this till, each set up for one kind of slip; slips go to the main one by themselves.
CREATE TABLE printer (
    id TEXT PRIMARY KEY,
    slip TEXT NOT NULL CHECK (slip IN ('sale', 'refund')),
    name TEXT NOT NULL,
    device TEXT NOT NULL CHECK (device IN ('tcp', 'file', 'cups')),
    address TEXT NOT NULL,
    paper INTEGER NOT NULL CHECK (paper IN (58, 80)),
    encoding TEXT NOT NULL CHECK (encoding IN ('gb18030', 'gbk')),
    copies INTEGER NOT NULL CHECK (copies BETWEEN 1 AND 4),
    language TEXT NOT NULL CHECK (language IN ('zh-Hans', 'en')),
    is_main INTEGER NOT NULL CHECK (is_main IN (0, 1)),
    -- Whether the device has ever answered a question about its state.
    answers INTEGER NOT NULL DEFAULT 0 CHECK (answers IN (0, 1)),
    CONSTRAINT uq_printer_name UNIQUE (slip, name)
) STRICT;
CREATE UNIQUE INDEX ix_printer_main ON printer (slip) WHERE is_main = 1;

-- How far slips have been given to the main printer: journal seq of sales, row of decisions.
CREATE TABLE slip_printing (
    slip TEXT PRIMARY KEY CHECK (slip IN ('sale', 'refund')),
    after_position INTEGER NOT NULL
) STRICT;

-- One job is one paper.
CREATE TABLE print_job (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    printer TEXT NOT NULL REFERENCES printer (id),
    slip TEXT NOT NULL CHECK (slip IN ('sale', 'refund', 'test')),
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
CREATE INDEX ix_print_job_open ON print_job (id) WHERE state IN ('waiting', 'sending', 'unknown');
CREATE INDEX ix_print_job_subject ON print_job (subject, slip);
CREATE INDEX ix_print_job_printer ON print_job (printer);
