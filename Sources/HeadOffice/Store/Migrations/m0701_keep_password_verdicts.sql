-- A sealed password is judged once per sale id; repeats, re-journalling and re-posting use what it came to (R-W4).

CREATE TABLE credential_verdict (
    sale_id   uuid PRIMARY KEY,
    result    text NOT NULL CHECK (result IN ('right', 'wrong', 'not_checked')),
    judged_at timestamptz                   -- null while it is not checked
);
INSERT INTO credential_verdict (sale_id, result, judged_at)
SELECT sale_id, CASE code WHEN 'wrong_password' THEN 'wrong' WHEN 'password_not_checked' THEN 'not_checked' ELSE 'right' END,
       CASE WHEN code IS DISTINCT FROM 'password_not_checked' THEN received_at END
FROM sale
WHERE mode = 'stand_in'
  AND (code IS NULL OR code IN ('wrong_password', 'password_not_checked', 'insufficient_balance'));

-- Earlier passwords, for late sales only and at most 60 days; the present one stands on the card.
CREATE TABLE IF NOT EXISTS card_verifier (
    card_id     bigint NOT NULL REFERENCES card,
    valid_from  timestamptz NOT NULL,
    valid_until timestamptz NOT NULL,
    salt        bytea NOT NULL,
    verifier    bytea NOT NULL,
    PRIMARY KEY (card_id, valid_from)
);
