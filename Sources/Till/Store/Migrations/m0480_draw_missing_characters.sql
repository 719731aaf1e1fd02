-- Whether a row with a character that the printer lacks is sent as a picture.
ALTER TABLE printer ADD COLUMN pictures INTEGER NOT NULL DEFAULT 1 CHECK (pictures IN (0, 1));
