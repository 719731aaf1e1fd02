-- Why a price was changed, beside who changed it.
ALTER TABLE basket_line ADD COLUMN reprice_reason TEXT;
ALTER TABLE payment_line ADD COLUMN reprice_reason TEXT;

-- A manager's word for one sale above the per-sale limit (R-P3): bound to the payment, so to one sale.
ALTER TABLE payment ADD COLUMN override_by TEXT;
ALTER TABLE payment ADD COLUMN override_reason TEXT;
ALTER TABLE payment ADD COLUMN override_limit INTEGER;

-- Baskets put aside. They have no id of a sale: one is made when a basket that was taken up again is settled.
CREATE TABLE held_basket (
    id TEXT PRIMARY KEY,
    note TEXT NOT NULL,
    held_by TEXT NOT NULL,
    held_at INTEGER NOT NULL
) STRICT;

CREATE TABLE held_basket_line (
    held TEXT NOT NULL REFERENCES held_basket (id) ON DELETE CASCADE,
    line INTEGER NOT NULL,
    sku TEXT NOT NULL,
    quantity INTEGER NOT NULL CHECK (quantity >= 1),
    price INTEGER NOT NULL CHECK (price >= 0),
    repriced_by TEXT,
    reprice_reason TEXT,
    PRIMARY KEY (held, line)
) STRICT;
