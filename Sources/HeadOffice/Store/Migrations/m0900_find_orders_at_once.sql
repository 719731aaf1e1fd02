-- The newest orders, of everybody, a store or a card, and a receipt's beginning, without reading the whole table.

CREATE INDEX ix_sale_business_at ON sale (business_at DESC, sale_id DESC);
CREATE INDEX ix_sale_store_business_at ON sale (store_id, business_at DESC, sale_id DESC);
CREATE INDEX ix_sale_fingerprint ON sale (fingerprint, business_at DESC, sale_id DESC);
CREATE INDEX ix_sale_receipt_prefix ON sale (receipt text_pattern_ops);
DROP INDEX ix_sale_receipt;
