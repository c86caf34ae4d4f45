-- name: plan_watches
INSERT INTO watch (connection_id, tenant_id, next_at)
SELECT c.id, c.tenant_id, $2::timestamptz + interval '60 seconds' * (1 + random())
FROM connection c
WHERE c.connector = ANY($1::text[]) AND c.state IN ('active', 'broken')
ON CONFLICT (connection_id) DO NOTHING;

-- name: take_watch
-- One watch whose time has come. The next time is set at once, so that any number of processes make one watch.
UPDATE watch
SET owner = $1, epoch = watch.epoch + 1, until = $2::timestamptz + $3::interval, next_at = $2::timestamptz + $4::interval
WHERE watch.connection_id = (
    SELECT w.connection_id FROM watch w JOIN connection c ON c.id = w.connection_id
    WHERE c.state IN ('active', 'broken') AND w.next_at <= $2::timestamptz
      AND (w.until IS NULL OR w.until < $2::timestamptz)
    ORDER BY w.next_at LIMIT 1
    FOR UPDATE OF w SKIP LOCKED)
RETURNING connection_id, tenant_id, epoch, memory, strangers, stranger_site;

-- name: take_this
UPDATE watch
SET owner = $1, epoch = watch.epoch + 1, until = $2::timestamptz + $3::interval, next_at = $2::timestamptz + $4::interval
FROM connection c
WHERE watch.connection_id = $5 AND c.id = watch.connection_id AND c.state IN ('active', 'broken')
RETURNING connection_id, watch.tenant_id, epoch, memory, strangers, stranger_site;

-- name: fence_watch
SELECT 1 FROM watch WHERE connection_id = $1 AND epoch = $2 FOR UPDATE;

-- name: keep_watch
UPDATE watch SET until = $3::timestamptz WHERE connection_id = $1 AND epoch = $2 RETURNING 1;

-- name: leave_watch
UPDATE watch
SET owner = NULL, until = NULL, looked_at = $3, memory = $4::jsonb, next_at = least(next_at, $5::timestamptz)
WHERE connection_id = $1 AND epoch = $2;

-- name: hooks
SELECT topic, vendor_id, url, failed, refused, heard_at FROM hook
WHERE connection_id = $1 AND tenant_id = $2 ORDER BY topic, vendor_id;

-- name: told
-- Of the last days; the sums only grow within them.
SELECT coalesce(sum(count) FILTER (WHERE origin = 'webhook'), 0)::bigint AS webhook,
       coalesce(sum(count) FILTER (WHERE origin = 'pull' AND verdict = 'applied' AND stream IN ('order', 'product')), 0)
           ::bigint AS pulled,
       coalesce(sum(count) FILTER (WHERE verdict = 'rewound'), 0)::bigint AS rewound
FROM arrival_tally WHERE connection_id = $1 AND tenant_id = $2;

-- name: recorded
SELECT external_id, modified_at FROM record
WHERE connection_id = $1 AND tenant_id = $2 AND stream = $3 AND external_id = ANY($4::text[]);

-- name: standing
-- Which of these ids stand in our records.
SELECT external_id FROM record
WHERE connection_id = $1 AND tenant_id = $2 AND stream = $3 AND external_id = ANY($4::text[]) AND presence IN ('live', 'draft');

-- name: ring
INSERT INTO doorbell (connection_id, stream, external_id, tenant_id, reason)
SELECT $1, $2, e.id, $3, 'watch' FROM unnest($4::text[]) AS e(id)
ON CONFLICT (connection_id, stream, external_id)
DO UPDATE SET rung_at = clock_timestamp(), due_at = now();

-- name: set_flags
UPDATE connection
SET hooks_ok = $3, writes_stopped = $4, account = $5::jsonb,
    state = CASE WHEN state = 'active' AND $6::text IS NOT NULL THEN 'broken'
                 WHEN state = 'broken' AND $7::boolean THEN 'active' ELSE state END,
    problem = CASE WHEN $6::text IS NOT NULL THEN $6 WHEN state = 'broken' AND $7::boolean THEN NULL ELSE problem END,
    changed_at = now()
WHERE id = $1 AND tenant_id = $2 AND state IN ('active', 'broken')
  AND (hooks_ok, writes_stopped, account, state, problem) IS DISTINCT FROM
      ($3, $4, $5::jsonb,
       CASE WHEN state = 'active' AND $6::text IS NOT NULL THEN 'broken'
            WHEN state = 'broken' AND $7::boolean THEN 'active' ELSE state END,
       CASE WHEN $6::text IS NOT NULL THEN $6 WHEN state = 'broken' AND $7::boolean THEN NULL ELSE problem END)
RETURNING state;

-- name: see_finding
INSERT INTO finding AS f
    (id, tenant_id, connection_id, code, severity, cause, remedy, evidence, since, last_seen, repaired_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8::jsonb, $9, $9, $10)
ON CONFLICT (connection_id, code) WHERE resolved_at IS NULL
DO UPDATE SET severity = EXCLUDED.severity, cause = EXCLUDED.cause, remedy = EXCLUDED.remedy,
    evidence = EXCLUDED.evidence, last_seen = EXCLUDED.last_seen, seen = f.seen + 1,
    repaired_at = CASE WHEN EXCLUDED.repaired_at IS NULL THEN NULL ELSE coalesce(f.repaired_at, EXCLUDED.repaired_at) END
RETURNING f.seen = 1 AS fresh;

-- name: resolve_findings
-- What others found (a loop that was ended) no look can see; it ends by itself.
UPDATE finding SET resolved_at = $4
WHERE tenant_id = $1 AND connection_id = $2 AND resolved_at IS NULL AND NOT (code = ANY($3::text[]))
  AND code <> 'ping-pong'
RETURNING code, repaired_at IS NOT NULL AS repaired;

-- name: resolve_loops
UPDATE finding SET resolved_at = clock_timestamp()
WHERE code = 'ping-pong' AND resolved_at IS NULL AND last_seen < clock_timestamp() - interval '30 minutes';

-- name: findings
SELECT f.id, f.code, f.severity, f.cause, f.remedy, f.evidence, f.seen, f.since, f.last_seen, f.repaired_at,
       f.resolved_at, f.connection_id, c.name AS connection
FROM finding f JOIN connection c ON c.id = f.connection_id
WHERE f.tenant_id = $1 AND ($2::uuid IS NULL OR f.connection_id = $2) AND ($3::boolean OR f.resolved_at IS NULL)
ORDER BY f.resolved_at IS NOT NULL, f.since DESC
LIMIT $4;

-- name: gap_filled
UPDATE watch SET memory = memory || '{"gap": ""}' WHERE connection_id = $1 AND epoch = $2;

-- name: health
SELECT c.hooks_ok, c.writes_stopped, w.looked_at
FROM connection c LEFT JOIN watch w ON w.connection_id = c.id
WHERE c.tenant_id = $1 AND c.id = $2;

-- name: begin_anew
UPDATE checkpoint SET cursor = NULL, changed_at = now()
WHERE connection_id = $1 AND tenant_id = $2 AND kind = 'pull' AND stream <> '*';
