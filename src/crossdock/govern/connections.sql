-- name: connection
SELECT id, tenant_id, connector, name, state, account_uid, config, account, route_epoch, writes_stopped
FROM connection WHERE id = $1;

-- name: secrets
SELECT id, name, sealed FROM credential WHERE connection_id = $1;

-- name: site_secrets
-- What a site that runs the plugin is called with: key and secret, sealed together.
SELECT id, sealed FROM site_key WHERE connection_id = $1 AND revoked_at IS NULL ORDER BY created_at, id;

-- name: of_app
-- The accounts that are told of by one app of a vendor, of every tenant that has the app's secret. Who was let in by
-- consent to an app of the tenant has that app's secret.
SELECT c.id, a.id AS oauth_app_id, a.sealed
FROM connection c LEFT JOIN oauth_grant g ON g.connection_id = c.id LEFT JOIN oauth_app a ON a.id = g.app_id
WHERE c.connector = $1 AND c.config ->> 'app_id' = $2 AND c.state <> 'revoked' ORDER BY c.id LIMIT $3;

-- name: tenant_by_slug
SELECT tenant_id, slug, name FROM tenant WHERE slug = $1;

-- name: tenants
SELECT t.tenant_id, t.slug, t.name, t.created_at, t.ending_at, l.slug AS test_of
FROM tenant t LEFT JOIN tenant l ON l.tenant_id = t.test_of
WHERE $1::uuid IS NULL OR t.tenant_id = $1
ORDER BY t.created_at, t.tenant_id;

-- name: rename_tenant
UPDATE tenant SET name = $2 WHERE tenant_id = $1 RETURNING tenant_id;

-- name: test_side
SELECT t.tenant_id FROM tenant t WHERE t.test_of = $1 OR (t.tenant_id = $1 AND t.test_of IS NOT NULL);

-- name: side_slug
SELECT slug FROM tenant WHERE test_of = $1;

-- name: add_test_side
-- Of a tenant whose end is being asked for at this moment there is none afterwards.
INSERT INTO tenant (tenant_id, slug, name, test_of)
SELECT $2, $3, left(l.name, 190) || ' (test)', l.tenant_id FROM tenant l
WHERE l.tenant_id = $1 AND l.ending_at IS NULL FOR KEY SHARE
ON CONFLICT DO NOTHING RETURNING tenant_id;

-- name: add_tenant
INSERT INTO tenant (tenant_id, slug, name) VALUES ($1, $2, $3) ON CONFLICT (slug) DO NOTHING RETURNING tenant_id;

-- name: list_connections
SELECT c.id, c.tenant_id, c.connector, c.name, c.state, c.account_uid, c.config, c.account, c.route_epoch, c.problem,
       c.created_at
FROM connection c WHERE c.tenant_id = $1 AND c.state <> 'revoked' ORDER BY c.created_at;

-- name: add_connection
INSERT INTO connection (id, tenant_id, connector, name, state, account_uid, config, account)
VALUES ($1, $2, $3, $4, $5, $6, $7::jsonb, $8::jsonb)
ON CONFLICT (tenant_id, connector, account_uid) WHERE state <> 'revoked' DO NOTHING
RETURNING id;

-- name: moved_here
-- An account that moved to the address of a new one is the same account.
SELECT 1 FROM connection
WHERE tenant_id = $1 AND connector = $2 AND state <> 'revoked' AND id <> $4 AND account ->> 'home_uid' = $3;

-- name: add_lane
INSERT INTO lane (id, tenant_id) VALUES ($1, $2) ON CONFLICT (id) DO NOTHING;

-- name: add_schedule
-- The regular pulls of a source. The first comes a little later, so that a backfill asked for at once begins alone.
INSERT INTO checkpoint (connection_id, stream, kind, tenant_id, next_at)
VALUES ($1, '*', 'pull', $2, now() + interval '60 seconds')
ON CONFLICT (connection_id, stream, kind) DO NOTHING;

-- name: set_state
UPDATE connection SET state = $3, problem = $4, changed_at = now()
WHERE id = $2 AND tenant_id = $1 AND state <> 'revoked' RETURNING id;

-- name: set_account
UPDATE connection SET account = $3::jsonb, changed_at = now() WHERE id = $2 AND tenant_id = $1;

-- name: put_secret
INSERT INTO credential AS c (id, tenant_id, connection_id, name, key_id, sealed)
VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT (connection_id, name) DO UPDATE
SET id = EXCLUDED.id, key_id = EXCLUDED.key_id, sealed = EXCLUDED.sealed, generation = c.generation + 1,
    changed_at = now();

-- name: add_hook
INSERT INTO hook (id, tenant_id, connection_id, topic, vendor_id, url) VALUES ($1, $2, $3, $4, $5, $6);

-- name: hooks
SELECT topic, vendor_id, url FROM hook WHERE connection_id = $1 ORDER BY topic;

-- name: end_hooks
DELETE FROM hook WHERE connection_id = $1;

-- name: end_secrets
WITH granted AS (DELETE FROM oauth_grant WHERE connection_id = $1),
     keys AS (UPDATE site_key SET revoked_at = now(), sealed = NULL WHERE connection_id = $1 AND revoked_at IS NULL),
     samples AS (DELETE FROM site_field WHERE connection_id = $1)
DELETE FROM credential WHERE connection_id = $1;

-- name: end_keys
DELETE FROM credential WHERE connection_id = $1 AND name = ANY($2::text[]);

