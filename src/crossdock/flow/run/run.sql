-- name: plan_pulls
-- Connections whose time has come; the next time is set at once, so that many schedulers make one run.
UPDATE checkpoint k
SET next_at = now() + $1::interval * (0.9 + 0.2 * random())
FROM connection c
WHERE c.id = k.connection_id AND c.state = 'active' AND k.stream = '*' AND k.kind = 'pull' AND k.next_at <= now()
RETURNING k.connection_id, k.tenant_id;

-- name: add_run
INSERT INTO run (id, tenant_id, connection_id, kind, streams, state)
VALUES ($1, $2, $3, $4, $5, 'queued')
ON CONFLICT (connection_id, kind) WHERE state IN ('queued', 'running') DO NOTHING
RETURNING id;

-- name: run_under_way
SELECT id FROM run WHERE connection_id = $1 AND kind = $2 AND state IN ('queued', 'running');

-- name: take_run
UPDATE run
SET owner = $1, epoch = run.epoch + 1, until = now() + $2::interval, state = 'running',
    started_at = coalesce(started_at, now())
WHERE run.id = (
    SELECT r.id FROM run r JOIN connection c ON c.id = r.connection_id
    WHERE r.state IN ('queued', 'running') AND r.due_at <= now() AND (r.until IS NULL OR r.until < now())
      AND c.state = 'active'
    ORDER BY r.due_at LIMIT 1
    FOR UPDATE OF r SKIP LOCKED)
RETURNING id, tenant_id, connection_id, kind, streams, epoch, failures, progress;

-- name: keep_run
UPDATE run SET until = now() + $3::interval, progress = coalesce($4::jsonb, progress)
WHERE id = $1 AND epoch = $2 AND state = 'running' RETURNING id;

-- name: fence_run
SELECT 1 FROM run WHERE id = $1 AND epoch = $2 AND state = 'running' FOR SHARE;

-- name: end_run
UPDATE run SET state = $3, ended_at = now(), until = NULL, owner = NULL, problem = $4, result = $5::jsonb,
               progress = coalesce($6::jsonb, progress)
WHERE id = $1 AND epoch = $2;

-- name: retry_run
UPDATE run SET until = NULL, owner = NULL, failures = failures + 1, due_at = now() + $3::interval, problem = $4
WHERE id = $1 AND epoch = $2;
