-- name: now
SELECT clock_timestamp();

-- name: checkpoints
SELECT stream, kind, cursor FROM checkpoint WHERE connection_id = $1 AND cursor IS NOT NULL;

-- name: save_checkpoint
INSERT INTO checkpoint AS c (connection_id, stream, kind, tenant_id, cursor)
VALUES ($1, $2, $3, $4, $5::jsonb)
ON CONFLICT (connection_id, stream, kind) DO UPDATE SET cursor = EXCLUDED.cursor, changed_at = now();

-- name: clear_checkpoint
DELETE FROM checkpoint WHERE connection_id = $1 AND stream = $2 AND kind = $3;

-- name: take_bells
UPDATE doorbell d
SET due_at = now() + $1::interval
FROM (
    SELECT b.connection_id, b.stream, b.external_id
    FROM doorbell b JOIN connection c ON c.id = b.connection_id
    WHERE b.due_at <= now() AND c.state = 'active'
    ORDER BY b.due_at
    LIMIT $2
    FOR UPDATE OF b SKIP LOCKED
) AS due
WHERE (d.connection_id, d.stream, d.external_id) = (due.connection_id, due.stream, due.external_id)
RETURNING d.connection_id, d.tenant_id, d.stream, d.external_id, d.parent_id, d.reason, d.rung_at, d.failures;

-- name: answer_bell
-- Rung again since: it stays, and is due at once.
WITH still AS (
    UPDATE doorbell SET due_at = now()
    WHERE connection_id = $1 AND stream = $2 AND external_id = $3 AND rung_at > $4
)
DELETE FROM doorbell WHERE connection_id = $1 AND stream = $2 AND external_id = $3 AND rung_at <= $4;

-- name: postpone_bell
UPDATE doorbell SET due_at = now() + $4::interval, failures = failures + 1
WHERE connection_id = $1 AND stream = $2 AND external_id = $3;
