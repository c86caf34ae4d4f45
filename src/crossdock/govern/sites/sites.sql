-- name: key
SELECT k.id, k.tenant_id, k.connection_id, k.name, k.key_hash, k.sealed, k.signature_required, k.per_minute, k.site,
       k.site_at
FROM site_key k JOIN connection c ON c.id = k.connection_id
WHERE k.key_hash = $1 AND k.revoked_at IS NULL AND c.state <> 'revoked';

-- name: admit
-- One request of a key: counted in its minute, and its nonce kept. A minute begins with the first request in it; what is
-- over the limit is refused before its nonce is looked at, so that it may be sent again as it is.
WITH counted AS (
    UPDATE site_key
    SET window_count = CASE WHEN window_at <= now() - interval '1 minute' THEN 1
                            ELSE least(window_count, per_minute) + 1 END,
        window_at = CASE WHEN window_at <= now() - interval '1 minute' THEN now() ELSE window_at END,
        last_seen_at = now()
    WHERE id = $1 AND key_hash = $2 AND revoked_at IS NULL
    RETURNING id, tenant_id, per_minute, window_count,
              greatest(1, ceil(extract(epoch FROM window_at + interval '1 minute' - now())))::integer AS reset_s
), fresh AS (
    INSERT INTO site_nonce (site_key_id, nonce, tenant_id)
    SELECT id, $3, tenant_id FROM counted WHERE $3::text IS NOT NULL AND window_count <= per_minute
    ON CONFLICT (site_key_id, nonce) DO NOTHING
    RETURNING 1
)
SELECT c.per_minute, c.window_count, c.reset_s, EXISTS (SELECT 1 FROM fresh) AS fresh FROM counted c;

-- name: add_key
INSERT INTO site_key (id, tenant_id, connection_id, name, key_hash, key_id, sealed, signature_required, site, created_by)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9::jsonb, $10);

-- name: revoke_others
-- A site has one key: a new one ends those before it.
UPDATE site_key SET revoked_at = now(), sealed = NULL
WHERE tenant_id = $1 AND connection_id = $2 AND id <> $3 AND revoked_at IS NULL RETURNING id;

-- name: revoke
UPDATE site_key SET revoked_at = now(), sealed = NULL
WHERE tenant_id = $1 AND id = $2 AND revoked_at IS NULL RETURNING connection_id;

-- name: rotate
UPDATE site_key SET key_hash = $3, key_id = $4, sealed = $5
WHERE tenant_id = $1 AND id = $2 AND revoked_at IS NULL RETURNING id;

-- name: require
UPDATE site_key SET signature_required = coalesce($3, signature_required), per_minute = coalesce($4, per_minute)
WHERE tenant_id = $1 AND id = $2 AND revoked_at IS NULL RETURNING id;

-- name: list
SELECT k.id, k.connection_id, k.name, k.signature_required, k.per_minute, k.last_seen_at, k.site, k.site_at, k.created_at,
       k.created_by, k.revoked_at, c.name AS connection, c.connector, c.state
FROM site_key k JOIN connection c ON c.id = k.connection_id
WHERE k.tenant_id = $1 AND ($2::uuid IS NULL OR k.id = $2) AND (k.revoked_at IS NULL OR $3::boolean)
ORDER BY k.created_at, k.id;

-- name: learn
-- At most once a minute, whichever process hears it.
UPDATE site_key SET site = $2::jsonb, site_at = now()
WHERE id = $1 AND revoked_at IS NULL AND site_at < now() - interval '1 minute' RETURNING connection_id;

-- name: learn_account
-- What a home without REST keys ($5) knows of its site, it knows from the plugin ($3); any other is told where the plugin
-- answers ($4).
UPDATE connection c SET account = c.account || f.facts, changed_at = now()
FROM (SELECT CASE WHEN h.connector = $5 THEN $3::jsonb ELSE $4::jsonb END AS facts
      FROM connection h WHERE h.tenant_id = $1 AND h.id = $2) AS f
WHERE c.tenant_id = $1 AND c.id = $2 AND NOT (c.account @> f.facts);

-- name: forget_nonces
WITH gone AS (
    DELETE FROM site_nonce WHERE (site_key_id, nonce) IN (
        SELECT site_key_id, nonce FROM site_nonce WHERE at < now() - $1::interval ORDER BY at LIMIT $2)
    RETURNING 1
)
SELECT count(*) FROM gone;

-- name: forget_items
WITH gone AS (
    DELETE FROM site_item WHERE (connection_id, item) IN (
        SELECT connection_id, item FROM site_item WHERE at < now() - $1::interval ORDER BY at LIMIT $2)
    RETURNING 1
)
SELECT count(*) FROM gone;

-- name: forget_pairings
DELETE FROM site_pairing WHERE expires_at < now() - $1::interval;
