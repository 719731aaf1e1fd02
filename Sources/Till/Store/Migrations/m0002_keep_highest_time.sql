-- The highest corrected time seen: a clock set back below it is not believed until head office's next
-- signed word (R-P14).
ALTER TABLE sync_state ADD COLUMN highest_time INTEGER;
