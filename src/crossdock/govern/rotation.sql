-- name: tell
SELECT pg_notify('crossdock_keys', $1);

-- name: sign_head
UPDATE audit_head SET mark = $3 WHERE tenant_id = $1 AND mark = $2 RETURNING 1;
