-- name: connected_there
SELECT 1 FROM connection
WHERE tenant_id = $1 AND connector = $2 AND state <> 'revoked' AND id <> $4
  AND coalesce(account ->> 'home_uid', account_uid) = $3;

-- name: newest
SELECT external_id, made_at FROM record
WHERE tenant_id = $1 AND connection_id = $2 AND stream = $3 AND presence = 'live' AND made_at IS NOT NULL
ORDER BY coalesce(made_at, '-infinity') DESC, id DESC LIMIT $4;

-- name: move
UPDATE connection
SET config = jsonb_set(config, '{url}', $3::jsonb), account = $4::jsonb, problem = NULL, writes_stopped = NULL,
    changed_at = now()
WHERE tenant_id = $1 AND id = $2;
