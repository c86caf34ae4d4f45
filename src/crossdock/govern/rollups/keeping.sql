-- name: turn
UPDATE round SET due_at = now() + $2::interval WHERE name = $1 AND due_at <= now() RETURNING name;

-- name: done
UPDATE round SET done_at = now(), due_at = now() + $2::interval WHERE name = $1;

-- name: note_calls
INSERT INTO rollup_delta (tenant_id, connection_id, route_id, kind, outcome, hour, count, last_at)
SELECT k.tenant_id, k.connection_id, NULL, 'request', k.outcome, date_trunc('hour', now(), 'UTC'), k.count, now()
FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::bigint[]) AS k(tenant_id, connection_id, outcome, count);

-- name: add_up
-- Deltas go and sums rise in one transaction. Sorted, so that two that add up at once never wait in a circle.
WITH gone AS (
    DELETE FROM rollup_delta WHERE ctid = ANY(ARRAY(
        SELECT d.ctid FROM rollup_delta d LIMIT $1 FOR UPDATE SKIP LOCKED))
    RETURNING tenant_id, connection_id, coalesce(route_id, '00000000-0000-0000-0000-000000000000') AS route_id, kind,
              outcome, hour, count, buckets, last_at
), spans AS (
    SELECT g.*, s.span, date_trunc(s.span, g.hour, 'UTC') AS at
    FROM gone g CROSS JOIN (VALUES ('hour'), ('day')) AS s(span)
), sums AS (
    SELECT tenant_id, connection_id, span, at, route_id, kind, outcome, sum(count)::bigint AS count,
           max(last_at) AS last_at
    FROM spans GROUP BY 1, 2, 3, 4, 5, 6, 7
), seen AS (
    SELECT b.tenant_id, b.connection_id, b.span, b.at, b.route_id, b.kind, b.outcome, u.bucket, count(*) AS n
    FROM spans b, unnest(b.buckets) AS u(bucket) GROUP BY 1, 2, 3, 4, 5, 6, 7, 8
), sketches AS (
    SELECT tenant_id, connection_id, span, at, route_id, kind, outcome,
           sketch_of(array_agg(bucket), array_agg(n)) AS sketch
    FROM seen GROUP BY 1, 2, 3, 4, 5, 6, 7
), raised AS (
    INSERT INTO rollup AS r (tenant_id, connection_id, span, at, route_id, kind, outcome, count, sketch, last_at)
    SELECT s.tenant_id, s.connection_id, s.span, s.at, s.route_id, s.kind, s.outcome, s.count,
           coalesce(k.sketch, '{}'), s.last_at
    FROM sums s LEFT JOIN sketches k USING (tenant_id, connection_id, span, at, route_id, kind, outcome)
    ORDER BY 1, 2, 3, 4, 5, 6, 7
    ON CONFLICT (tenant_id, connection_id, span, at, route_id, kind, outcome) DO UPDATE
    SET count = r.count + EXCLUDED.count, sketch = sketch_sum(r.sketch, EXCLUDED.sketch),
        last_at = greatest(r.last_at, EXCLUDED.last_at)
)
SELECT count(*)::integer FROM gone;

-- name: rate
-- The hour under way and the one before it, and the calls of today. Rows that say the same already are left alone.
WITH recent AS MATERIALIZED (
    SELECT r.tenant_id, r.connection_id, r.kind, r.outcome, r.count, r.sketch, r.last_at FROM rollup r
    WHERE r.span = 'hour' AND r.at >= date_trunc('hour', now(), 'UTC') - interval '1 hour'
), sums AS (
    SELECT tenant_id, connection_id,
           coalesce(sum(count) FILTER (WHERE kind = 'attempt' AND outcome <> 'skipped'), 0)::bigint AS tries,
           coalesce(sum(count) FILTER (WHERE kind = 'attempt' AND outcome NOT IN ('skipped', 'delivered')), 0)::bigint
               AS failures,
           coalesce(sum(count) FILTER (WHERE kind = 'delivery' AND outcome = 'delivered'), 0)::bigint AS delivered,
           coalesce(sum(count) FILTER (WHERE kind = 'delivery' AND outcome = 'dead'), 0)::bigint AS dead,
           coalesce(sum(count) FILTER (WHERE kind = 'request'), 0)::bigint AS requests,
           max(last_at) FILTER (WHERE kind = 'delivery' AND outcome = 'delivered') AS delivered_at
    FROM recent GROUP BY 1, 2
), seen AS (
    SELECT r.connection_id, u.i - 1 AS bucket, sum(u.n) AS n
    FROM recent r, unnest(r.sketch) WITH ORDINALITY AS u(n, i)
    WHERE r.kind = 'delivery' AND r.outcome = 'delivered' AND u.n > 0 GROUP BY 1, 2
), ranked AS (
    SELECT connection_id, bucket, sum(n) OVER (PARTITION BY connection_id ORDER BY bucket) AS upto,
           sum(n) OVER (PARTITION BY connection_id) AS total
    FROM seen
), shares AS (
    SELECT connection_id, min(bucket) FILTER (WHERE upto >= total * 0.5) AS p50,
           min(bucket) FILTER (WHERE upto >= total * 0.95) AS p95, min(bucket) FILTER (WHERE upto >= total * 0.99) AS p99
    FROM ranked GROUP BY 1
), today AS (
    SELECT r.connection_id, sum(r.count)::bigint AS n FROM rollup r
    WHERE r.span = 'day' AND r.at = date_trunc('day', now(), 'UTC') AND r.kind = 'request' GROUP BY 1
)
INSERT INTO connection_gauge AS g (connection_id, tenant_id, tries, failures, delivered, dead, requests, requests_today,
                                   p50_bucket, p95_bucket, p99_bucket, delivered_at)
