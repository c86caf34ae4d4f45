-- name: add_code
INSERT INTO site_pairing (id, tenant_id, code_hash, connection_id, site_url, name, signature_required, created_by,
                          expires_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, now() + $9::interval) RETURNING expires_at;

-- name: take_code
SELECT id, tenant_id, connection_id, site_url, name, signature_required, created_by,
       used_at IS NOT NULL OR expires_at <= now() AS over
FROM site_pairing WHERE code_hash = $1 FOR UPDATE;

-- name: use_code
UPDATE site_pairing SET used_at = now(), made_id = $2 WHERE id = $1;

-- name: codes
SELECT id, connection_id, site_url, created_at, created_by, expires_at, used_at, made_id
FROM site_pairing WHERE tenant_id = $1 ORDER BY created_at DESC LIMIT $2;

-- name: home
-- The connection that a site is known by, whichever of the connectors made it.
SELECT id, tenant_id, connector, name, state, account_uid, config, account, route_epoch FROM connection
WHERE tenant_id = $1 AND state <> 'revoked' AND connector = ANY($2::text[])
  AND (account_uid = $3 OR account ->> 'home_uid' = $3)
ORDER BY connector = $4, created_at LIMIT 1
FOR NO KEY UPDATE;

-- name: named
SELECT id, tenant_id, connector, name, state, account_uid, config, account, route_epoch FROM connection
WHERE tenant_id = $1 AND id = $2 AND state <> 'revoked' FOR NO KEY UPDATE;

-- name: hold
SELECT pg_advisory_xact_lock(hashtextextended($1, 0));

-- name: turn
UPDATE connection
SET connector = $3, name = $4, config = $5::jsonb, account = $6::jsonb, state = 'active', problem = NULL,
    changed_at = now()
WHERE tenant_id = $1 AND id = $2;

-- name: add_home
INSERT INTO connection (id, tenant_id, connector, name, state, account_uid, config, account)
VALUES ($1, $2, $3, $4, 'active', $5, $6::jsonb, $7::jsonb);

-- name: add_lane
INSERT INTO lane (id, tenant_id) VALUES ($1, $2) ON CONFLICT (id) DO NOTHING;
