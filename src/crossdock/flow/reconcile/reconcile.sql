-- name: now
SELECT clock_timestamp();

-- name: ring_absent
-- Entities of ours that the sweep has not met: a GET decides whether they are gone.
INSERT INTO doorbell AS d (connection_id, stream, external_id, tenant_id, parent_id, reason)
SELECT r.connection_id, r.stream, r.external_id, r.tenant_id, r.parent_id, 'absent from a sweep'
FROM record r
WHERE r.tenant_id = $1 AND r.connection_id = $2 AND r.stream = $3 AND r.presence <> 'deleted' AND r.seen_to < $4
ON CONFLICT (connection_id, stream, external_id) DO UPDATE SET due_at = least(d.due_at, now())
RETURNING external_id;

-- name: state_routes
SELECT r.id, r.tenant_id, r.source_id, r.destination_id, r.stream, r.action, r.occurrence, r.historical, r.priority,
       r.types, r.skip_statuses, r.mapping_version
FROM route r
WHERE r.tenant_id = $1 AND r.source_id = $2 AND r.enabled AND NOT r.occurrence
  AND r.destination_id <> r.source_id  -- wishes: their proof is the store itself
ORDER BY r.destination_id, r.stream;

-- name: records_of
SELECT r.id AS record_id, r.external_id, r.stream, r.presence, r.status, r.seq, e.id, e.connection_id, e.type,
       e.origin, e.modified_at, e.recorded_at, e.hops, e.body, r.made_at
FROM record r JOIN event e ON e.id = r.event_id
WHERE r.tenant_id = $1 AND r.connection_id = $2 AND r.stream = $3 AND r.id > $4
ORDER BY r.id
LIMIT $5;

-- name: endings
-- How the last delivery of each record on a route ended; a record with a live delivery is pending.
SELECT r.id AS record_id, last.state, EXISTS (
           SELECT 1 FROM delivery d WHERE d.record_id = r.id AND d.route_id = $2) AS pending
FROM record r
LEFT JOIN LATERAL (
    SELECT d.state FROM delivery_done d
    WHERE d.record_id = r.id AND d.route_id = $2 AND d.rule IS DISTINCT FROM 'superseded'
    ORDER BY d.seq DESC, d.id DESC LIMIT 1) AS last ON true
WHERE r.id = ANY($1::uuid[]);

-- name: links_of
SELECT object, key, external_id FROM link
WHERE connection_id = $1 AND object = $2;

-- name: under_way
SELECT (SELECT count(*) FROM delivery d JOIN route r ON r.id = d.route_id WHERE r.source_id = $1) AS deliveries,
       (SELECT count(*) FROM doorbell b WHERE b.connection_id = $1) AS doorbells,
       (SELECT count(*) FROM run WHERE connection_id = $1 AND state IN ('waiting', 'running') AND kind <> 'reconcile') AS runs;
