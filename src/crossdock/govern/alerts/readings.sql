-- name: connections
SELECT c.id, c.tenant_id, c.name, c.connector, c.account_uid, c.config, c.state, c.state_since, c.problem,
       l.id IS NOT NULL AS has_lane, l.breaker, l.breaker_since, l.reason AS breaker_reason
FROM connection c LEFT JOIN lane l ON l.id = c.id
WHERE c.state <> 'draft' AND (c.state <> 'revoked' OR c.id = ANY($1::uuid[]));

-- name: rules
SELECT tenant_id, kind, connection_id, enabled, severity, settings FROM alert_rule;

-- name: dead
-- Counted in the index of what is dead alone.
SELECT lane_id, count(*) AS count, min(ended_at) AS since
FROM delivery_done WHERE state = 'dead' AND NOT replayed GROUP BY lane_id;

-- name: dead_recent
SELECT k.lane_id, d.count, d.since
FROM unnest($1::uuid[], $2::timestamptz[]) AS k(lane_id, since), LATERAL (
    SELECT count(*) AS count, min(ended_at) AS since FROM delivery_done
    WHERE lane_id = k.lane_id AND state = 'dead' AND NOT replayed AND ended_at > k.since) AS d;

-- name: overdue
-- The oldest that is due of each priority but bulk, and the oldest among those that are tried next.
SELECT k.lane_id, min(d.due_at) FILTER (WHERE d.due_at <= $2) AS overdue_since,
       min(d.created_at) FILTER (WHERE d.attempt > 0) AS tried_since
FROM unnest($1::uuid[]) AS k(lane_id), (VALUES (0::smallint), (1::smallint)) AS p(priority), LATERAL (
    SELECT due_at, created_at, attempt FROM delivery
    WHERE lane_id = k.lane_id AND head AND state = 'waiting' AND priority = p.priority
    ORDER BY due_at LIMIT 100) AS d
GROUP BY k.lane_id;

-- name: pace
SELECT p.lane_id, p.bucket, sum(p.count)::bigint AS count
FROM unnest($1::uuid[]) AS k(lane_id) JOIN lane_pace p USING (lane_id)
WHERE p.minute > $2 GROUP BY p.lane_id, p.bucket;

-- name: findings
SELECT connection_id, code, severity, cause, remedy, since, seen FROM finding
WHERE resolved_at IS NULL AND repaired_at IS NULL;

-- name: suspended
SELECT connection_id, count(*) AS count, min(suspended_at) AS since
FROM sku_link WHERE suspended_at IS NOT NULL AND active GROUP BY connection_id;

-- name: gaps
SELECT k.id AS connection_id, p.id, p.ended_at
FROM unnest($1::uuid[]) AS k(id), LATERAL (
    SELECT n.id, n.ended_at, n.ok, n.report FROM proof n WHERE n.connection_id = k.id ORDER BY n.id DESC LIMIT 1) AS p
WHERE NOT p.ok AND position('"rows":[]' IN p.report) = 0;

-- name: backfilling
SELECT DISTINCT t.destination_id
FROM run n JOIN route t ON t.source_id = n.connection_id AND t.enabled
WHERE n.kind = 'backfill' AND n.state IN ('waiting', 'running');

-- name: low
SELECT a.tenant_id, count(*) AS count, min(a.since) AS since,
       array(SELECT n.hub_sku FROM stock_alert n WHERE n.tenant_id = a.tenant_id AND n.ended_at IS NULL
             ORDER BY n.since DESC LIMIT 5) AS skus
FROM stock_alert a WHERE a.ended_at IS NULL GROUP BY a.tenant_id;

-- name: failing_channels
SELECT id, tenant_id, name, failing_since, problem FROM alert_channel WHERE failing_since IS NOT NULL AND enabled;

-- name: heard
-- What came new from each source since a day: of one stream, or of all.
SELECT connection_id, day, sum(count)::bigint AS heard
FROM arrival_tally
WHERE connection_id = ANY($1::uuid[]) AND day >= $2 AND verdict = 'applied'
  AND origin NOT IN ('backfill', 'reconcile', 'replay') AND ($3::text IS NULL OR stream = $3)
GROUP BY connection_id, day;

-- name: rhythms
SELECT connection_id, heard_at, day, heard, pauses, paused_to FROM store_rhythm;

-- name: keep_rhythms
INSERT INTO store_rhythm (connection_id, tenant_id, heard_at, day, heard, pauses, paused_to)
VALUES ($1, $2, $3, $4, $5, $6, $7)
ON CONFLICT (connection_id) DO UPDATE
SET heard_at = EXCLUDED.heard_at, day = EXCLUDED.day, heard = EXCLUDED.heard, pauses = EXCLUDED.pauses,
    paused_to = EXCLUDED.paused_to;

-- name: past_orders
-- The newest orders of a store among the tenant's newest: what its pace is taken from at the first look.
SELECT n.made_at FROM (
    SELECT connection_id, made_at FROM record
    WHERE tenant_id = $1 AND stream = 'order' AND coalesce(made_at, '-infinity') > $3::timestamptz
    ORDER BY coalesce(made_at, '-infinity') DESC LIMIT 20000) AS n
WHERE n.connection_id = $2 ORDER BY n.made_at DESC LIMIT 300;

-- name: fallen
-- What has gone to second destinations since the first lane stopped. $1: the smallest id of a week before.
SELECT r.destination_id, min(f.name) AS fallback,
       sum((SELECT count(*) FROM delivery d WHERE d.route_id = r.id AND d.lane_id = r.fallback_id)
           + (SELECT count(*) FROM delivery_done d
              WHERE d.route_id = r.id AND d.state = 'delivered' AND d.id >= $1 AND d.lane_id = r.fallback_id
                AND d.ended_at >= CASE WHEN c.state = 'broken' THEN c.state_since ELSE l.breaker_since END))::bigint AS count
FROM route r JOIN connection c ON c.id = r.destination_id JOIN lane l ON l.id = r.destination_id
JOIN connection f ON f.id = r.fallback_id
WHERE r.fallback_id IS NOT NULL AND r.critical AND r.enabled AND (c.state = 'broken' OR l.breaker <> 'closed')
GROUP BY r.destination_id;

-- name: dead_causes
-- Why the newest of each lane's dead letters died: codes, and a reason that was redacted when it was kept.
SELECT k.lane_id, c.code, c.reason
FROM unnest($1::uuid[]) AS k(lane_id), LATERAL (
    SELECT d.tenant_id, d.cause_id FROM delivery_done d
    WHERE d.lane_id = k.lane_id AND d.state = 'dead' AND NOT d.replayed ORDER BY d.ended_at DESC LIMIT 1) AS n
JOIN dead_cause c ON c.tenant_id = n.tenant_id AND c.id = n.cause_id;

-- name: budgets
SELECT tenant_id, account, state, extract(epoch FROM clock_timestamp())::float8 AS at FROM vendor_budget;
