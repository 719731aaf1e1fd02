-- Customer service and fault reports: for the whole network, and otherwise for a store that has its own. Empty falls back: store, network, setting.

CREATE TABLE office_telephones (
    single  boolean PRIMARY KEY DEFAULT true CHECK (single),
    service text NOT NULL DEFAULT '',
    fault   text NOT NULL DEFAULT ''
);
INSERT INTO office_telephones DEFAULT VALUES;

ALTER TABLE store
    ADD COLUMN service_telephone text NOT NULL DEFAULT '',
    ADD COLUMN fault_telephone   text NOT NULL DEFAULT '';
