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

-- name: calendar
-- What is known of each store's days: its newest proof of everything below a moment, and newer ones of some days.
SELECT p.id, p.connection_id, p.ended_at, p.depth, p.report::json ->> 'by_day' AS by_day,
       p.report::json #>> '{days,first}' AS first, p.report::json #>> '{days,last}' AS last
FROM connection c LEFT JOIN LATERAL (
    SELECT w.id FROM proof w WHERE w.connection_id = c.id AND w.tenant_id = $1 AND w.whole AND w.id < $2
    ORDER BY w.id DESC LIMIT 1) AS newest ON true, LATERAL (
    SELECT * FROM proof n WHERE n.connection_id = c.id AND n.tenant_id = $1 AND n.id < $2
      AND n.id >= coalesce(newest.id, '00000000-0000-0000-0000-000000000000')
    ORDER BY n.id DESC LIMIT 60) AS p
WHERE c.tenant_id = $1 AND (p.id = newest.id OR NOT p.whole)
ORDER BY p.id DESC;
