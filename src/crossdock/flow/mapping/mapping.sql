-- name: route
SELECT r.id, r.tenant_id, r.source_id, r.destination_id, r.stream, r.action, r.occurrence, r.historical, r.priority,
       r.types, r.skip_statuses, r.mapping_version, r.schedule, r.fallback_id, r.fallback_action
FROM route r WHERE r.tenant_id = $1 AND r.id = $2 AND r.ended_at IS NULL;

-- name: lock_route
SELECT r.mapping_version FROM route r WHERE r.tenant_id = $1 AND r.id = $2 AND r.ended_at IS NULL FOR UPDATE;

-- name: versions
SELECT m.version, m.note, m.actor, m.made_of, m.created_at
FROM mapping_version m WHERE m.tenant_id = $1 AND m.route_id = $2 AND m.version < $3
ORDER BY m.version DESC LIMIT $4;

-- name: version
SELECT m.version, m.document, m.note, m.actor, m.made_of, m.created_at
FROM mapping_version m WHERE m.tenant_id = $1 AND m.route_id = $2 AND m.version = $3;

-- name: newest
SELECT m.version, m.document, m.made_of FROM mapping_version m
WHERE m.tenant_id = $1 AND m.route_id = $2 ORDER BY m.version DESC LIMIT 1;

-- name: add_version
INSERT INTO mapping_version (id, tenant_id, route_id, version, document, note, actor, made_of)
VALUES ($1, $2, $3, $4, $5::jsonb, $6, $7, $8::jsonb);

-- name: activate
UPDATE route SET mapping_version = $3 WHERE tenant_id = $1 AND id = $2 RETURNING source_id;

-- name: bump
UPDATE connection SET route_epoch = route_epoch + 1 WHERE id = $1;

-- name: add_activation
INSERT INTO mapping_activation (id, tenant_id, route_id, version, before, back, actor, reason)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8);

-- name: activations
SELECT a.version, a.before, a.back, a.actor, a.reason, a.at
FROM mapping_activation a WHERE a.tenant_id = $1 AND a.route_id = $2 ORDER BY a.id DESC LIMIT 100;

-- name: way_back
-- What acted before the version that acts now was chosen.
SELECT a.before FROM mapping_activation a
WHERE a.tenant_id = $1 AND a.route_id = $2 AND a.version = $3 AND NOT a.back ORDER BY a.id DESC LIMIT 1;
