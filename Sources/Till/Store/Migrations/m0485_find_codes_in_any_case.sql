-- A scanned or typed SKU counts in upper and lower case; without this index each key press looks at every product.

CREATE INDEX ix_product_sku_nocase ON product (sku COLLATE NOCASE);
