-- name: add_run
-- The same key is the same run; without a key every call is its own.
INSERT INTO run (id, tenant_id, connection_id, kind, streams, asked, state)
VALUES ($1, $2, $3, 'invoice', '{}', $4::jsonb, 'waiting')
ON CONFLICT DO NOTHING
RETURNING id;

-- name: run_of_key
SELECT id, asked FROM run
WHERE tenant_id = $1 AND connection_id = $2 AND kind = 'invoice' AND asked ->> 'key' = $3;

-- name: told
DELETE FROM invoice_untold WHERE tenant_id = $1 AND invoice_id = $2;

-- name: untold
-- Numbers that no deal was told yet, the oldest first; what is taken now is nobody else's for a while.
UPDATE invoice_untold SET tries = tries + 1, due_at = now() + least(tries + 1, 60) * interval '10 seconds'
WHERE invoice_id IN (
    SELECT u.invoice_id FROM invoice_untold u JOIN connection c ON c.id = u.connection_id
    WHERE u.due_at <= now() AND c.state = 'active'
    ORDER BY u.due_at LIMIT $1
    FOR UPDATE OF u SKIP LOCKED)
RETURNING tenant_id, connection_id, invoice_id;

-- name: forget_untold
-- An account that has ended is told nothing any more.
DELETE FROM invoice_untold u USING connection c WHERE c.id = u.connection_id AND c.state = 'revoked';
