-- name: subject
SELECT r.subject, r.stream, r.connection_id, r.external_id FROM record r WHERE r.tenant_id = $1 AND r.id = $2;

-- name: of_subject
-- Everything of one person, the newest first: accounts, orders, and whatever else was told of the address.
SELECT r.id AS record_id, r.connection_id, r.stream, r.external_id, r.code, r.parent_id, r.seq, r.presence, r.status,
       r.modified_at, r.made_at, r.contested, e.id AS event_id, e.recorded_at, e.type, e.body
FROM record r JOIN event e ON e.id = r.event_id
WHERE r.tenant_id = $1 AND r.subject = $2
ORDER BY r.placed_at DESC, r.id DESC LIMIT $3;

-- name: links_of
SELECT l.connection_id, l.object, l.key, l.external_id, l.changed_at
FROM link l WHERE l.tenant_id = $1 AND l.connection_id = ANY($2::uuid[]) AND l.key = ANY($3::text[])
ORDER BY l.changed_at DESC LIMIT 200;

-- name: kept_back
-- How often something of a person was not sent because permission was missing.
SELECT c.name AS destination, count(*) AS count, max(d.ended_at) AS at
FROM delivery_done d JOIN connection c ON c.id = d.lane_id
WHERE d.tenant_id = $1 AND d.record_id = ANY($2::uuid[]) AND d.state = 'skipped' AND d.rule = 'consent'
GROUP BY c.name ORDER BY c.name;

-- name: last_sent
-- The newest delivery of a person's records to each destination.
SELECT DISTINCT ON (d.lane_id) d.id, c.name AS destination, d.state, d.rule, d.ended_at, d.external_id
FROM delivery_done d JOIN connection c ON c.id = d.lane_id
WHERE d.tenant_id = $1 AND d.record_id = ANY($2::uuid[]) AND d.rule IS DISTINCT FROM 'superseded'
ORDER BY d.lane_id, d.ended_at DESC;
