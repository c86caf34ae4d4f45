-- name: put
INSERT INTO site_field AS f (id, tenant_id, connection_id, kind, path, type, key_id, sealed)
SELECT k.id, $1, $2, $3, k.path, k.type, $4, k.sealed
FROM unnest($5::uuid[], $6::text[], $7::text[], $8::bytea[]) AS k(id, path, type, sealed)
ON CONFLICT (connection_id, kind, path) DO UPDATE
SET id = EXCLUDED.id, type = EXCLUDED.type, key_id = EXCLUDED.key_id, sealed = EXCLUDED.sealed, seen_at = now();

-- name: hold
-- Two tellings of one connection do not meet in the middle.
SELECT 1 FROM connection WHERE tenant_id = $1 AND id = $2 FOR NO KEY UPDATE;

-- name: keep_newest
DELETE FROM site_field WHERE tenant_id = $1 AND connection_id = $2 AND id IN (
    SELECT id FROM site_field WHERE connection_id = $2 ORDER BY seen_at DESC, id DESC OFFSET $3);

-- name: list
SELECT id, kind, path, type, sealed, seen_at FROM site_field
WHERE tenant_id = $1 AND connection_id = $2 AND ($3::text IS NULL OR kind = $3) ORDER BY kind, path;
