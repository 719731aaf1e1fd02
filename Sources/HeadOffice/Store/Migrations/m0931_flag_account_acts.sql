-- When the login of a store was disabled, enabled again or given another password. Those from before are in the audit trail.
CREATE TABLE store_account_change (
    store_account_change_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    store_id   bigint NOT NULL REFERENCES store,
    login      text NOT NULL,
    change     text NOT NULL CHECK (change IN ('disabled', 'enabled', 'password')),
    changed_at timestamptz NOT NULL
);
INSERT INTO store_account_change (store_id, login, change, changed_at)
SELECT store.store_id, split_part(audit.subject, '/', 2),
       CASE audit.action WHEN 'store_account.disable' THEN 'disabled'
                         WHEN 'store_account.enable' THEN 'enabled' ELSE 'password' END,
       audit.at
FROM audit JOIN store ON store.code = split_part(audit.subject, '/', 1)
WHERE audit.action IN ('store_account.disable', 'store_account.enable', 'store_account.reset_password')
ORDER BY audit.audit_id;
CREATE INDEX ix_store_account_change_login ON store_account_change (store_id, login, changed_at);

-- What such a login did at a till between the change and the till's next contact (R-A1): kept, and to be looked at.
CREATE TABLE account_act (
    record_id   uuid NOT NULL,
    login       text NOT NULL,
    sale_id     uuid NOT NULL,              -- the sale itself, or the one whose refund was asked for
    store_id    bigint NOT NULL REFERENCES store,
    till_id     bigint NOT NULL REFERENCES till,
    change      text NOT NULL CHECK (change IN ('disabled', 'password')),
    changed_at  timestamptz NOT NULL,
    acted_at    timestamptz NOT NULL,
    known_until timestamptz NOT NULL,       -- how far the till knew of changes when it was done
    received_at timestamptz NOT NULL,
    PRIMARY KEY (record_id, login)
);
CREATE INDEX ix_account_act_sale ON account_act (sale_id);
