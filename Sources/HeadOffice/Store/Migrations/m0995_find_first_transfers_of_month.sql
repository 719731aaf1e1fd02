-- The first transfers of a month for a screen, in their order, however many months lie before it.

SET LOCAL statement_timeout = 0;            -- it reads every transfer

CREATE INDEX ix_transfer_month ON transfer (accounting_month, transfer_id);
