-- name: lock_records
-- The same order of locks as the ledger, so that a replay never waits for an arrival in a circle.
SELECT r.id, r.tenant_id, r.seq, r.event_id
FROM record r WHERE r.tenant_id = $1 AND r.id = ANY($2::uuid[])
ORDER BY r.connection_id, r.stream, r.external_id
FOR NO KEY UPDATE;

-- name: live_routes
SELECT r.id, r.destination_id FROM route r
WHERE r.tenant_id = $1 AND r.id = ANY($2::uuid[]) AND r.enabled;

-- name: requeue
-- The record's present state goes out again; where a state waits already, that is enough.
INSERT INTO delivery (id, tenant_id, lane_id, route_id, record_id, event_id, seq, occurrence, priority, head)
SELECT k.id, k.tenant_id, k.lane_id, k.route_id, k.record_id, k.event_id, k.seq, false, 1,
       NOT EXISTS (SELECT 1 FROM delivery d WHERE d.route_id = k.route_id AND d.record_id = k.record_id)
FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::uuid[], $5::uuid[], $6::uuid[], $7::bigint[])
     AS k(id, tenant_id, lane_id, route_id, record_id, event_id, seq)
WHERE NOT EXISTS (SELECT 1 FROM delivery d
                  WHERE d.route_id = k.route_id AND d.record_id = k.record_id AND d.state = 'waiting')
RETURNING id, lane_id;

-- name: requeue_occurrences
-- A message goes out again as it was, behind what waits for the same record.
INSERT INTO delivery (id, tenant_id, lane_id, route_id, record_id, event_id, seq, occurrence, priority, head)
SELECT k.id, k.tenant_id, k.lane_id, k.route_id, k.record_id, k.event_id, k.seq, true, 1,
       NOT EXISTS (SELECT 1 FROM delivery d WHERE d.route_id = k.route_id AND d.record_id = k.record_id)
FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::uuid[], $5::uuid[], $6::uuid[], $7::bigint[])
     AS k(id, tenant_id, lane_id, route_id, record_id, event_id, seq)
RETURNING id, lane_id;

-- name: done_for_replay
SELECT d.id, d.tenant_id, d.lane_id, d.route_id, d.record_id, d.event_id, d.seq, r.occurrence
FROM delivery_done d JOIN route r ON r.id = d.route_id AND r.enabled
WHERE d.tenant_id = $1
  AND ($2::uuid[] IS NULL OR d.id = ANY($2::uuid[]))
  AND ($3::text IS NULL OR (d.state = $3 AND NOT d.replayed))
  AND ($4::uuid IS NULL OR d.lane_id = $4)
  AND ($5::uuid IS NULL OR d.id >= $5) AND ($6::uuid IS NULL OR d.id < $6)
ORDER BY d.id
LIMIT $7;

-- name: mark_replayed
UPDATE delivery_done SET replayed = true WHERE id = ANY($1::uuid[]);
