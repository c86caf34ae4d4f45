-- name: add_run
INSERT INTO run (id, tenant_id, connection_id, kind, streams, asked, state)
VALUES ($1, $2, $3, $4, $5, $6::jsonb, 'waiting')
ON CONFLICT (connection_id, kind) WHERE state IN ('waiting', 'running') AND kind NOT IN ('replay', 'invoice') DO NOTHING
RETURNING id;

-- name: run_under_way
SELECT id FROM run WHERE connection_id = $1 AND kind = $2 AND state IN ('waiting', 'running');

-- name: take_run
-- Due and nobody's, left by its owner, or stuck: an owner that beats without getting on is fenced by the new epoch.
-- One process reads a shop: two would not know of each other's requests, and each would take the other for visitors
-- whose shop is slow. $5: only beside a run that this process ($6) does already.
UPDATE run
SET owner = $1, epoch = run.epoch + 1, until = now() + $2::interval, state = 'running',
    started_at = coalesce(started_at, now()), progress_at = now()
WHERE run.id = (
    SELECT r.id FROM run r JOIN connection c ON c.id = r.connection_id
    WHERE r.state IN ('waiting', 'running') AND r.kind = ANY($4::text[]) AND r.due_at <= now()
      AND (r.until IS NULL OR r.until < now() OR r.progress_at < now() - $3::interval)
      AND (c.state = 'active' OR r.kind = 'replay')
      AND NOT EXISTS (
          SELECT 1 FROM run o
          WHERE o.connection_id = r.connection_id AND o.id <> r.id AND o.state = 'running' AND o.until > now()
            AND o.kind = ANY($7::text[]) AND r.kind = ANY($7::text[]) AND split_part(o.owner, '/', 1) <> $6)
      AND (NOT $5::boolean OR EXISTS (
          SELECT 1 FROM run o
          WHERE o.connection_id = r.connection_id AND o.id <> r.id AND o.state = 'running' AND o.until > now()
            AND split_part(o.owner, '/', 1) = $6))
    ORDER BY r.due_at LIMIT 1
    FOR UPDATE OF r SKIP LOCKED)
RETURNING id, tenant_id, connection_id, kind, streams, asked, epoch, failures, progress, errors, error_count;

-- name: keep_run
-- The beat says that the owner lives; only another progress says that the run gets on.
UPDATE run SET until = now() + $3::interval, progress = coalesce($4::jsonb, progress), errors = $5::jsonb,
               error_count = $6,
               progress_at = CASE WHEN progress IS DISTINCT FROM $4::jsonb THEN now() ELSE progress_at END
WHERE id = $1 AND epoch = $2 AND state = 'running' RETURNING id;

-- name: advance_run
-- Progress that commits with the work it tells of, or not at all.
UPDATE run SET until = now() + $3::interval, progress = $4::jsonb, progress_at = now(), errors = $5::jsonb,
               error_count = $6
WHERE id = $1 AND epoch = $2 AND state = 'running' RETURNING id;

-- name: fence_run
SELECT 1 FROM run WHERE id = $1 AND epoch = $2 AND state = 'running' FOR SHARE;

-- name: end_run
UPDATE run SET state = $3, ended_at = now(), until = NULL, owner = NULL, problem = $4, result = $5::jsonb,
               progress = coalesce($6::jsonb, progress), errors = $7::jsonb, error_count = $8
WHERE id = $1 AND epoch = $2 AND state = 'running';

-- name: cancel_run
-- Its owner finds out at its next heartbeat or commit, whichever comes first; what was committed stays.
UPDATE run SET state = 'cancelled', ended_at = now(), until = NULL, owner = NULL, problem = $3
WHERE tenant_id = $1 AND id = $2 AND state IN ('waiting', 'running')
RETURNING id;

-- name: plan_proofs
-- A proof a day for every store that is routed anywhere, in the small hours of its own day; a new store waits half a
-- day, a proof asked for by hand counts. Stores do not begin together: each waits its own part of the hour that is left.
SELECT c.id, c.tenant_id,
       (date_trunc('hour', now()) + interval '1 hour' - now())
           * (0.9 * (hashtextextended(c.id::text, extract(doy FROM now())::bigint) & 1023) / 1023.0) AS wait
