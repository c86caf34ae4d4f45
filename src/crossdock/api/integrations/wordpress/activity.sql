-- What a site told and what became of it. Pages are found by ids through an index and then shown.

-- name: window
-- The newest of a connection among the next so many of all events: their ids are in the order of time, and no index
-- by connection is paid for by every arrival. `low` is where the look ended; a shorter page than asked goes on there.
WITH looked AS MATERIALIZED (
    SELECT e.id, e.tenant_id, e.connection_id, e.stream, e.type FROM event e WHERE e.id < $3 ORDER BY e.id DESC LIMIT $6
), mine AS (
    SELECT l.id FROM looked l
    WHERE l.tenant_id = $1 AND l.connection_id = $2 AND l.stream = ANY($4::text[])
          AND ($7::text IS NULL OR l.type = $7)
    ORDER BY l.id DESC LIMIT $5
)
SELECT ARRAY(SELECT m.id FROM mine m ORDER BY m.id DESC) AS ids,
       (SELECT min(l.id::text)::uuid FROM looked l) AS low, (SELECT count(*) FROM looked) AS looked;

-- name: of_records
-- The newest events of some records.
SELECT e.id FROM unnest($2::uuid[]) AS k(id), LATERAL (
    SELECT l.id FROM event l WHERE l.record_id = k.id AND l.tenant_id = $1 AND l.connection_id = $3 AND l.id < $4
    ORDER BY l.seq DESC LIMIT $5) AS e
ORDER BY e.id DESC LIMIT $5;

-- name: by_entity
SELECT r.id FROM record r
WHERE r.tenant_id = $1 AND r.connection_id = $2 AND r.stream = $3 AND r.external_id = $4;

-- name: by_words
-- Records that a search names: by the site's id, the number or SKU, or a person's address (as its keyed hash).
SELECT r.id FROM record r
WHERE r.tenant_id = $1 AND r.connection_id = $2 AND r.stream = ANY($3::text[]) AND r.external_id = $4
UNION
SELECT r.id FROM record r
WHERE r.tenant_id = $1 AND r.connection_id = $2 AND r.stream = ANY($3::text[]) AND r.code = $4 AND r.code <> ''
UNION
SELECT r.id FROM record r
WHERE r.tenant_id = $1 AND r.subject = $5 AND $5::bytea IS NOT NULL AND r.connection_id = $2
      AND r.stream = ANY($3::text[])
LIMIT 50;

-- name: live
-- Deliveries that are under way, the newest first, by route.
SELECT d.id, d.event_id FROM unnest($2::uuid[]) AS k(route_id), LATERAL (
    SELECT l.event_id, l.id FROM delivery l
    WHERE l.route_id = k.route_id AND l.tenant_id = $1 AND l.id < $3 AND l.state = ANY($5::text[])
    ORDER BY l.id DESC LIMIT $4) AS d
ORDER BY d.id DESC LIMIT $4;

-- name: ended
-- Deliveries that ended so, the newest first, by route.
SELECT d.id, d.event_id FROM unnest($2::uuid[]) AS k(route_id), LATERAL (
    SELECT l.event_id, l.id FROM delivery_done l
    WHERE l.route_id = k.route_id AND l.state = $5 AND l.tenant_id = $1 AND l.id < $3
    ORDER BY l.id DESC LIMIT $4) AS d
ORDER BY d.id DESC LIMIT $4;

-- name: routes
SELECT r.id, r.stream, r.action, r.destination_id FROM route r WHERE r.tenant_id = $1 AND r.source_id = $2;

-- name: show
SELECT e.id, e.type, e.stream, e.external_id, e.record_id, e.origin, e.modified_at, e.recorded_at, e.seq, r.code
FROM unnest($3::uuid[]) AS k(id), LATERAL (SELECT * FROM event l WHERE l.id = k.id OFFSET 0) AS e
     LEFT JOIN record r ON r.id = e.record_id AND r.tenant_id = $1
WHERE e.tenant_id = $1 AND e.connection_id = $2
ORDER BY e.id DESC;

-- name: deliveries
-- All of these events, live or ended; the routes are the connection's own.
SELECT d.id, d.event_id, d.record_id, d.state, NULL::text AS rule, d.reason, d.attempt AS attempts,
       NULL::text AS external_id, d.due_at AS at, d.route_id, o.action, o.destination_id
FROM delivery d JOIN route o ON o.id = d.route_id AND o.source_id = $2
WHERE d.tenant_id = $1 AND d.record_id = ANY($3::uuid[]) AND d.event_id = ANY($4::uuid[])
UNION ALL
SELECT d.id, d.event_id, d.record_id, d.state, d.rule, d.reason, d.attempts, d.external_id, d.ended_at, d.route_id,
       o.action, o.destination_id
FROM delivery_done d JOIN route o ON o.id = d.route_id AND o.source_id = $2
WHERE d.tenant_id = $1 AND d.record_id = ANY($3::uuid[]) AND d.event_id = ANY($4::uuid[])
ORDER BY 1;

-- name: destinations
SELECT c.id, c.name, c.connector, c.account FROM connection c WHERE c.tenant_id = $1 AND c.id = ANY($2::uuid[]);

-- name: links
SELECT l.connection_id, l.object, l.key, l.external_id FROM link l
WHERE l.tenant_id = $1 AND l.connection_id = ANY($2::uuid[]) AND l.object = ANY($3::text[]) AND l.key = ANY($4::text[]);

-- name: attempts
SELECT a.delivery_id, a.number, a.step, a.outcome, a.code, a.reason, a.took_ms, a.ended_at
FROM unnest($2::uuid[]) AS k(id), LATERAL (
    SELECT * FROM attempt l WHERE l.delivery_id = k.id AND l.tenant_id = $1 ORDER BY l.id LIMIT 50) AS a
ORDER BY a.delivery_id, a.id;
