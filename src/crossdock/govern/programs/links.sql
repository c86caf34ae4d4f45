-- name: add
INSERT INTO connect_link (id, tenant_id, connector, name, return_url, token_hash, made_by, expires_at)
SELECT $1, t.tenant_id, $3, $4, $5, $6, $7, now() + $8::interval FROM tenant t WHERE t.tenant_id = $2 AND t.ending_at IS NULL
RETURNING expires_at;

-- name: link
-- One link by its token, its state or its id, with what became of the page that the person was last sent to.
SELECT l.id, l.tenant_id, t.name AS tenant, l.connector, l.name, l.return_url, l.created_at, l.expires_at,
       l.revoked_at, l.connection_id, coalesce(l.connection_id, a.connection_id, o.made_id) AS made,
       l.expires_at <= now() AS late, l.trying_until > now() AS trying, l.way, l.state_hash,
       coalesce(a.used_at, o.used_at) > now() - interval '2 minutes' AS used,
       coalesce(a.problem, o.problem, l.problem) AS problem, coalesce(a.remedy, o.remedy, l.remedy) AS remedy
FROM connect_link l JOIN tenant t ON t.tenant_id = l.tenant_id
LEFT JOIN app_authorization a ON l.way = 'account' AND a.state_hash = l.state_hash AND a.tenant_id = l.tenant_id
LEFT JOIN oauth_request o ON l.way = 'oauth' AND o.state_hash = l.state_hash AND o.tenant_id = l.tenant_id
WHERE ($1::bytea IS NULL OR l.token_hash = $1) AND ($2::bytea IS NULL OR l.state_hash = $2)
  AND ($3::uuid IS NULL OR l.id = $3) AND ($4::uuid IS NULL OR l.tenant_id = $4 OR t.test_of = $4)
  AND ($5::uuid IS NULL OR l.id < $5)
ORDER BY l.id DESC LIMIT $6;

-- name: connected
UPDATE connect_link SET connection_id = $3, connected_at = now(), trying_until = NULL, problem = NULL, remedy = NULL
WHERE tenant_id = $1 AND id = $2 AND connection_id IS NULL;

-- name: try
-- One at a time, and none after one has connected.
UPDATE connect_link SET trying_until = now() + interval '90 seconds'
WHERE id = $1 AND tenant_id = $2 AND connection_id IS NULL AND revoked_at IS NULL AND expires_at > now()
  AND (trying_until IS NULL OR trying_until < now())
RETURNING way, state_hash;

-- name: tried
UPDATE connect_link SET trying_until = NULL, problem = $3, remedy = $4
WHERE id = $1 AND tenant_id = $2 AND connection_id IS NULL;

-- name: sent
UPDATE connect_link SET way = $3, state_hash = $4, trying_until = NULL, problem = NULL, remedy = NULL
WHERE id = $1 AND tenant_id = $2 AND connection_id IS NULL AND revoked_at IS NULL RETURNING id;

-- name: void_account
-- The page that the person was sent to before counts no more.
UPDATE app_authorization SET expires_at = now() WHERE tenant_id = $1 AND state_hash = $2 AND used_at IS NULL;

-- name: void_oauth
UPDATE oauth_request SET expires_at = now() WHERE tenant_id = $1 AND state_hash = $2 AND used_at IS NULL;

-- name: revoke
UPDATE connect_link l SET revoked_at = now() FROM tenant t
WHERE t.tenant_id = l.tenant_id AND ($1::uuid IS NULL OR l.tenant_id = $1 OR t.test_of = $1) AND l.id = $2
  AND l.revoked_at IS NULL AND l.connection_id IS NULL
RETURNING l.tenant_id, l.way, l.state_hash;

-- name: forget_old
DELETE FROM connect_link WHERE expires_at < now() - interval '90 days';
