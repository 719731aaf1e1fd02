-- Head office's signed word on a sale's sealed password: it goes with the record when the sealed bytes are gone (R-W5).

ALTER TABLE journal_record ADD COLUMN password_verdict BLOB CHECK (length(password_verdict) <= 256);
