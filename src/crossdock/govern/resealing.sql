-- name: old_credential
SELECT id, connection_id, name, sealed FROM credential WHERE key_id <> $1 AND id > $2 ORDER BY id LIMIT $3;

-- name: reseal_credential
-- What was replaced meanwhile is left as it is.
UPDATE credential SET key_id = $2, sealed = $3 WHERE id = $1 AND sealed = $4 RETURNING 1;

-- name: old_alert_channel
SELECT id, sealed FROM alert_channel WHERE key_id <> $1 AND id > $2 ORDER BY id LIMIT $3;

-- name: reseal_alert_channel
UPDATE alert_channel SET key_id = $2, sealed = $3 WHERE id = $1 AND sealed = $4 RETURNING 1;

-- name: old_oauth_app
SELECT id, sealed FROM oauth_app WHERE key_id <> $1 AND id > $2 ORDER BY id LIMIT $3;

-- name: reseal_oauth_app
UPDATE oauth_app SET key_id = $2, sealed = $3 WHERE id = $1 AND sealed = $4 RETURNING 1;

-- name: old_oauth_grant
SELECT connection_id AS id, sealed FROM oauth_grant
WHERE key_id <> $1 AND connection_id > $2 ORDER BY connection_id LIMIT $3;

-- name: reseal_oauth_grant
UPDATE oauth_grant SET key_id = $2, sealed = $3 WHERE connection_id = $1 AND sealed = $4 RETURNING 1;

-- name: old_oauth_request
SELECT id, sealed FROM oauth_request WHERE key_id <> $1 AND id > $2 ORDER BY id LIMIT $3;

-- name: reseal_oauth_request
UPDATE oauth_request SET key_id = $2, sealed = $3 WHERE id = $1 AND sealed = $4 RETURNING 1;

-- name: old_invoice_terms
SELECT id, sealed FROM invoice_terms WHERE key_id <> $1 AND id > $2 ORDER BY id LIMIT $3;

-- name: reseal_invoice_terms
UPDATE invoice_terms SET key_id = $2, sealed = $3 WHERE id = $1 AND sealed = $4 RETURNING 1;

-- name: old_invoice
SELECT id, sealed FROM invoice WHERE key_id <> $1 AND id > $2 ORDER BY id LIMIT $3;

-- name: reseal_invoice
UPDATE invoice SET key_id = $2, sealed = $3 WHERE id = $1 AND sealed = $4 RETURNING 1;

-- name: old_site_key
SELECT id, sealed FROM site_key
WHERE key_id <> $1 AND sealed IS NOT NULL AND id > $2 ORDER BY id LIMIT $3;

-- name: reseal_site_key
UPDATE site_key SET key_id = $2, sealed = $3 WHERE id = $1 AND sealed = $4 RETURNING 1;

-- name: old_site_field
SELECT id, sealed FROM site_field WHERE key_id <> $1 AND id > $2 ORDER BY id LIMIT $3;

-- name: reseal_site_field
UPDATE site_field SET key_id = $2, sealed = $3 WHERE id = $1 AND sealed = $4 RETURNING 1;

-- name: old_person
SELECT id, sealed FROM person WHERE key_id <> $1 AND id > $2 ORDER BY id LIMIT $3;

-- name: reseal_person
UPDATE person SET key_id = $2, sealed = $3 WHERE id = $1 AND sealed = $4 RETURNING 1;

-- name: old_person_totp
SELECT id, sealed FROM person_totp WHERE key_id <> $1 AND id > $2 ORDER BY id LIMIT $3;

-- name: reseal_person_totp
UPDATE person_totp SET key_id = $2, sealed = $3 WHERE id = $1 AND sealed = $4 RETURNING 1;
