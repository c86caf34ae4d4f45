-- name: plan_checks
-- A row for every connection that is checked and has none; its first check is within the next hour.
INSERT INTO connection_check (connection_id, tenant_id, next_at)
SELECT c.id, c.tenant_id, $2::timestamptz + $3::interval * random()
FROM connection c
WHERE c.connector = ANY($1::text[]) AND c.state IN ('active', 'broken')
ON CONFLICT (connection_id) DO NOTHING;

-- name: take_check
-- One that is due; what has been broken since its last check is looked at soon. While the day's quota is kept for live
-- traffic, nobody is asked. The next time is set at once, so that any number of processes make one check.
UPDATE connection_check AS k
SET owner = $1, epoch = k.epoch + 1, until = $2::timestamptz + $3::interval, next_at = $2::timestamptz + $4::interval
FROM connection c
WHERE c.id = k.connection_id AND k.connection_id = (
    SELECT n.connection_id
    FROM connection_check n JOIN connection o ON o.id = n.connection_id LEFT JOIN lane l ON l.id = o.id
    WHERE o.state IN ('active', 'broken') AND (n.until IS NULL OR n.until < $2::timestamptz)
      AND (l.held_until IS NULL OR l.held_until <= $2::timestamptz)
      AND (n.next_at <= $2::timestamptz
           OR (o.state = 'broken' AND o.state_since < $2::timestamptz - $5::interval
               AND (n.checked_at IS NULL OR n.checked_at < o.state_since)))
    ORDER BY n.next_at LIMIT 1
    FOR UPDATE OF n SKIP LOCKED)
RETURNING k.connection_id, k.tenant_id, k.epoch, k.misses, c.state;

-- name: leave_check
UPDATE connection_check
SET owner = NULL, until = NULL, checked_at = $3, next_at = $4, ok = $5, misses = $6, code = $7, problem = $8,
    requests = requests + $9
WHERE connection_id = $1 AND epoch = $2 RETURNING 1;

-- name: delivered_lately
-- Whether anything got through to it since a minute: then its account answers, whatever one check says.
SELECT EXISTS (SELECT 1 FROM lane_pace WHERE lane_id = $1 AND minute >= $2 AND bucket >= 0);

-- name: break_by_check
UPDATE connection SET state = 'broken', problem = $3, changed_at = now()
WHERE id = $1 AND tenant_id = $2 AND state = 'active' RETURNING 1;

-- name: checks
SELECT k.connection_id, c.name, c.state, k.checked_at, k.ok, k.misses, k.code, k.problem, k.requests, k.next_at
FROM connection_check k JOIN connection c ON c.id = k.connection_id
WHERE k.tenant_id = $1 AND c.state IN ('active', 'broken') ORDER BY c.name;
