-- Deliveries as people look for them. Pages are found by their ids alone (an index each), then shown.

-- name: routes_named
SELECT r.id, r.destination_id FROM route r
WHERE r.tenant_id = $1 AND ($2::uuid IS NULL OR $2 IN (r.source_id, r.destination_id))
  AND ($3::uuid IS NULL OR r.id = $3) AND ($4::text IS NULL OR r.stream IN ($4, '*'));

-- name: find_live
-- What waits, the newest first, by route.
SELECT d.id FROM unnest($2::uuid[]) AS k(route_id), LATERAL (
    SELECT l.id FROM delivery l
    WHERE l.route_id = k.route_id AND l.tenant_id = $1 AND l.id < $4 AND l.id >= $5
      AND ($3::text IS NULL OR l.state = $3)
      AND ($6::text IS NULL OR (SELECT r.stream FROM record r WHERE r.id = l.record_id) = $6)
    ORDER BY l.id DESC LIMIT $7) AS d
ORDER BY d.id DESC LIMIT $7;

-- name: find_held
-- What a pump has in hand or in doubt: few, however much waits.
SELECT d.id FROM delivery d
WHERE d.lane_id = ANY($2::uuid[]) AND d.tenant_id = $1 AND d.state <> 'waiting' AND d.state = $4
  AND d.route_id = ANY($3::uuid[]) AND d.id < $5 AND d.id >= $6
  AND ($7::text IS NULL OR (SELECT r.stream FROM record r WHERE r.id = d.record_id) = $7)
ORDER BY d.id DESC LIMIT $8;

-- name: find_done
-- $8: ended by this rule; it is sought among the newest so many of each route and state, for no index has it.
SELECT d.id FROM unnest($2::uuid[]) AS k(route_id), unnest($3::text[]) AS s(state), LATERAL (
    SELECT n.id FROM (
        SELECT l.id, l.rule FROM delivery_done l
        WHERE l.route_id = k.route_id AND l.state = s.state AND l.tenant_id = $1 AND l.id < $4 AND l.id >= $5
          AND ($6::text IS NULL OR (SELECT r.stream FROM record r WHERE r.id = l.record_id) = $6)
        ORDER BY l.id DESC LIMIT CASE WHEN $8::text IS NULL THEN $7::bigint ELSE $9::bigint END) AS n
    WHERE $8 IS NULL OR n.rule = $8
    ORDER BY n.id DESC LIMIT $7::bigint) AS d
ORDER BY d.id DESC LIMIT $7::bigint;

-- name: find_done_of_tenant
SELECT d.id FROM unnest($2::text[]) AS s(state), LATERAL (
    SELECT l.id FROM delivery_done l
    WHERE l.tenant_id = $1 AND l.state = s.state AND l.id < $3 AND l.id >= $4
    ORDER BY l.id DESC LIMIT $5) AS d
ORDER BY d.id DESC LIMIT $5;

-- name: find_of_record
-- All of one record, live or ended; `event` narrows it.
SELECT x.id FROM (
    SELECT d.id, d.state, d.route_id FROM delivery d
    WHERE d.record_id = $2 AND d.tenant_id = $1 AND ($3::uuid IS NULL OR d.event_id = $3)
    UNION ALL
    SELECT d.id, d.state, d.route_id FROM delivery_done d
    WHERE d.record_id = $2 AND d.tenant_id = $1 AND ($3::uuid IS NULL OR d.event_id = $3) AND d.id >= $7 AND d.id < $6
) AS x
WHERE x.state = ANY($4::text[]) AND ($5::uuid[] IS NULL OR x.route_id = ANY($5)) AND x.id < $6 AND x.id >= $7
ORDER BY x.id DESC LIMIT $8;

-- name: record_of_event
SELECT e.record_id FROM event e WHERE e.tenant_id = $1 AND e.id = $2;

-- name: find_dead
-- Standing dead letters, the oldest first, by cause.
SELECT d.id FROM unnest($2::uuid[]) AS k(cause_id), LATERAL (
    SELECT l.id FROM delivery_done l
    WHERE l.tenant_id = $1 AND l.cause_id = k.cause_id AND l.state = 'dead' AND NOT l.replayed
      AND l.id > $4 AND l.id >= $5 AND l.id < $6 AND ($3::uuid[] IS NULL OR l.route_id = ANY($3))
      AND ($7::text IS NULL OR (SELECT r.stream FROM record r WHERE r.id = l.record_id) = $7)
    ORDER BY l.id LIMIT $8) AS d
ORDER BY d.id LIMIT $8;

-- name: causes
SELECT c.id FROM dead_cause c WHERE c.tenant_id = $1;

-- name: count_dead
SELECT count(*) FROM delivery_done d
WHERE d.tenant_id = $1 AND d.state = 'dead' AND NOT d.replayed AND d.cause_id = ANY($2::uuid[])
  AND ($3::uuid[] IS NULL OR d.route_id = ANY($3)) AND d.id >= $4 AND d.id < $5
  AND ($6::text IS NULL OR (SELECT r.stream FROM record r WHERE r.id = d.record_id) = $6);

