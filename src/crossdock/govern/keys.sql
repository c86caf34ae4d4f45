-- name: side
-- A tenant whose end is being asked for at this moment gets no key afterwards.
SELECT test_of IS NOT NULL AS test FROM tenant WHERE tenant_id = $1 AND ending_at IS NULL FOR KEY SHARE;

-- name: add_key
INSERT INTO api_key (id, tenant_id, name, key_hash, scopes, expires_at, made_by, replaces)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8);

-- name: key
SELECT k.id, k.tenant_id, k.name, k.scopes, k.expires_at, t.slug, t.name AS tenant, t.test_of IS NOT NULL AS test,
       k.used_at IS NULL OR k.used_at < now() - interval '1 minute' AS unseen
FROM api_key k JOIN tenant t ON t.tenant_id = k.tenant_id
WHERE k.key_hash = $1 AND k.revoked_at IS NULL AND (k.expires_at IS NULL OR k.expires_at > now());

-- name: key_named
SELECT k.id, k.tenant_id, k.name, k.scopes, k.expires_at, t.slug, t.name AS tenant, t.test_of IS NOT NULL AS test,
       k.used_at IS NULL OR k.used_at < now() - interval '1 minute' AS unseen
FROM api_key k JOIN tenant t ON t.tenant_id = k.tenant_id
WHERE k.id = $1 AND k.revoked_at IS NULL AND (k.expires_at IS NULL OR k.expires_at > now());

-- name: used
-- Processes that note the same keys at once leave each other alone.
WITH seen AS (
    SELECT id FROM api_key
    WHERE id = ANY($1::uuid[]) AND (used_at IS NULL OR used_at < now() - interval '1 minute')
    ORDER BY id FOR NO KEY UPDATE SKIP LOCKED
)
UPDATE api_key k SET used_at = now() FROM seen WHERE k.id = seen.id;

-- name: list_keys
-- A tenant's keys, and those of its test side.
SELECT k.id, k.name, k.scopes, t.test_of IS NOT NULL AS test, k.made_by, k.created_at, k.used_at, k.expires_at,
       k.revoked_at, k.replaces
FROM api_key k JOIN tenant t ON t.tenant_id = k.tenant_id
WHERE (k.tenant_id = $1 OR t.test_of = $1) AND ($2::uuid IS NULL OR k.id = $2)
ORDER BY k.created_at, k.id;

-- name: revoke_key
UPDATE api_key k SET revoked_at = now() FROM tenant t
WHERE t.tenant_id = k.tenant_id AND (k.tenant_id = $1 OR t.test_of = $1) AND k.id = $2 AND k.revoked_at IS NULL
RETURNING k.tenant_id;

-- name: hold_key
-- Of those who rotate it at once, each sees what the one before it has made.
SELECT k.id FROM api_key k JOIN tenant t ON t.tenant_id = k.tenant_id
WHERE (k.tenant_id = $1 OR t.test_of = $1) AND k.id = $2
FOR UPDATE OF k;

-- name: key_to_rotate
SELECT k.id, k.tenant_id, k.name, k.scopes, k.created_at, k.expires_at,
       k.revoked_at IS NOT NULL OR coalesce(k.expires_at <= now(), false) AS over,
       EXISTS (SELECT FROM api_key n WHERE n.tenant_id = k.tenant_id AND n.replaces = k.id) AS rotated
FROM api_key k JOIN tenant t ON t.tenant_id = k.tenant_id
WHERE (k.tenant_id = $1 OR t.test_of = $1) AND k.id = $2;

-- name: end_key_at
UPDATE api_key SET expires_at = least(expires_at, $3) WHERE tenant_id = $1 AND id = $2;
