-- Each audit line is chained to the one before: hash = SHA-256(hash before, digest of the line). Changing, removing or inserting a line
-- breaks every hash after it. The row of audit_head is locked by whoever writes a line until its transaction ends, so that the
-- chain has the order of the commits. Lines from before have no place in the chain.

ALTER TABLE audit
    ADD COLUMN chain_seq bigint UNIQUE,
    ADD COLUMN hash      bytea CHECK (octet_length(hash) = 32),
    ADD CONSTRAINT ck_audit_chain CHECK ((chain_seq IS NULL) = (hash IS NULL));

CREATE TABLE audit_head (
    single boolean PRIMARY KEY DEFAULT true CHECK (single),
    seq    bigint NOT NULL CHECK (seq >= 0),
    hash   bytea NOT NULL CHECK (octet_length(hash) = 32)
);
INSERT INTO audit_head (seq, hash) VALUES (0, sha256('huiyika/audit-genesis/1'));