-- name: groups
SELECT c.id AS cause_id, c.connector, c.code, c.field, c.rule, c.reason, g.lane_id, n.name AS connection,
       n.state AS connection_state, g.standing, g.oldest, g.newest, c.seen, c.first_at, c.last_at
FROM (
    SELECT d.cause_id, d.lane_id, count(*) AS standing, min(d.ended_at) AS oldest, max(d.ended_at) AS newest
    FROM delivery_done d
    WHERE d.tenant_id = $1 AND d.state = 'dead' AND NOT d.replayed
      AND ($2::uuid[] IS NULL OR d.cause_id = ANY($2)) AND ($3::uuid[] IS NULL OR d.route_id = ANY($3))
      AND d.id >= $4 AND d.id < $5
      AND ($6::text IS NULL OR (SELECT r.stream FROM record r WHERE r.id = d.record_id) = $6)
    GROUP BY d.cause_id, d.lane_id
) AS g
JOIN dead_cause c ON c.tenant_id = $1 AND c.id = g.cause_id
JOIN connection n ON n.id = g.lane_id
ORDER BY g.standing DESC, c.id, g.lane_id
LIMIT $7;

-- name: find_undelivered_live
-- The oldest first: what has waited longest.
SELECT d.id FROM unnest($2::uuid[]) AS k(route_id), LATERAL (
    SELECT l.id FROM delivery l
    WHERE l.route_id = k.route_id AND l.tenant_id = $1 AND l.id > $3 AND l.id < $4
      AND ($5::text IS NULL OR (SELECT r.stream FROM record r WHERE r.id = l.record_id) = $5)
    ORDER BY l.id LIMIT $6) AS d
ORDER BY d.id LIMIT $6;

-- name: show
-- $3, $4: the least and the greatest of the ids, so that only the days between them are opened.
SELECT d.id, d.state, NULL::text AS rule, d.reason, d.attempt AS attempts, NULL::text AS evidence,
       NULL::text AS at_destination, d.created_at, d.due_at, NULL::timestamptz AS ended_at, NULL::uuid AS cause_id,
       false AS replayed, d.replay_id, d.mapping_version, d.event_id, d.record_id, d.route_id, d.seq, d.occurrence,
       r.stream, r.external_id, r.code, o.action, s.id AS source_id, s.name AS source, c.id AS destination_id,
       c.name AS destination
FROM delivery d JOIN record r ON r.id = d.record_id JOIN route o ON o.id = d.route_id
     JOIN connection s ON s.id = o.source_id JOIN connection c ON c.id = o.destination_id
WHERE d.tenant_id = $1 AND d.id = ANY($2::uuid[])
UNION ALL
SELECT d.id, d.state, d.rule, d.reason, d.attempts, d.evidence, d.external_id, d.created_at, NULL, d.ended_at,
       d.cause_id, d.replayed, d.replay_id, d.mapping_version, d.event_id, d.record_id, d.route_id, d.seq, o.occurrence,
       r.stream, r.external_id, r.code, o.action, s.id, s.name, c.id, c.name
FROM unnest($2::uuid[]) AS k(id),
     LATERAL (SELECT * FROM delivery_done l WHERE l.id = k.id AND l.id >= $3 AND l.id <= $4 OFFSET 0) AS d
     JOIN record r ON r.id = d.record_id JOIN route o ON o.id = d.route_id
     JOIN connection s ON s.id = o.source_id JOIN connection c ON c.id = o.destination_id
WHERE d.tenant_id = $1;

-- name: types
SELECT e.id, e.type FROM unnest($2::uuid[]) AS k(id), LATERAL (SELECT * FROM event l WHERE l.id = k.id OFFSET 0) AS e
WHERE e.tenant_id = $1;

-- name: attempts
SELECT a.number, a.step, a.outcome, a.code, a.reason, a.detail, a.took_ms, a.ended_at FROM attempt a
WHERE a.tenant_id = $1 AND a.delivery_id = $2 AND a.id >= $3 AND a.id < $5
ORDER BY a.id LIMIT $4;

-- name: cause
SELECT c.id, c.connector, c.code, c.field, c.rule, c.reason, c.first_at, c.last_at, c.seen
FROM dead_cause c WHERE c.tenant_id = $1 AND c.id = $2;

-- name: discard
UPDATE delivery_done d SET state = 'skipped', rule = 'discarded', reason = $3
FROM (SELECT l.id FROM unnest($2::uuid[]) AS n(id) JOIN delivery_done l ON l.id = n.id
      WHERE l.tenant_id = $1 AND l.state = 'dead' AND NOT l.replayed
      ORDER BY l.id FOR UPDATE OF l) AS k
WHERE d.id = k.id
RETURNING d.id;