SELECT c.id, c.tenant_id, coalesce(s.tries, 0), coalesce(s.failures, 0), coalesce(s.delivered, 0), coalesce(s.dead, 0),
       coalesce(s.requests, 0), coalesce(t.n, 0), p.p50, p.p95, p.p99, s.delivered_at
FROM connection c LEFT JOIN sums s ON s.connection_id = c.id LEFT JOIN shares p ON p.connection_id = c.id
LEFT JOIN today t ON t.connection_id = c.id
WHERE c.state <> 'revoked'
ORDER BY c.id
ON CONFLICT (connection_id) DO UPDATE
SET tries = EXCLUDED.tries, failures = EXCLUDED.failures, delivered = EXCLUDED.delivered, dead = EXCLUDED.dead,
    requests = EXCLUDED.requests, requests_today = EXCLUDED.requests_today, p50_bucket = EXCLUDED.p50_bucket,
    p95_bucket = EXCLUDED.p95_bucket, p99_bucket = EXCLUDED.p99_bucket,
    delivered_at = coalesce(EXCLUDED.delivered_at, g.delivered_at)
WHERE (g.tries, g.failures, g.delivered, g.dead, g.requests, g.requests_today, g.p50_bucket, g.p95_bucket, g.p99_bucket,
       g.delivered_at)
   IS DISTINCT FROM
      (EXCLUDED.tries, EXCLUDED.failures, EXCLUDED.delivered, EXCLUDED.dead, EXCLUDED.requests, EXCLUDED.requests_today,
       EXCLUDED.p50_bucket, EXCLUDED.p95_bucket, EXCLUDED.p99_bucket, coalesce(EXCLUDED.delivered_at, g.delivered_at));

-- name: count_queue
WITH live AS (
    -- what waits for the time its route's schedule gave it is not late
    SELECT d.lane_id, count(*) AS n,
           min(d.created_at) FILTER (WHERE d.attempt > 0 OR (d.head AND d.due_at <= now())) AS oldest
    FROM delivery d GROUP BY d.lane_id
), dead AS (
    SELECT d.lane_id, count(*) AS n FROM delivery_done d WHERE d.state = 'dead' AND NOT d.replayed GROUP BY d.lane_id
)
INSERT INTO connection_gauge AS g (connection_id, tenant_id, depth, oldest_at, dead_letters)
SELECT l.id, l.tenant_id, coalesce(live.n, 0), live.oldest, coalesce(dead.n, 0)
FROM lane l LEFT JOIN live ON live.lane_id = l.id LEFT JOIN dead ON dead.lane_id = l.id
ORDER BY l.id
ON CONFLICT (connection_id) DO UPDATE
SET depth = EXCLUDED.depth, oldest_at = EXCLUDED.oldest_at, dead_letters = EXCLUDED.dead_letters
WHERE (g.depth, g.oldest_at, g.dead_letters)
   IS DISTINCT FROM (EXCLUDED.depth, EXCLUDED.oldest_at, EXCLUDED.dead_letters);

-- name: forget
DELETE FROM rollup WHERE ctid = ANY(ARRAY(
    SELECT r.ctid FROM rollup r WHERE r.span = $1 AND r.at < now() - $2::interval LIMIT 20000));