-- name: end_grant
DELETE FROM oauth_grant WHERE connection_id = $1;

-- name: end_routes
UPDATE route SET enabled = false, ended_at = now()
WHERE tenant_id = $1 AND $2 IN (source_id, destination_id) AND ended_at IS NULL
RETURNING id, source_id;

-- name: left_behind
UPDATE connection SET left_behind = $2::jsonb WHERE id = $1;

-- name: config_for_change
SELECT name, config FROM connection WHERE tenant_id = $1 AND id = $2 AND state <> 'revoked' FOR UPDATE;

-- name: name_taken
SELECT count(*) FROM connection WHERE tenant_id = $1 AND id <> $2 AND name = $3 AND state <> 'revoked';

-- name: set_config
UPDATE connection SET name = coalesce($3, name), config = $4::jsonb, changed_at = now()
WHERE tenant_id = $1 AND id = $2;

-- name: drop_setting
UPDATE connection SET config = config - $3::text, changed_at = now() WHERE tenant_id = $1 AND id = $2;

-- name: put_setting
UPDATE connection SET config = jsonb_set(config, ARRAY[$3::text], to_jsonb($4::text)), changed_at = now()
WHERE tenant_id = $1 AND id = $2;

-- name: add_route
INSERT INTO route (id, tenant_id, source_id, destination_id, stream, action, occurrence, historical, priority, types,
                   skip_statuses, schedule)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12::jsonb)
ON CONFLICT (source_id, destination_id, stream, action) WHERE enabled DO NOTHING
RETURNING id;

-- name: has_route
-- A route from an account to itself, switched on or off by a person.
SELECT true FROM route
WHERE tenant_id = $1 AND source_id = $2 AND destination_id = $2 AND stream = $3 AND action = $4 AND ended_at IS NULL
LIMIT 1;

-- name: bump_routes
UPDATE connection SET route_epoch = route_epoch + 1, changed_at = now() WHERE id = $1;

-- name: list_routes
SELECT r.id, r.source_id, r.destination_id, s.name AS source, d.name AS destination, r.stream, r.action, r.occurrence,
       r.historical, r.priority, r.types, r.skip_statuses, r.schedule, r.mapping_version, r.enabled,
       r.fallback_id, f.name AS fallback, r.fallback_action, r.fallback_after_s
FROM route r JOIN connection s ON s.id = r.source_id JOIN connection d ON d.id = r.destination_id
LEFT JOIN connection f ON f.id = r.fallback_id
WHERE r.tenant_id = $1 AND r.ended_at IS NULL AND ($2::uuid IS NULL OR r.id = $2)
  AND (r.source_id <> r.destination_id OR r.id = $2)  -- not those that carry the hub's wishes
ORDER BY r.created_at, r.id;

-- name: change_route
UPDATE route SET historical = coalesce($3, historical), priority = coalesce($4, priority), types = coalesce($5, types),
                 skip_statuses = coalesce($6, skip_statuses),
                 schedule = CASE WHEN $7::boolean THEN $8::jsonb ELSE schedule END
WHERE tenant_id = $1 AND id = $2 AND ended_at IS NULL
RETURNING source_id, occurrence;

-- name: switch_route
UPDATE route SET enabled = $3 WHERE tenant_id = $1 AND id = $2 AND ended_at IS NULL RETURNING source_id;

-- name: end_work
-- Nobody will read there any more. A replay reads nothing there, and ends by itself; what others have done stays.
WITH bells AS (
    DELETE FROM doorbell WHERE tenant_id = $1 AND connection_id = $2
)
UPDATE run SET state = 'cancelled', ended_at = now(), until = NULL, owner = NULL,
               problem = 'its connection was disconnected'
WHERE tenant_id = $1 AND connection_id = $2 AND kind <> 'replay' AND state IN ('waiting', 'running');

-- name: end_lane
-- What waits for a connection that has ended is due now: it ends. What a pump has at hand it puts back itself.
WITH lane AS (
    UPDATE lane SET due_at = now(), held_priority = NULL, held_until = NULL, breaker_until = NULL
    WHERE tenant_id = $1 AND id = $2
), late AS (
    SELECT id FROM delivery
    WHERE tenant_id = $1 AND lane_id = $2 AND head AND state = 'waiting' AND due_at > now()
    ORDER BY id FOR UPDATE SKIP LOCKED
)
UPDATE delivery d SET due_at = now() FROM late WHERE d.id = late.id;

-- name: replan_route
-- What waits for a time asks the new schedule for it; what waits for anything on a route that is off ends.
WITH late AS (
    SELECT d.id FROM route r JOIN delivery d ON d.route_id = r.id AND d.lane_id = r.destination_id
    WHERE r.tenant_id = $1 AND r.id = $2 AND d.head AND d.state = 'waiting' AND d.due_at > now()
      AND (d.attempt = 0 OR NOT r.enabled)
    ORDER BY d.id FOR UPDATE OF d
)
UPDATE delivery d SET due_at = now() FROM late WHERE d.id = late.id;

-- name: remove_route
UPDATE route SET enabled = false, ended_at = now() WHERE tenant_id = $1 AND id = $2 AND ended_at IS NULL
RETURNING source_id;

-- name: vault_keys
SELECT key_id, check_value FROM vault_key ORDER BY created_at;

-- name: note_vault_key
INSERT INTO vault_key (key_id, check_value) VALUES ($1, $2) ON CONFLICT (key_id) DO NOTHING;
