-- A request of no amount that arrives after its month has expired like any other; it must not hold up its batch.

ALTER TABLE refund_request DROP CONSTRAINT refund_request_check;
ALTER TABLE refund_request ADD CONSTRAINT ck_refund_request_amount
    CHECK (amount > 0 OR state IN ('refused', 'expired'));
