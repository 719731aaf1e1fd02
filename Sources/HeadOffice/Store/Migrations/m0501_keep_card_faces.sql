-- A programme's card-face picture, checked and written anew before it is kept.
CREATE TABLE programme_face (
    programme_id bigint PRIMARY KEY REFERENCES programme,
    picture      bytea NOT NULL CHECK (octet_length(picture) BETWEEN 1 AND 4194304),
    content      bytea NOT NULL CHECK (octet_length(content) = 32),   -- SHA-256 of the picture
    width        int NOT NULL CHECK (width BETWEEN 1 AND 2000),
    height       int NOT NULL CHECK (height BETWEEN 1 AND 2000),
    set_by       bigint NOT NULL REFERENCES staff_account,
    set_at       timestamptz NOT NULL
);
