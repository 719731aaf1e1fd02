-- What a till last said of its printers; null until it says something.
ALTER TABLE till ADD COLUMN printers jsonb;
