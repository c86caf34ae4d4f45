-- name: now
SELECT clock_timestamp();

-- name: depth_due
-- Whether a light reading is enough: there are records, and the last full proof of everything is young.
SELECT EXISTS (SELECT 1 FROM record WHERE connection_id = $1)
   AND EXISTS (SELECT 1 FROM proof p WHERE p.connection_id = $1 AND p.depth = 'full' AND p.whole AND p.began_at > now() - $2::interval);

-- name: known
SELECT r.external_id, r.stream, r.presence, r.status, r.contested, r.modified_at, r.seen_to, r.event_id, e.body,
       ARRAY(SELECT c.external_id FROM record c
             WHERE c.connection_id = r.connection_id AND c.stream = r.stream AND c.parent_id = r.external_id
               AND c.presence <> 'deleted') AS children
FROM record r JOIN event e ON e.id = r.event_id
WHERE r.connection_id = $1 AND r.stream = $2 AND r.external_id = ANY($3::text[]) AND r.presence <> 'deleted';

-- name: count_known
SELECT count(*) FROM record WHERE connection_id = $1 AND stream = $2 AND external_id = ANY($3::text[]);

-- name: count_records
SELECT count(*) FROM record
WHERE connection_id = $1 AND stream = ANY($2::text[]) AND parent_id IS NULL AND presence <> 'deleted';

-- name: stand
-- They stand as they are on record.
UPDATE record SET seen_to = $4
WHERE connection_id = $1 AND stream = $2 AND external_id = ANY($3::text[]) AND seen_to < $4;

-- name: list
INSERT INTO proof_seen (proof_id, tenant_id, stream, external_id)
SELECT $1, $2, $3, listed FROM unnest($4::text[]) AS listed
ON CONFLICT DO NOTHING;

-- name: ring_absent
-- Entities of ours that the sweep has not met: a GET decides whether they are gone.
WITH rung AS (
    INSERT INTO doorbell AS d (connection_id, stream, external_id, tenant_id, parent_id, reason)
    SELECT r.connection_id, r.stream, r.external_id, r.tenant_id, r.parent_id, 'absent from a sweep'
    FROM record r
    WHERE r.tenant_id = $1 AND r.connection_id = $2 AND r.stream = $3 AND r.presence <> 'deleted' AND r.seen_to < $4
      AND ($5::timestamptz IS NULL OR r.made_at >= $5) AND ($6::timestamptz IS NULL OR r.made_at < $6)
    ON CONFLICT (connection_id, stream, external_id) DO UPDATE SET due_at = least(d.due_at, now())
    RETURNING 1
)
SELECT count(*) FROM rung;

-- name: settle_listed
-- What a fresh reading has shown since the sweep began counts as listed; what it has shown to be gone does not.
WITH stands AS (
    INSERT INTO proof_seen (proof_id, tenant_id, stream, external_id)
    SELECT $1, $2, r.stream, r.external_id FROM record r
    WHERE r.tenant_id = $2 AND r.connection_id = $3 AND r.stream = $4 AND r.presence <> 'deleted' AND r.seen_to >= $5
      AND ($6::timestamptz IS NULL OR r.made_at >= $6) AND ($7::timestamptz IS NULL OR r.made_at < $7)
    ON CONFLICT DO NOTHING
    RETURNING 1
), left_out AS (
    DELETE FROM proof_seen l USING record r
    WHERE l.proof_id = $1 AND l.stream = $4 AND r.connection_id = $3 AND r.stream = l.stream
      AND r.external_id = l.external_id AND r.presence = 'deleted' AND r.seen_to >= $5
    RETURNING 1
)
SELECT (SELECT count(*) FROM stands) AS stands, (SELECT count(*) FROM left_out) AS left_out,
       (SELECT count(*) FROM record r JOIN event e ON e.id = r.event_id
        WHERE r.tenant_id = $2 AND r.connection_id = $3 AND r.stream = $4 AND r.presence = 'deleted'
          AND e.recorded_at >= $5) AS gone;

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
  AND ($6::timestamptz IS NULL OR r.made_at >= $6) AND ($7::timestamptz IS NULL OR r.made_at < $7)
ORDER BY r.id
LIMIT $5;

-- name: records_again
SELECT r.id AS record_id, r.external_id, r.stream, r.presence, r.status, r.seq, e.id, e.connection_id, e.type,
       e.origin, e.modified_at, e.recorded_at, e.hops, e.body, r.made_at
FROM record r JOIN event e ON e.id = r.event_id
WHERE r.tenant_id = $1 AND r.id = ANY($2::uuid[])
ORDER BY r.id;

