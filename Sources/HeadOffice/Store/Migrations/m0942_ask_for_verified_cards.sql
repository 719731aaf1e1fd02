-- A programme may ask that stand-in takes only cards which the till saw approved lately, as dated16 always does (R-P15).

ALTER TABLE programme ADD COLUMN verified_only boolean NOT NULL DEFAULT false;
