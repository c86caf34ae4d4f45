-- name: keep
INSERT INTO proof_found AS f (proof_id, tenant_id, object, external_id, match, key, body)
SELECT $1, $2, k.object, k.external_id, k.match, k.key, k.body
FROM unnest($3::text[], $4::text[], $5::bytea[], $6::text[], $7::bytea[]) AS k(object, external_id, match, key, body)
ON CONFLICT (proof_id, object, external_id, match) DO NOTHING;

-- name: stored_by_key
SELECT object, external_id, key, body FROM proof_found WHERE proof_id = $1 AND object = $2 AND key = ANY($3::text[]);

-- name: stored_by_match
SELECT object, external_id, key, body FROM proof_found
WHERE proof_id = $1 AND object = $2 AND match = ANY($3::bytea[]) AND body IS NOT NULL;

-- name: stored_by_id
SELECT object, external_id, key, body FROM proof_found
WHERE proof_id = $1 AND object = $2 AND external_id = ANY($3::text[]) AND body IS NOT NULL;

-- name: asked
SELECT DISTINCT match FROM proof_found WHERE proof_id = $1 AND object = $2 AND match = ANY($3::bytea[]);

-- name: met
UPDATE proof_found f SET met = true
FROM unnest($2::text[], $3::text[]) AS k(object, external_id)
WHERE f.proof_id = $1 AND f.object = k.object AND f.external_id = k.external_id AND NOT f.met;

-- name: strays
SELECT object, key, external_id FROM proof_found
WHERE proof_id = $1 AND NOT met AND starts_with(key, $2) AND (object, external_id) > ($3, $4)
ORDER BY object, external_id LIMIT $5;

-- name: links_of
SELECT l.object, l.key, l.external_id FROM link l
JOIN unnest($2::text[], $3::text[]) AS k(object, key) USING (object, key)
WHERE l.connection_id = $1;

-- name: forget_found
DELETE FROM proof_found WHERE proof_id = $1;