-- name: endings
-- How the last delivery of each record on a route ended, and since when one is under way.
-- taken_by: the route's second destination, where it was that one which took it.
SELECT r.id AS record_id, last.state, last.rule,
       (SELECT c.name FROM connection c WHERE c.id = last.lane_id AND c.id <> $3 AND last.state = 'delivered') AS taken_by,
       (SELECT min(d.created_at) FROM delivery d WHERE d.record_id = r.id AND d.route_id = $2) AS pending
FROM record r
LEFT JOIN LATERAL (
    SELECT d.state, d.rule, d.lane_id FROM delivery_done d
    WHERE d.record_id = r.id AND d.route_id = $2 AND d.rule IS DISTINCT FROM 'superseded'
    ORDER BY d.seq DESC, d.id DESC LIMIT 1) AS last ON true
WHERE r.id = ANY($1::uuid[]);

-- name: in_store
SELECT count(*) FROM proof_seen WHERE proof_id = $1 AND stream = $2;

-- name: unrecorded
SELECT l.external_id FROM proof_seen l
WHERE l.proof_id = $1 AND l.stream = $2 AND l.external_id > $4
  AND NOT EXISTS (SELECT 1 FROM record r WHERE r.connection_id = $3 AND r.stream = l.stream AND r.external_id = l.external_id)
ORDER BY l.external_id LIMIT $5;

-- name: under_way
SELECT (SELECT count(*) FROM delivery d JOIN route r ON r.id = d.route_id
        WHERE r.source_id = $1 AND r.destination_id <> r.source_id AND NOT r.occurrence AND d.created_at <= $2) AS deliveries,
       (SELECT count(*) FROM doorbell b WHERE b.connection_id = $1 AND b.rung_at <= $2) AS doorbells;

-- name: except
INSERT INTO proof_exception (id, proof_id, tenant_id, destination_id, route_id, record_id, found_id, entity, external_id,
                             kind, what, bucket, rounds)
SELECT k.id, $1, $2, k.destination_id, k.route_id, k.record_id, k.found_id, k.entity, k.external_id, k.kind, k.what,
       k.bucket, k.rounds
FROM unnest($3::uuid[], $4::uuid[], $5::uuid[], $6::uuid[], $7::text[], $8::text[], $9::text[], $10::text[],
            $11::text[], $12::text[], $13::smallint[])
     AS k(id, destination_id, route_id, record_id, found_id, entity, external_id, kind, what, bucket, rounds);

-- name: open_pairs
WITH few AS (
    SELECT DISTINCT record_id FROM proof_exception
    WHERE proof_id = $1 AND destination_id = $2 AND state = 'open' AND kind <> 'duplicate' AND record_id > $3
    ORDER BY record_id LIMIT $4)
SELECT DISTINCT x.route_id, x.record_id, x.bucket FROM proof_exception x JOIN few USING (record_id)
WHERE x.proof_id = $1 AND x.destination_id = $2 AND x.state = 'open' AND x.kind <> 'duplicate'
ORDER BY x.record_id, x.route_id;

-- name: in_motion
-- Records that changed, or whose delivery was queued or ended, since a comparison of them began.
SELECT k.record_id
FROM unnest($2::uuid[], $3::bigint[]) AS k(record_id, seq) JOIN record r ON r.id = k.record_id
WHERE r.seq <> k.seq OR r.contested
   OR EXISTS (SELECT 1 FROM delivery d WHERE d.record_id = r.id AND d.route_id = $1 AND d.created_at > $4)
   OR EXISTS (SELECT 1 FROM delivery_done d WHERE d.record_id = r.id AND d.route_id = $1 AND d.ended_at >= $5);

-- name: repairable
SELECT DISTINCT route_id, record_id FROM proof_exception
WHERE proof_id = $1 AND state = 'open' AND record_id IS NOT NULL AND kind IN ('missing', 'drifted')
ORDER BY record_id, route_id;

-- name: sent_again
UPDATE proof_exception SET rounds = rounds + 1
WHERE proof_id = $1 AND state = 'open' AND record_id IS NOT NULL AND kind IN ('missing', 'drifted');

-- name: cleared
-- Looked at again: what was delivered meanwhile by this proof is repaired, what was only on its way was no exception.
WITH gone AS (
    DELETE FROM proof_exception x
    USING unnest($2::uuid[], $3::uuid[]) AS k(route_id, record_id)
    WHERE x.proof_id = $1 AND x.state = 'open' AND x.route_id = k.route_id AND x.record_id = k.record_id
      AND x.kind <> 'duplicate' AND (x.rounds = 0 OR $4)
)
UPDATE proof_exception x SET state = 'repaired'
FROM unnest($2::uuid[], $3::uuid[]) AS k(route_id, record_id)
WHERE NOT $4 AND x.proof_id = $1 AND x.state = 'open' AND x.rounds > 0
  AND x.kind <> 'duplicate' AND x.route_id = k.route_id AND x.record_id = k.record_id;

