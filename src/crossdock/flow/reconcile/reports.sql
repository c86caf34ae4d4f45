-- name: now
SELECT clock_timestamp();

-- name: keep
INSERT INTO proof (id, tenant_id, connection_id, run_id, began_at, ended_at, ok, report, signature)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9);

-- name: one
SELECT id, report, signature FROM proof WHERE tenant_id = $1 AND id = $2;

-- name: listed
SELECT p.id, p.connection_id, c.name, p.run_id, p.ok, p.began_at, p.ended_at
FROM proof p JOIN connection c ON c.id = p.connection_id
WHERE p.tenant_id = $1 AND ($2::uuid IS NULL OR p.connection_id = $2) AND p.id < $3
ORDER BY p.id DESC LIMIT $4;
