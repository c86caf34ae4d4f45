-- name: lock_records
-- The same order of locks as the ledger, so that a replay never waits for an arrival in a circle.
SELECT r.id, r.tenant_id, r.seq, r.event_id
FROM record r WHERE r.tenant_id = $1 AND r.id = ANY($2::uuid[])
ORDER BY r.connection_id, r.stream, r.external_id
FOR NO KEY UPDATE;

-- name: lock_deliveries
-- What is under way of these records. A pump that is completing one of them is waited for: it has looked for followers
-- already, and one that is added behind its back would never become a head.
SELECT d.id FROM delivery d WHERE d.record_id = ANY($1::uuid[]) ORDER BY d.id FOR UPDATE;

-- name: live_routes
SELECT r.id, r.destination_id, r.source_id, r.occurrence, r.stream, r.action FROM route r
WHERE r.tenant_id = $1 AND r.id = ANY($2::uuid[]) AND r.enabled;

-- name: newest_versions
SELECT m.route_id, max(m.version) AS version FROM mapping_version m
WHERE m.tenant_id = $1 AND m.route_id = ANY($2::uuid[]) GROUP BY m.route_id;

-- name: requeue
-- The record's present state goes out again; where a state waits already, that is enough.
INSERT INTO delivery (id, tenant_id, lane_id, route_id, record_id, event_id, seq, occurrence, priority, head,
                      mapping_version, replay_id)
SELECT k.id, k.tenant_id, k.lane_id, k.route_id, k.record_id, k.event_id, k.seq, false, $9,
       NOT EXISTS (SELECT 1 FROM delivery d WHERE d.route_id = k.route_id AND d.record_id = k.record_id),
       k.mapping_version, $10
FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::uuid[], $5::uuid[], $6::uuid[], $7::bigint[], $8::integer[])
     AS k(id, tenant_id, lane_id, route_id, record_id, event_id, seq, mapping_version)
WHERE NOT EXISTS (SELECT 1 FROM delivery d
                  WHERE d.route_id = k.route_id AND d.record_id = k.record_id AND d.state = 'waiting')
RETURNING id, lane_id;

-- name: by_version
-- A state that waits already goes out by the mapping that was asked for.
UPDATE delivery d SET mapping_version = k.mapping_version
FROM unnest($1::uuid[], $2::uuid[], $3::integer[]) AS k(route_id, record_id, mapping_version)
WHERE d.route_id = k.route_id AND d.record_id = k.record_id AND d.state = 'waiting' AND NOT d.occurrence
  AND k.mapping_version IS NOT NULL;

-- name: requeue_occurrences
-- A message goes out again as it was, behind what waits for the same record; of several the oldest goes first.
INSERT INTO delivery (id, tenant_id, lane_id, route_id, record_id, event_id, seq, occurrence, priority, head, replay_id)
SELECT k.id, k.tenant_id, k.lane_id, k.route_id, k.record_id, k.event_id, k.seq, true, $8,
       row_number() OVER (PARTITION BY k.route_id, k.record_id ORDER BY k.seq, k.id) = 1
       AND NOT EXISTS (SELECT 1 FROM delivery d WHERE d.route_id = k.route_id AND d.record_id = k.record_id),
       $9
FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::uuid[], $5::uuid[], $6::uuid[], $7::bigint[])
     AS k(id, tenant_id, lane_id, route_id, record_id, event_id, seq)
RETURNING id, lane_id;

-- name: lock_done
-- What may be delivered again: a dead letter once, nothing whose route is gone, nothing that a rule of privacy or of
-- loops has skipped.
SELECT d.id, d.tenant_id, d.lane_id, d.route_id, d.record_id, d.event_id, d.seq, d.state, r.occurrence
FROM unnest($2::uuid[]) AS k(id) JOIN delivery_done d ON d.id = k.id JOIN route r ON r.id = d.route_id AND r.enabled
WHERE d.tenant_id = $1 AND (d.state <> 'dead' OR NOT d.replayed)
  AND (d.state <> 'skipped' OR d.rule IN ('filter', 'historical', 'superseded', 'route-removed', 'discarded', 'held-back'))
ORDER BY d.id
FOR UPDATE OF d;

