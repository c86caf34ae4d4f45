-- name: make
INSERT INTO tenant (tenant_id, slug, name, made_by, made_key, made_body) VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT DO NOTHING RETURNING tenant_id;

-- name: hold_made
SELECT tenant_id FROM tenant WHERE made_by = $1 AND made_key = $2 FOR UPDATE;

-- name: made_before
-- By the same platform key and Idempotency-Key.
SELECT t.tenant_id, t.made_body, t.first_key_id, k.used_at IS NULL AND k.revoked_at IS NULL AS unused
FROM tenant t LEFT JOIN api_key k ON k.tenant_id = t.tenant_id AND k.id = t.first_key_id
WHERE t.made_by = $1 AND t.made_key = $2;

-- name: keep_first_key
UPDATE tenant SET first_key_id = $2 WHERE tenant_id = $1;

-- name: drop_unused
UPDATE api_key SET revoked_at = now() WHERE tenant_id = $1 AND id = $2 AND used_at IS NULL RETURNING id;

-- name: list
SELECT t.tenant_id, t.slug, t.name, l.slug AS test_of, t.created_at, t.ending_at
FROM tenant t LEFT JOIN tenant l ON l.tenant_id = t.test_of
WHERE t.tenant_id > $1 ORDER BY t.tenant_id LIMIT $2;

-- name: one
-- By id or slug; where $3 is given, only that tenant itself or its test side.
SELECT t.tenant_id, t.slug, t.name, l.slug AS test_of, t.created_at, t.ending_at
FROM tenant t LEFT JOIN tenant l ON l.tenant_id = t.test_of
WHERE (t.tenant_id = $1 OR t.slug = $2) AND ($3::uuid IS NULL OR t.tenant_id = $3 OR t.test_of = $3);
