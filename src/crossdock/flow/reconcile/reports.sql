-- name: now
SELECT clock_timestamp();

-- name: keep
INSERT INTO proof (id, tenant_id, connection_id, run_id, began_at, ended_at, ok, report, signature, depth, exceptions, whole)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12);

-- name: one
SELECT id, report, signature FROM proof WHERE tenant_id = $1 AND id = $2;

-- name: listed
SELECT p.id, p.connection_id, c.name, p.run_id, p.ok, p.began_at, p.ended_at, p.depth, p.exceptions
FROM proof p JOIN connection c ON c.id = p.connection_id
WHERE p.tenant_id = $1 AND ($2::uuid IS NULL OR p.connection_id = $2) AND p.id < $3
ORDER BY p.id DESC LIMIT $4;

-- name: forget_broken
-- Exceptions of proofs that were broken off before they were told.
DELETE FROM proof_exception x WHERE x.tenant_id = $1 AND x.proof_id < $2
  AND NOT EXISTS (SELECT 1 FROM proof p WHERE p.id = x.proof_id);

-- name: forget_working
DELETE FROM proof_seen WHERE tenant_id = $1 AND proof_id < $2;

-- name: forget_found
DELETE FROM proof_found WHERE tenant_id = $1 AND proof_id < $2;

-- name: put_first
UPDATE run SET asked = $3::jsonb, due_at = now(), problem = NULL
WHERE tenant_id = $1 AND connection_id = $2 AND kind = 'reconcile' AND state = 'waiting'
  AND asked ->> 'daily' = 'true';

-- name: forget
DELETE FROM proof WHERE id < $1;

-- name: forget_told
DELETE FROM proof_exception WHERE proof_id < $1;