-- name: done_for_replay
SELECT d.id
FROM delivery_done d JOIN route r ON r.id = d.route_id AND r.enabled
WHERE d.tenant_id = $1
  AND ($2::text IS NULL OR (d.state = $2 AND NOT d.replayed))
  AND ($3::uuid IS NULL OR d.lane_id = $3)
  AND ($4::uuid IS NULL OR d.id >= $4) AND ($5::uuid IS NULL OR d.id < $5)
ORDER BY d.id
LIMIT $6;

-- name: mark_replayed
UPDATE delivery_done d SET replayed = true FROM unnest($1::uuid[]) AS k(id) WHERE d.id = k.id;

-- name: add_replay
INSERT INTO replay (id, tenant_id, key, asked_hash, asked, actor, until_id, place)
VALUES ($1, $2, $3, $4, $5::jsonb, $6, $7, '00000000-0000-0000-0000-000000000000')
ON CONFLICT (tenant_id, key) WHERE key IS NOT NULL DO NOTHING
RETURNING id;

-- name: turn
-- One asker at a time, so that two who ask for the same at once get one replay.
SELECT pg_advisory_xact_lock(hashtextextended('crossdock.replay:' || $1::uuid::text, 0));

-- name: same_key
SELECT p.id, p.asked_hash FROM replay p WHERE p.tenant_id = $1 AND p.key = $2;

-- name: same_under_way
SELECT p.id FROM replay p JOIN run r ON r.id = p.id
WHERE p.tenant_id = $1 AND p.asked_hash = $2 AND r.tenant_id = $1 AND r.state IN ('waiting', 'running') LIMIT 1;

-- name: add_run
INSERT INTO run (id, tenant_id, connection_id, kind, streams, asked, state)
VALUES ($1, $2, $3, 'replay', '{}', $4::jsonb, 'waiting');

-- name: connection_for
-- A run is shown with a connection: the one that was named, else the destination of a route it is about.
SELECT coalesce($2::uuid, (SELECT r.destination_id FROM route r
                           WHERE r.tenant_id = $1 AND ($3::uuid IS NULL OR r.id = $3)
                           ORDER BY r.enabled DESC, r.id LIMIT 1));

-- name: replay
SELECT p.id, p.asked, p.actor, p.until_id, p.place, p.seen, p.queued, p.found, p.created_at
FROM replay p WHERE p.tenant_id = $1 AND p.id = $2;

-- name: replays
SELECT p.id, p.asked, p.actor, p.seen, p.queued, p.created_at, r.state, r.problem, r.started_at, r.ended_at
FROM replay p LEFT JOIN run r ON r.id = p.id
WHERE p.tenant_id = $1 AND p.id < $2 ORDER BY p.id DESC LIMIT $3;

-- name: move
-- The place moves in the transaction that queues: after a crash nothing is queued twice, and nothing left out.
UPDATE replay SET place = $3, seen = seen + $4, queued = queued + $5, found = coalesce($6::jsonb, found)
WHERE tenant_id = $1 AND id = $2;

-- name: under_way
SELECT count(*) FROM (SELECT 1 FROM delivery d WHERE d.replay_id = $1 LIMIT $2) AS few;

-- name: outcomes
SELECT state, count(*) AS n FROM (
    SELECT d.state FROM delivery d WHERE d.replay_id = $1 AND d.tenant_id = $2
    UNION ALL
    SELECT d.state FROM delivery_done d WHERE d.replay_id = $1 AND d.tenant_id = $2
) AS x GROUP BY state;

-- name: range
-- The next ended deliveries of a range, the oldest first, by route.
SELECT d.id FROM unnest($2::uuid[]) AS k(route_id), unnest($3::text[]) AS s(state), LATERAL (
    SELECT l.id FROM delivery_done l
    WHERE l.route_id = k.route_id AND l.state = s.state AND l.tenant_id = $1 AND l.id > $4 AND l.id >= $5 AND l.id < $6
    ORDER BY l.id LIMIT $7) AS d
ORDER BY d.id LIMIT $7;

