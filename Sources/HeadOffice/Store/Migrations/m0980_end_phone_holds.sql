-- A phone's hold that its till never ended is ended by two people (R-P11): one asks to pay the store against its slip or to release the hold,
-- another agrees. A sale booked from its slip has its row before its record arrives.

CREATE TABLE phone_hold_request (
    exception_id bigint PRIMARY KEY REFERENCES exception,
    move         text NOT NULL CHECK (move IN ('pay_store', 'release_hold')),
    receipt      text NOT NULL DEFAULT '',  -- the slip's order number, when the store is to be paid
    is_proved    boolean NOT NULL DEFAULT false, -- the slip's code was read, and its till had signed it
    reason       text NOT NULL,
    asked_by     bigint NOT NULL REFERENCES staff_account,
    asked_at     timestamptz NOT NULL,
    CHECK ((move = 'pay_store') = (receipt <> ''))
);

ALTER TABLE exception DROP CONSTRAINT exception_outcome_check;
ALTER TABLE exception ADD CONSTRAINT ck_exception_outcome
    CHECK (outcome IN ('card', 'store', 'programme', 'written_off', 'refunded', 'closed', 'released'));
ALTER TABLE exception_event DROP CONSTRAINT exception_event_action_check;
ALTER TABLE exception_event ADD CONSTRAINT ck_exception_event_action
    CHECK (action IN ('repost', 'collect', 'collected', 'charge_store', 'charge_programme', 'write_off_ask', 'write_off',
        'write_off_refuse', 'close', 'refund', 'password_right', 'password_wrong', 'pay_store_ask', 'pay_store',
        'release_hold_ask', 'release_hold', 'hold_refuse'));
