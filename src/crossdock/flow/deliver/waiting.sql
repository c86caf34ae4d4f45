-- What people do with deliveries that wait. Records are locked first, as arrivals and replays lock them.

-- name: hurry
-- What failed and waits for its next try goes now; what waits for the time of its schedule stays.
UPDATE delivery d SET due_at = now()
FROM (SELECT l.id FROM delivery l
      WHERE l.tenant_id = $1 AND l.id = ANY($2::uuid[]) AND l.state = 'waiting' AND l.attempt > 0 AND l.due_at > now()
      ORDER BY l.id FOR UPDATE) AS k
WHERE d.id = k.id
RETURNING d.lane_id;

-- name: reprioritise
UPDATE delivery d SET priority = $3
FROM (SELECT l.id FROM delivery l
      WHERE l.tenant_id = $1 AND l.id = ANY($2::uuid[]) AND l.state = 'waiting' AND l.priority <> $3
      ORDER BY l.id FOR UPDATE) AS k
WHERE d.id = k.id
RETURNING d.lane_id;

-- name: records_of
SELECT DISTINCT d.record_id FROM delivery d
WHERE d.tenant_id = $1 AND d.id = ANY($2::uuid[]) AND d.state = 'waiting';

-- name: discard
WITH gone AS (
    DELETE FROM delivery d WHERE d.tenant_id = $1 AND d.id = ANY($2::uuid[]) AND d.state = 'waiting'
    RETURNING d.id, d.tenant_id, d.lane_id, d.route_id, d.record_id, d.event_id, d.seq, d.attempt, d.created_at, d.replay_id
), done AS (
    INSERT INTO delivery_done (id, tenant_id, lane_id, route_id, record_id, event_id, seq, state, rule, reason, attempts,
                               created_at, replay_id)
    SELECT g.id, g.tenant_id, g.lane_id, g.route_id, g.record_id, g.event_id, g.seq, 'skipped', 'discarded', $3, g.attempt,
           g.created_at, g.replay_id
    FROM gone g
)
SELECT g.lane_id, g.route_id, g.record_id FROM gone g;