-- name: count_range
SELECT count(*) FROM delivery_done d
WHERE d.route_id = ANY($2::uuid[]) AND d.state = ANY($3::text[]) AND d.tenant_id = $1 AND d.id >= $4 AND d.id < $5;

-- name: worth
-- Of a range's chunk what has to go: messages each; of the states of one record only the last of the range, once. What
-- a rule of privacy or of loops has skipped stays skipped.
SELECT d.id FROM unnest($2::uuid[]) AS k(id) JOIN delivery_done d ON d.id = k.id JOIN route r ON r.id = d.route_id
WHERE d.tenant_id = $1
  AND ($5::text IS NULL OR (SELECT e.stream FROM record e WHERE e.id = d.record_id) = $5)
  AND ($6::uuid IS NULL OR d.record_id = $6) AND ($7::text IS NULL OR d.rule = $7)
  AND (d.state <> 'skipped' OR d.rule IN ('filter', 'historical', 'route-removed', 'discarded', 'held-back'))
  AND (r.occurrence OR NOT EXISTS (
      SELECT 1 FROM delivery_done n
      WHERE n.record_id = d.record_id AND n.route_id = d.route_id AND n.seq >= d.seq AND n.id > d.id AND n.id < $3
        AND n.state = ANY($4::text[]) AND (n.state <> 'dead' OR NOT n.replayed)
        AND (n.state <> 'skipped' OR n.rule IN ('filter', 'historical', 'route-removed', 'discarded', 'held-back'))))
ORDER BY d.id;

-- name: of_events
SELECT d.id FROM unnest($2::uuid[]) AS k(id)
     CROSS JOIN LATERAL (SELECT * FROM event l WHERE l.id = k.id OFFSET 0) AS e
     JOIN delivery_done d ON d.record_id = e.record_id AND d.event_id = e.id
WHERE d.tenant_id = $1 AND e.tenant_id = $1 AND d.id > $3
ORDER BY d.id LIMIT $4;

-- name: to_preview
-- What a replay would deliver: of states the record's present event, of messages the very event again.
SELECT d.id AS delivery_id, d.route_id, d.record_id, e.id, e.connection_id, e.stream, e.external_id, e.type, e.origin,
       e.presence, e.status, e.modified_at, e.recorded_at, e.hops, e.body
FROM unnest($2::uuid[]) AS k(id) JOIN delivery_done d ON d.id = k.id JOIN route r ON r.id = d.route_id AND r.enabled
     JOIN record c ON c.id = d.record_id
     CROSS JOIN LATERAL (SELECT * FROM event l
                         WHERE l.id = CASE WHEN r.occurrence THEN d.event_id ELSE c.event_id END OFFSET 0) AS e
WHERE d.tenant_id = $1;

-- name: to_make
SELECT e.id, e.record_id, e.connection_id, e.stream, e.external_id, e.type, e.origin, e.presence, e.status, e.modified_at,
       e.recorded_at, e.hops, e.body
FROM event e WHERE e.tenant_id = $1 AND e.id = $2;

-- name: last_written
-- What was written last of a record: its last delivered event, and the mapping it was written by.
SELECT DISTINCT ON (d.route_id, d.record_id) d.route_id, d.record_id, d.mapping_version, e.id, e.connection_id, e.stream,
       e.external_id, e.type, e.origin, e.presence, e.status, e.modified_at, e.recorded_at, e.hops, e.body
FROM unnest($2::uuid[], $3::uuid[]) AS k(route_id, record_id)
     JOIN delivery_done d ON d.route_id = k.route_id AND d.record_id = k.record_id AND d.state = 'delivered'
     CROSS JOIN LATERAL (SELECT * FROM event l WHERE l.id = d.event_id OFFSET 0) AS e
WHERE d.tenant_id = $1
ORDER BY d.route_id, d.record_id, d.seq DESC, d.id DESC;

-- name: routes
SELECT id, tenant_id, source_id, destination_id, stream, action, occurrence, historical, priority, types,
       skip_statuses, mapping_version, enabled
FROM route WHERE id = ANY($1::uuid[]);

-- name: links
SELECT l.object, l.key, l.external_id
FROM link l JOIN unnest($2::text[], $3::text[]) AS k(object, key) USING (object, key)
WHERE l.connection_id = $1;
