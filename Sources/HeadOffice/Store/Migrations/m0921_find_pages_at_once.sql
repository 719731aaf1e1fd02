-- What pages count and sort at 10,000 stores and a million cards, without reading whole tables.

CREATE INDEX ix_card_programme_real ON card (programme_id) WHERE NOT test;
CREATE INDEX ix_till_contact ON till (last_contact_at NULLS FIRST, code);
CREATE INDEX ix_payment_held_till ON payment (till_id) WHERE state = 'held';
CREATE INDEX ix_exception_quarantined ON exception (opened_at) WHERE state = 'open' AND code = 'quarantined';
