-- name: grant
SELECT g.tenant_id, g.app_id, g.generation, g.sealed, g.problem, g.life_s,
       extract(epoch FROM g.expires_at - now())::float8 AS left_s
FROM oauth_grant g WHERE g.connection_id = $1;

-- name: lease
-- One caller at a time renews a generation. A lease that has ended belongs to somebody who died: its call may have used
-- the token up, and is counted in asks.
UPDATE oauth_grant SET lease_id = $3, lease_until = now() + $4::interval, asks = asks + 1,
                       asked_at = coalesce(asked_at, now())
WHERE connection_id = $1 AND generation = $2 AND problem IS NULL AND (lease_until IS NULL OR lease_until < now())
RETURNING tenant_id, app_id, sealed, scopes, asks, asked_at, now() AS at;

-- name: swap
-- The new tokens, unless somebody else's came first.
UPDATE oauth_grant SET generation = generation + 1, key_id = $3, sealed = $4, issued_at = $5,
                       expires_at = $5::timestamptz + $6::interval, life_s = extract(epoch FROM $6::interval), scopes = $7,
                       lease_id = NULL, lease_until = NULL, asks = 0, asked_at = NULL, changed_at = now()
WHERE connection_id = $1 AND generation = $2 RETURNING generation;

-- name: unlease
-- Given up. $4: nothing was done over there, so this call counts for nothing.
UPDATE oauth_grant SET lease_id = NULL, lease_until = NULL, asks = asks - $4::integer,
                       asked_at = CASE WHEN asks > $4::integer THEN asked_at END
WHERE connection_id = $1 AND generation = $2 AND lease_id = $3;

-- name: end
UPDATE oauth_grant SET problem = $3, lease_id = NULL, lease_until = NULL, changed_at = now()
WHERE connection_id = $1 AND generation = $2 RETURNING tenant_id;

-- name: break
UPDATE connection SET state = 'broken', problem = $2, changed_at = now()
WHERE id = $1 AND state = 'active' RETURNING tenant_id;

-- name: app
SELECT a.connector, a.client_id, a.sealed, c.config
FROM oauth_app a, connection c WHERE a.id = $1 AND c.id = $2;

-- name: due
-- Tokens that end soon, whether anybody uses them or not: a grant that was withdrawn is noticed before it is needed.
SELECT g.connection_id, c.connector, g.generation, g.life_s, extract(epoch FROM g.expires_at - now())::float8 AS left_s
FROM oauth_grant g JOIN connection c ON c.id = g.connection_id
WHERE c.state IN ('active', 'paused') AND g.problem IS NULL AND g.renewable
  AND g.expires_at < now() + make_interval(secs => least($1::float8, g.life_s / 4))
  AND (g.lease_until IS NULL OR g.lease_until < now())
ORDER BY g.expires_at LIMIT $2;

-- name: put
INSERT INTO oauth_grant AS g (connection_id, tenant_id, app_id, key_id, sealed, scopes, missing, issued_at, expires_at,
                              life_s, renewable, granted_by)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $8::timestamptz + $9::interval, extract(epoch FROM $9::interval), $10, $11)
ON CONFLICT (connection_id) DO UPDATE
SET app_id = EXCLUDED.app_id, generation = g.generation + 1, key_id = EXCLUDED.key_id, sealed = EXCLUDED.sealed,
    scopes = EXCLUDED.scopes, missing = EXCLUDED.missing, issued_at = EXCLUDED.issued_at,
    expires_at = EXCLUDED.expires_at, life_s = EXCLUDED.life_s, renewable = EXCLUDED.renewable, granted_by = EXCLUDED.granted_by, granted_at = now(),
    lease_id = NULL, lease_until = NULL, asks = 0, asked_at = NULL, problem = NULL, changed_at = now();

-- name: pair
SELECT app_id, sealed FROM oauth_grant WHERE connection_id = $1;
