-- name: add_run
INSERT INTO run (id, tenant_id, connection_id, kind, streams, state)
VALUES ($1, $2, $3, $4, $5, 'queued')
ON CONFLICT (connection_id, kind) WHERE state IN ('queued', 'running') DO NOTHING
RETURNING id;

-- name: run_under_way
SELECT id FROM run WHERE connection_id = $1 AND kind = $2 AND state IN ('queued', 'running');

-- name: take_run
-- Due and nobody's, left by its owner, or stuck: an owner that beats without getting on is fenced by the new epoch.
UPDATE run
SET owner = $1, epoch = run.epoch + 1, until = now() + $2::interval, state = 'running',
    started_at = coalesce(started_at, now()), progress_at = now()
WHERE run.id = (
    SELECT r.id FROM run r JOIN connection c ON c.id = r.connection_id
    WHERE r.state IN ('queued', 'running') AND r.due_at <= now() AND (r.until IS NULL OR r.until < now() OR r.progress_at < now() - $3::interval)
      AND c.state = 'active'
    ORDER BY r.due_at LIMIT 1
    FOR UPDATE OF r SKIP LOCKED)
RETURNING id, tenant_id, connection_id, kind, streams, epoch, failures, progress;

-- name: keep_run
-- The beat says that the owner lives; only another progress says that the run gets on.
UPDATE run SET until = now() + $3::interval, progress = coalesce($4::jsonb, progress),
               progress_at = CASE WHEN progress IS DISTINCT FROM $4::jsonb THEN now() ELSE progress_at END
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

-- name: put_off_run
UPDATE run SET until = NULL, owner = NULL, state = 'queued', due_at = $3, problem = $4,
               progress = coalesce($5::jsonb, progress)
WHERE id = $1 AND epoch = $2;
