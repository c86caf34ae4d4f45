-- name: route_for_fallback
SELECT id, source_id, destination_id, stream, action FROM route WHERE tenant_id = $1 AND id = $2 AND enabled;

-- name: set_fallback
UPDATE route SET critical = $3, fallback_id = $4, fallback_action = $5, fallback_after_s = $6
WHERE tenant_id = $1 AND id = $2 AND enabled RETURNING id;

-- name: fallback
SELECT r.id, r.critical, r.fallback_id, f.name AS fallback, r.fallback_action, r.fallback_after_s
FROM route r LEFT JOIN connection f ON f.id = r.fallback_id
WHERE r.tenant_id = $1 AND r.enabled AND r.id = $2 AND (r.critical OR r.fallback_id IS NOT NULL);

-- name: stopped
-- Critical routes whose first lane has taken nothing for longer than they may wait, while their second one works.
SELECT r.id, r.tenant_id, r.destination_id, r.fallback_id
FROM route r
JOIN connection c ON c.id = r.destination_id JOIN lane l ON l.id = r.destination_id
JOIN connection f ON f.id = r.fallback_id JOIN lane n ON n.id = r.fallback_id
WHERE r.fallback_id IS NOT NULL AND r.critical AND r.enabled
  AND f.state = 'active' AND f.writes_stopped IS NULL AND n.breaker = 'closed'
  AND (c.state = 'broken' AND c.state_since <= now() - make_interval(secs => r.fallback_after_s)
       OR c.state = 'active' AND l.breaker <> 'closed'
          AND l.breaker_since <= now() - make_interval(secs => r.fallback_after_s));

-- name: lock_lane
-- Waits for a claim that is under way, and holds up the next: what it takes is taken, the rest is moved.
SELECT 1 FROM lane WHERE id = $1 FOR UPDATE;

-- name: move
-- What waits for the first lane and has surely had no effect there goes to the second one, with all that follows for the
-- same record; what an earlier attempt may have done stays, so that it is looked up where it may stand. What is not due
-- yet (a time was asked for) waits where it is.
WITH heads AS MATERIALIZED (
    SELECT d.route_id, d.record_id FROM delivery d
    WHERE d.lane_id = $1 AND d.route_id = $2 AND d.head AND d.state = 'waiting' AND NOT d.doubted
      AND (d.due_at <= now() OR d.attempt > 0)
    ORDER BY d.due_at LIMIT $4
), line AS MATERIALIZED (
    SELECT d.id FROM delivery d JOIN heads h ON h.route_id = d.route_id AND h.record_id = d.record_id
    WHERE d.lane_id = $1 AND d.state = 'waiting' AND NOT d.doubted
    ORDER BY d.id
    FOR UPDATE OF d
)
UPDATE delivery d
SET lane_id = $3, due_at = least(d.due_at, now()), failing_since = NULL, reason = 'the first destination has stopped'
FROM line WHERE d.id = line.id
RETURNING d.id;
