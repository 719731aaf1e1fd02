-- Exceptions are decided: how much of each is still in dispute, who ended it and how (R-P5, R-L6).

ALTER TABLE exception
    ADD COLUMN sale_id uuid REFERENCES sale,    -- the sale that this record made; null for every other kind
    ADD COLUMN disputed bigint NOT NULL DEFAULT 0 CHECK (disputed >= 0), -- booked as in dispute and not decided
    ADD COLUMN outcome text CHECK (outcome IN ('card', 'store', 'programme', 'written_off', 'refunded', 'closed')),
    ADD COLUMN settled_at timestamptz,
    ADD COLUMN write_off_by bigint REFERENCES staff_account, -- who asks to write it off; another person decides
    ADD COLUMN write_off_at timestamptz,
    ADD COLUMN write_off_reason text;
ALTER TABLE exception DROP CONSTRAINT exception_state_check;

-- What a sale gave back to the card; the rest of `refunded` undid what the card had not paid (R-R7).
ALTER TABLE sale ADD COLUMN returned_to_card bigint NOT NULL DEFAULT 0;
UPDATE sale SET returned_to_card = refunded - least(refunded, greatest(total, 0) - paid_by_card) WHERE refunded > 0;
ALTER TABLE sale ADD CONSTRAINT ck_sale_returned CHECK (returned_to_card BETWEEN 0 AND least(refunded, paid_by_card));

UPDATE exception SET
    sale_id = sale.sale_id,
    disputed = greatest(coalesce((SELECT sum(amount) FROM transfer
                                  WHERE source_id = sale.sale_id AND kind = 'shortfall'), 0)
                        - (sale.refunded - sale.returned_to_card), 0)
FROM sale, journal_record AS record
WHERE sale.sale_id = exception.record_id AND sale.state = 'exception' AND sale.code = exception.code
  AND record.till_id = exception.till_id AND record.epoch = exception.epoch AND record.seq = exception.seq
  AND record.kind = 'sale.completed';
UPDATE exception SET state = 'settled', outcome = 'refunded', settled_at = opened_at
WHERE sale_id IS NOT NULL AND disputed = 0 AND amount > 0;

ALTER TABLE exception
    ADD CONSTRAINT ck_exception_state CHECK (state IN ('open', 'collecting', 'settled')),
    ADD CONSTRAINT ck_exception_settled CHECK ((state = 'settled') = (settled_at IS NOT NULL)
        AND (state = 'settled') = (outcome IS NOT NULL)),
    ADD CONSTRAINT ck_exception_nothing_left CHECK (state <> 'settled' OR disputed = 0),
    ADD CONSTRAINT ck_exception_write_off CHECK ((write_off_by IS NULL) = (write_off_at IS NULL));
CREATE UNIQUE INDEX ux_exception_sale ON exception (sale_id) WHERE sale_id IS NOT NULL;
CREATE INDEX ix_exception_list ON exception (opened_at, exception_id);
CREATE INDEX ix_exception_disputed ON exception (opened_at, exception_id) WHERE disputed > 0;

-- What was done about an exception, oldest first. Its transfers have decision_id for their source.
CREATE TABLE exception_event (
    event_id     bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    exception_id bigint NOT NULL REFERENCES exception,
    at           timestamptz NOT NULL,
    actor        text NOT NULL,             -- staff login or 'system'
    person_id    bigint REFERENCES person,
    action       text NOT NULL CHECK (action IN ('repost', 'collect', 'collected', 'charge_store', 'charge_programme',
                     'write_off_ask', 'write_off', 'write_off_refuse', 'close', 'refund', 'password_right',
                     'password_wrong')),
    amount       bigint NOT NULL DEFAULT 0 CHECK (amount >= 0),
    reason       text NOT NULL DEFAULT '',
    decision_id  uuid UNIQUE
);
CREATE INDEX ix_exception_event_exception ON exception_event (exception_id, event_id);
CREATE TRIGGER tr_exception_event_facts BEFORE UPDATE OR DELETE OR TRUNCATE ON exception_event
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_changing_facts();

-- Who bears a cause's shortfall by default; a cause without a row goes by the programme's shortfall_bearer (R-P5).
CREATE TABLE exception_bearer (
    programme_id bigint NOT NULL REFERENCES programme,
    code         text NOT NULL,
    bearer       text NOT NULL CHECK (bearer IN ('store', 'programme')),
    PRIMARY KEY (programme_id, code)
);

ALTER TABLE transfer DROP CONSTRAINT transfer_kind_check;
ALTER TABLE transfer ADD CONSTRAINT transfer_kind_check
    CHECK (kind IN ('load', 'sale', 'shortfall', 'refund', 'shortfall_undone', 'fee', 'fee_returned',
        'exception_decided', 'collection', 'exception_borne', 'write_off', 'settlement', 'funding', 'replacement',
        'closing', 'test_reversal'));
