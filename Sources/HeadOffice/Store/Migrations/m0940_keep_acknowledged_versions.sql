-- What each till has said it knows (R-P14): the versions of limits and block list below the cursor it gave back, and the newest record it had
-- when it said so. A later record that states lower ones went by an old copy.

CREATE TABLE till_acknowledgement (
    till_id            bigint NOT NULL REFERENCES till,
    seq                bigint NOT NULL CHECK (seq >= 0),
    limits_version     bigint NOT NULL CHECK (limits_version >= 0),
    block_list_version bigint NOT NULL CHECK (block_list_version >= 0),
    acknowledged_at    timestamptz NOT NULL,
    PRIMARY KEY (till_id, seq)
);
ALTER TABLE sale ADD COLUMN policy_rollback boolean NOT NULL DEFAULT false;
CREATE INDEX ix_sale_policy_rollback ON sale (till_id) WHERE policy_rollback;
CREATE INDEX ix_change_topic_position ON change (scope, topic, changed_in, change_id);
