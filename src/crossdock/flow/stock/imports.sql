-- name: keep_part
INSERT INTO import_part (run_id, number, tenant_id, body) VALUES ($1, $2, $3, $4);

-- name: parts
SELECT body FROM import_part WHERE run_id = $1 AND tenant_id = $2 AND number = $3;

-- name: drop_parts
DELETE FROM import_part WHERE run_id = $1 AND tenant_id = $2;

-- name: forget_parts
DELETE FROM import_part p
WHERE p.made_at < now() - $1::interval
  AND NOT EXISTS (SELECT 1 FROM run r WHERE r.id = p.run_id AND r.state IN ('waiting', 'running'));
