-- name: begin
INSERT INTO app_authorization (id, tenant_id, connector, state_hash, name, config, actor, expires_at)
VALUES ($1, $2, $3, $4, $5, $6::jsonb, $7, now() + $8::interval) RETURNING expires_at;

-- name: forget_old
DELETE FROM app_authorization WHERE expires_at < now() - interval '1 day';

-- name: use
-- Only one caller ever gets the row.
UPDATE app_authorization SET used_at = now()
WHERE state_hash = $1 AND connector = $2 AND used_at IS NULL AND expires_at > now()
RETURNING id, tenant_id, name, config, actor;

-- name: connected
UPDATE app_authorization SET connection_id = $2 WHERE id = $1;

-- name: refused
UPDATE app_authorization SET problem = $2, remedy = $3 WHERE id = $1;

-- name: by_state
SELECT a.tenant_id, a.used_at, a.expires_at, a.expires_at < now() AS late, a.connection_id, a.problem, a.remedy, c.name
FROM app_authorization a LEFT JOIN connection c ON c.id = a.connection_id
WHERE a.state_hash = $1 AND a.connector = $2;
