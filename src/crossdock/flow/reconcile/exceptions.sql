-- name: evidence
-- What is known of each exception: its record, the last event and webhook of it, its delivery.
SELECT x.id, x.entity, x.external_id, x.kind, x.what, x.state, x.rounds, x.record_id, x.found_id, c.name AS destination,
       r.presence, r.status, r.seen_to, r.modified_at, r.event_id, e.type AS event_type, e.origin,
       (SELECT max(w.recorded_at) FROM event w WHERE w.record_id = r.id AND w.origin = 'webhook') AS webhook_at,
       live.id AS live_id, live.state AS live_state, live.reason AS live_reason, live.attempt AS live_attempt,
       done.id AS done_id, done.state AS done_state, done.rule AS done_rule, done.reason AS done_reason,
       done.ended_at AS done_at, done.attempts AS done_attempts,
       (SELECT t.name FROM connection t WHERE t.id = done.lane_id AND t.id <> x.destination_id) AS taken_by
FROM (SELECT * FROM proof_exception WHERE proof_id = $1 AND id > $2 ORDER BY id LIMIT $3) x
JOIN connection c ON c.id = x.destination_id
LEFT JOIN record r ON r.id = x.record_id
LEFT JOIN event e ON e.id = r.event_id
LEFT JOIN LATERAL (
    SELECT d.id, d.state, d.reason, d.attempt FROM delivery d
    WHERE d.record_id = x.record_id AND d.route_id = x.route_id ORDER BY d.seq DESC LIMIT 1) live ON true
LEFT JOIN LATERAL (
    SELECT d.id, d.state, d.rule, d.reason, d.ended_at, d.attempts, d.lane_id FROM delivery_done d
    WHERE d.record_id = x.record_id AND d.route_id = x.route_id AND d.rule IS DISTINCT FROM 'superseded'
    ORDER BY d.seq DESC, d.id DESC LIMIT 1) done ON true
ORDER BY x.id;

-- name: findings
SELECT f.connection_id, f.code, f.since, f.cause FROM finding f
WHERE f.tenant_id = $1 AND f.resolved_at IS NULL
  AND (f.connection_id = $2 OR f.connection_id IN (SELECT destination_id FROM proof_exception WHERE proof_id = $3))
ORDER BY f.since;

-- name: tell
UPDATE proof_exception x SET told = k.told FROM unnest($2::uuid[], $3::text[]) AS k(id, told)
WHERE x.proof_id = $1 AND x.id = k.id;

-- name: page
SELECT id, told FROM proof_exception
WHERE tenant_id = $1 AND proof_id = $2 AND id > $3 AND told IS NOT NULL
  AND ($4::text IS NULL OR kind = $4) AND ($5::text IS NULL OR entity = $5) AND ($6::text IS NULL OR state = $6)
ORDER BY id LIMIT $7;

-- name: of_day
-- The exceptions of the orders of some time at one destination, the open ones first.
SELECT x.told FROM proof_exception x JOIN record r ON r.id = x.record_id
WHERE x.tenant_id = $1 AND x.proof_id = $2 AND x.destination_id = $3 AND x.entity = 'order' AND x.told IS NOT NULL
  AND r.made_at >= $4 AND r.made_at < $5
ORDER BY x.state <> 'open', x.id LIMIT $6;

-- name: pairs
-- What can be delivered again of a proof's exceptions: the routes and records of those that are named.
SELECT DISTINCT x.route_id, x.record_id FROM proof_exception x
WHERE x.tenant_id = $1 AND x.proof_id = $2 AND x.id = ANY($3::uuid[]) AND x.record_id IS NOT NULL
  AND x.kind IN ('missing', 'drifted', 'dead');