FROM connection c
LEFT JOIN pg_timezone_names z ON z.name = c.account ->> 'time_zone'
WHERE c.state = 'active' AND c.created_at < now() - interval '12 hours' AND c.account ? 'gmt_offset'
  AND extract(hour FROM CASE WHEN z.name IS NOT NULL THEN now() AT TIME ZONE z.name
                             ELSE now() AT TIME ZONE 'UTC' + (c.account ->> 'gmt_offset')::float * interval '1 hour'
                        END) = $1
  AND EXISTS (SELECT 1 FROM route r
              WHERE r.source_id = c.id AND r.destination_id <> c.id AND r.enabled AND NOT r.occurrence)
  AND NOT EXISTS (SELECT 1 FROM run n
                  WHERE n.tenant_id = c.tenant_id AND n.connection_id = c.id AND n.kind = 'reconcile'
                    AND n.created_at > now() - interval '20 hours');

-- name: add_daily_proof
INSERT INTO run (id, tenant_id, connection_id, kind, streams, asked, state, due_at)
VALUES ($1, $2, $3, 'reconcile', '{}', '{"daily": true}', 'waiting', now() + $4::interval)
ON CONFLICT (connection_id, kind) WHERE state IN ('waiting', 'running') AND kind NOT IN ('replay', 'invoice') DO NOTHING
RETURNING id;

-- name: forget_runs
DELETE FROM run WHERE id IN (
    SELECT id FROM run WHERE ended_at < now() - $1::interval ORDER BY ended_at LIMIT 5000);

-- name: list_runs
SELECT r.id, r.connection_id, c.name AS connection, r.kind, r.streams, r.state, r.progress, r.problem, r.failures,
       r.asked, r.errors, r.error_count, r.created_at, r.started_at, r.ended_at
FROM run r JOIN connection c ON c.id = r.connection_id
WHERE r.tenant_id = $1 AND r.id < $2 AND ($3::text IS NULL OR r.kind = $3) AND ($4::text IS NULL OR r.state = $4)
  AND ($5::uuid IS NULL OR r.connection_id = $5) AND r.id >= $6
ORDER BY r.id DESC LIMIT $7;

-- name: one_run
SELECT r.id, r.connection_id, c.name AS connection, r.kind, r.streams, r.state, r.progress, r.problem, r.failures,
       r.asked, r.errors, r.error_count, r.created_at, r.started_at, r.ended_at, r.result
FROM run r JOIN connection c ON c.id = r.connection_id
WHERE r.tenant_id = $1 AND r.id = $2;

-- name: run_rates
SELECT r.connection_id, c.name AS connection, r.kind, count(*) AS ended,
       count(*) FILTER (WHERE r.state = 'done') AS done,
       count(*) FILTER (WHERE r.state = 'partial') AS partial,
       count(*) FILTER (WHERE r.state = 'failed') AS failed,
       count(*) FILTER (WHERE r.state = 'cancelled') AS cancelled,
       percentile_cont(0.5) WITHIN GROUP (ORDER BY extract(epoch FROM r.ended_at - r.started_at)) AS median_s,
       max(r.ended_at) FILTER (WHERE r.state = 'done') AS last_done_at
FROM run r JOIN connection c ON c.id = r.connection_id
WHERE r.tenant_id = $1 AND r.id >= $2 AND r.ended_at IS NOT NULL
GROUP BY r.connection_id, c.name, r.kind ORDER BY c.name, r.kind;

-- name: retry_run
UPDATE run SET until = NULL, owner = NULL, failures = failures + 1, due_at = now() + $3::interval, problem = $4
WHERE id = $1 AND epoch = $2 AND state = 'running';

-- name: put_off_run
UPDATE run SET until = NULL, owner = NULL, state = 'waiting', due_at = $3, problem = $4,
               progress = coalesce($5::jsonb, progress)
WHERE id = $1 AND epoch = $2 AND state = 'running';
