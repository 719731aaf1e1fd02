-- What a programme asks of stand-in (R-P15), and the pictures of card faces by their content, fetched once.

ALTER TABLE programme ADD COLUMN verified_only INTEGER NOT NULL DEFAULT 0 CHECK (verified_only IN (0, 1));
ALTER TABLE programme ADD COLUMN face_picture TEXT;
CREATE TABLE face_picture (
    content TEXT PRIMARY KEY CHECK (length(content) = 64),
    picture BLOB NOT NULL CHECK (length(picture) BETWEEN 1 AND 4194304)
) STRICT;
