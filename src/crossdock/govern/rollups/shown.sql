-- name: rows
-- What was added up, and what has not been yet. $2: hour or day; NULL filters take all.
SELECT k.at, k.connection_id, k.route_id, k.kind, k.outcome, sum(k.count)::bigint AS count, max(k.last_at) AS last_at
FROM (
    SELECT r.at, r.connection_id, r.route_id, r.kind, r.outcome, r.count, r.last_at FROM rollup r
    WHERE r.tenant_id = $1 AND r.span = $2 AND r.at >= $3 AND r.at < $4
      AND ($5::uuid IS NULL OR r.connection_id = $5)
    UNION ALL
    SELECT date_trunc($2, d.hour, 'UTC'), d.connection_id,
           coalesce(d.route_id, '00000000-0000-0000-0000-000000000000'), d.kind, d.outcome, d.count, d.last_at
    FROM rollup_delta d
    WHERE d.tenant_id = $1 AND d.hour >= $3 AND d.hour < $4 AND ($5::uuid IS NULL OR d.connection_id = $5)
) AS k
WHERE ($6::uuid IS NULL OR k.route_id = $6) AND ($7::text IS NULL OR k.outcome = $7 OR k.outcome LIKE $7 || ':%')
GROUP BY k.at, k.connection_id, k.route_id, k.kind, k.outcome
ORDER BY k.at, k.connection_id, k.route_id, k.kind, k.outcome
LIMIT $8;

-- name: latencies
-- The latencies of the same, by bucket.
SELECT k.at, k.connection_id, k.route_id, k.kind, k.outcome, k.bucket, sum(k.n)::bigint AS n
FROM (
    SELECT r.at, r.connection_id, r.route_id, r.kind, r.outcome, (u.i - 1)::integer AS bucket, u.n
    FROM rollup r, unnest(r.sketch) WITH ORDINALITY AS u(n, i)
    WHERE r.tenant_id = $1 AND r.span = $2 AND r.at >= $3 AND r.at < $4 AND u.n > 0
      AND ($5::uuid IS NULL OR r.connection_id = $5)
    UNION ALL
    SELECT date_trunc($2, d.hour, 'UTC'), d.connection_id,
           coalesce(d.route_id, '00000000-0000-0000-0000-000000000000'), d.kind, d.outcome, u.bucket::integer, 1
    FROM rollup_delta d, unnest(d.buckets) AS u(bucket)
    WHERE d.tenant_id = $1 AND d.hour >= $3 AND d.hour < $4 AND ($5::uuid IS NULL OR d.connection_id = $5)
) AS k
WHERE ($6::uuid IS NULL OR k.route_id = $6) AND ($7::text IS NULL OR k.outcome = $7 OR k.outcome LIKE $7 || ':%')
GROUP BY k.at, k.connection_id, k.route_id, k.kind, k.outcome, k.bucket
ORDER BY k.bucket;

-- name: queue_is_small
SELECT pg_relation_size('delivery') <= 4194304 AS small, (SELECT r.done_at FROM round r WHERE r.name = 'count_queue') AS at;

-- name: live
SELECT d.lane_id, count(*) AS depth,
       min(d.created_at) FILTER (WHERE d.attempt > 0 OR (d.head AND d.due_at <= now())) AS oldest_at
FROM delivery d WHERE d.tenant_id = $1 GROUP BY 1;

-- name: status
-- One row a connection; nothing here looks at deliveries or history. Each part is read whole and by the tenant, not once
-- a connection: a thousand of them are a thousand look-ups of three tables otherwise, and every row of a table whose
-- tenant is not named is asked for it by the row's policy.
SELECT c.id, c.tenant_id, c.connector, c.name, c.state, c.account_uid, c.config, c.account, c.route_epoch, c.problem,
       c.hooks_ok, c.writes_stopped, l.breaker, l.breaker_until, l.reason AS lane_reason, l.held_until,
       coalesce(g.depth, 0) AS depth, g.oldest_at, coalesce(g.dead_letters, 0) AS dead_letters,
       coalesce(g.tries, 0) AS tries, coalesce(g.failures, 0) AS failures, coalesce(g.delivered, 0) AS delivered,
       coalesce(g.dead, 0) AS dead, coalesce(g.requests, 0) AS requests, coalesce(g.requests_today, 0) AS requests_today,
       g.p50_bucket, g.p95_bucket, g.p99_bucket, g.delivered_at, coalesce(f.codes, '{}') AS findings,
       k.read_at, h.heard_at, coalesce(t.arrivals, 0) AS arrivals
FROM connection c
LEFT JOIN lane l ON l.id = c.id AND l.tenant_id = $1
LEFT JOIN connection_gauge g ON g.connection_id = c.id AND g.tenant_id = $1
LEFT JOIN (
    SELECT o.connection_id, array_agg(o.code ORDER BY o.since) AS codes FROM finding o
    WHERE o.tenant_id = $1 AND o.resolved_at IS NULL GROUP BY o.connection_id) AS f ON f.connection_id = c.id
LEFT JOIN (
    SELECT p.connection_id, max(p.changed_at) AS read_at FROM checkpoint p
    WHERE p.tenant_id = $1 AND p.cursor IS NOT NULL GROUP BY p.connection_id) AS k ON k.connection_id = c.id
LEFT JOIN (
    SELECT w.connection_id, max(w.heard_at) AS heard_at FROM hook w
    WHERE w.tenant_id = $1 GROUP BY w.connection_id) AS h ON h.connection_id = c.id
LEFT JOIN (
    SELECT a.connection_id, sum(a.count)::bigint AS arrivals FROM arrival_tally a
    WHERE a.tenant_id = $1 AND a.day >= (now() AT TIME ZONE 'UTC')::date - 1
    GROUP BY a.connection_id) AS t ON t.connection_id = c.id
WHERE c.tenant_id = $1 AND c.state <> 'revoked'
ORDER BY c.created_at;

-- name: paces
-- How many deliveries ended in the last five minutes, by lane.
SELECT p.lane_id, sum(p.count)::bigint AS ended
FROM lane_pace p WHERE p.tenant_id = $1 AND p.bucket >= 0 AND p.minute >= now() - interval '5 minutes' GROUP BY p.lane_id;
