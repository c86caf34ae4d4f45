-- name: add
INSERT INTO oauth_app (id, tenant_id, connector, name, client_id, key_id, sealed, scopes)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (tenant_id, connector, name) DO NOTHING RETURNING id;

-- name: list
SELECT a.id, a.connector, a.name, a.client_id, a.scopes, a.created_at, a.changed_at,
       (SELECT count(*) FROM oauth_grant g WHERE g.app_id = a.id) AS connections
FROM oauth_app a WHERE a.tenant_id = $1 AND ($2::uuid IS NULL OR a.id = $2) ORDER BY a.connector, a.name;

-- name: change
UPDATE oauth_app SET name = coalesce($3, name), client_id = coalesce($4, client_id), key_id = coalesce($5, key_id),
                     sealed = coalesce($6, sealed), scopes = CASE WHEN $7 THEN $8::text[] ELSE scopes END,
                     changed_at = now()
WHERE tenant_id = $1 AND id = $2 RETURNING id;

-- name: remove
DELETE FROM oauth_app a WHERE a.tenant_id = $1 AND a.id = $2
  AND NOT EXISTS (SELECT 1 FROM oauth_grant g WHERE g.app_id = a.id) RETURNING a.id;

-- name: secret
SELECT connector, name, client_id, sealed, scopes FROM oauth_app WHERE tenant_id = $1 AND id = $2;
