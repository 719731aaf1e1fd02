-- A till's statements are a few among many records.
CREATE INDEX ix_journal_record_day_closed ON journal_record (till_id, received_at) WHERE kind = 'day.closed';
