-- name: begin
INSERT INTO oauth_request (id, tenant_id, connector, app_id, connection_id, asked_by, state_hash, key_id, sealed, name,
                           config, scopes, actor, expires_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11::jsonb, $12, $13, now() + $14::interval) RETURNING expires_at;

-- name: forget_old
DELETE FROM oauth_request WHERE expires_at < now() - interval '1 day';

-- name: use
-- Only one caller ever gets the row. Once the key that asked is revoked or has expired, its question is void.
UPDATE oauth_request r SET used_at = now()
WHERE r.state_hash = $1 AND r.used_at IS NULL AND r.expires_at > now()
  AND (r.asked_by IS NULL OR EXISTS (SELECT 1 FROM api_key k WHERE k.id = r.asked_by AND k.revoked_at IS NULL
                                     AND (k.expires_at IS NULL OR k.expires_at > now())))
RETURNING r.id, r.tenant_id, r.connector, r.app_id, r.connection_id, r.sealed, r.name, r.config, r.scopes, r.actor,
          now() AS at;

-- name: made
UPDATE oauth_request SET made_id = $2 WHERE id = $1;

-- name: refused
UPDATE oauth_request SET problem = $2, remedy = $3 WHERE id = $1;

-- name: by_state
SELECT r.tenant_id, r.used_at, r.expires_at < now() AS late, r.made_id, r.problem, r.remedy, c.name
FROM oauth_request r LEFT JOIN connection c ON c.id = r.made_id WHERE r.state_hash = $1;

-- name: grant
SELECT g.app_id, a.name AS app, g.scopes, g.missing, g.expires_at, g.issued_at, g.granted_at, g.granted_by, g.problem,
       g.generation, g.renewable
FROM oauth_grant g JOIN oauth_app a ON a.id = g.app_id WHERE g.tenant_id = $1 AND g.connection_id = $2;

-- name: app_of
SELECT app_id FROM oauth_grant WHERE tenant_id = $1 AND connection_id = $2;