-- name: open_strays
-- What is looked at again by the ids of its records there.
SELECT id, what, found_id FROM proof_exception
WHERE proof_id = $1 AND destination_id = $2 AND state = 'open' AND kind IN ('unexpected', 'duplicate') AND id > $3
ORDER BY id LIMIT $4;

-- name: drop
DELETE FROM proof_exception WHERE id = ANY($1::uuid[]);

-- name: counts
SELECT route_id, entity, kind, count(DISTINCT external_id) AS entities, count(*) AS things
FROM proof_exception WHERE proof_id = $1 AND state = 'open'
GROUP BY route_id, entity, kind;

-- name: count_repaired
SELECT count(DISTINCT (route_id, record_id)) FROM proof_exception WHERE proof_id = $1 AND state = 'repaired';

-- name: first_open
SELECT x.entity, x.external_id, x.kind, x.what, c.name AS destination
FROM proof_exception x JOIN connection c ON c.id = x.destination_id
WHERE x.proof_id = $1 AND x.state = 'open' ORDER BY x.id LIMIT $2;

-- name: count_open
SELECT count(*) FROM proof_exception WHERE proof_id = $1 AND state = 'open';

-- name: still_pending
SELECT count(*) FROM delivery d JOIN route r ON r.id = d.route_id
WHERE r.source_id = $1 AND r.destination_id <> r.source_id AND NOT r.occurrence AND d.created_at <= $2;

-- name: moving
SELECT count(DISTINCT d.record_id) FROM delivery d JOIN route r ON r.id = d.route_id
WHERE r.source_id = $1 AND r.destination_id <> r.source_id AND NOT r.occurrence AND d.created_at > $2;

-- name: forget_listed
DELETE FROM proof_seen WHERE proof_id = $1;

-- name: forget_exceptions
DELETE FROM proof_exception WHERE proof_id = $1;

-- name: repair_costs
-- What this proof has had delivered: batches are attempts that ended in one commit.
SELECT count(DISTINCT a.delivery_id) AS deliveries, count(DISTINCT (a.lane_id, a.ended_at)) AS batches
FROM attempt a
WHERE a.tenant_id = $1 AND a.id >= $2 AND a.delivery_id IN (
    SELECT d.id FROM delivery_done d JOIN route r ON r.id = d.route_id JOIN event e ON e.id = d.event_id
    WHERE r.source_id = $3 AND NOT r.occurrence AND r.destination_id <> r.source_id AND d.created_at >= $4
      AND (e.origin = 'reconcile' OR (d.route_id, d.record_id) IN (
           SELECT x.route_id, x.record_id FROM proof_exception x WHERE x.proof_id = $5 AND x.rounds > 0)));

-- name: rounds
SELECT record_id, max(rounds) AS rounds FROM proof_exception
WHERE proof_id = $1 AND route_id = $2 AND record_id = ANY($3::uuid[]) AND state = 'open' GROUP BY record_id;

-- name: listed_by_day
-- When what the store lists was made, in quarters of an hour: no time zone's midnight cuts one.
SELECT date_bin('15 minutes', r.made_at, '2000-01-01') AS at, count(*) AS count
FROM proof_seen l JOIN record r ON r.connection_id = $2 AND r.stream = l.stream AND r.external_id = l.external_id
WHERE l.proof_id = $1 AND l.stream = $3 AND r.made_at IS NOT NULL AND ($4::timestamptz IS NULL OR r.made_at >= $4)
GROUP BY 1;

-- name: wrong_by_day
-- Records with exceptions by when they were made, each record once, by its worst open one.
SELECT date_bin('15 minutes', w.made_at, '2000-01-01') AS at, w.kind, w.bucket, w.state, count(*) AS count
FROM (SELECT DISTINCT ON (x.record_id) r.made_at, x.kind, x.bucket, x.state
      FROM proof_exception x JOIN record r ON r.id = x.record_id
      WHERE x.proof_id = $1 AND x.route_id = $2 AND r.made_at IS NOT NULL
        AND r.presence <> 'deleted'
      ORDER BY x.record_id, x.state <> 'open', array_position(ARRAY['missing', 'duplicate', 'drifted', 'dead'], x.kind)
     ) AS w
GROUP BY 1, 2, 3, 4;
