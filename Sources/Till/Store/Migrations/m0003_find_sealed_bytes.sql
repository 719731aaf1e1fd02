-- Sealed bytes are looked for after each batch and pull; without this the whole journal is read each time.
CREATE INDEX ix_journal_record_sealed ON journal_record (seq) WHERE credential IS NOT NULL;
