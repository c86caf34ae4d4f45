-- name: counts
-- What ended since an hour, by connection and outcome: what is added up, and what is not yet.
SELECT k.connection_id, k.kind, k.outcome, sum(k.count)::bigint AS count
FROM (SELECT connection_id, kind, outcome, count FROM rollup
      WHERE tenant_id = $1 AND span = 'hour' AND at >= $2
      UNION ALL
      SELECT connection_id, kind, outcome, count FROM rollup_delta WHERE tenant_id = $1 AND hour >= $2) AS k
GROUP BY k.connection_id, k.kind, k.outcome;

-- name: sketches
SELECT sketch FROM rollup
WHERE tenant_id = $1 AND span = 'hour' AND at >= $2 AND kind = 'delivery' AND outcome = 'delivered'
UNION ALL
SELECT sketch_of(b.found, b.counts)
FROM (SELECT array_agg(n.bucket) AS found, array_agg(n.count) AS counts
      FROM (SELECT u.bucket, count(*) AS count FROM rollup_delta d, unnest(d.buckets) AS u(bucket)
            WHERE d.tenant_id = $1 AND d.hour >= $2 AND d.kind = 'delivery' AND d.outcome = 'delivered'
            GROUP BY u.bucket) AS n) AS b
WHERE b.found IS NOT NULL;

-- name: states
SELECT c.id, c.name, c.connector, c.state, c.problem, g.depth, g.oldest_at, g.requests_today
FROM connection c LEFT JOIN connection_gauge g ON g.connection_id = c.id
WHERE c.tenant_id = $1 AND c.state IN ('active', 'broken', 'paused') ORDER BY c.name;

-- name: proofs
SELECT c.name, p.ok, p.ended_at
FROM connection c, LATERAL (
    SELECT n.ok, n.ended_at FROM proof n WHERE n.connection_id = c.id ORDER BY n.id DESC LIMIT 1) AS p
WHERE c.tenant_id = $1 AND c.state <> 'revoked' ORDER BY c.name;

-- name: findings
SELECT c.name, f.code, f.severity, f.cause, f.remedy, f.since, f.repaired_at
FROM finding f JOIN connection c ON c.id = f.connection_id
WHERE f.tenant_id = $1 AND f.resolved_at IS NULL ORDER BY f.since;

-- name: alerts
SELECT title, severity, remedy, command, since, count, acknowledged_at FROM alert
WHERE tenant_id = $1 AND ended_at IS NULL ORDER BY severity, since;

-- name: raised
SELECT count(*) FROM alert WHERE tenant_id = $1 AND id >= $2;

-- name: tenants_without
-- Tenants that have a connection and no report of the day.
SELECT t.tenant_id, t.slug FROM tenant t
WHERE EXISTS (SELECT 1 FROM connection c WHERE c.tenant_id = t.tenant_id AND c.state <> 'revoked')
  AND NOT EXISTS (SELECT 1 FROM health_report h WHERE h.tenant_id = t.tenant_id AND h.day = $1)
ORDER BY t.tenant_id LIMIT 100;

-- name: slug
SELECT slug FROM tenant WHERE tenant_id = $1;

-- name: keep_report
INSERT INTO health_report (tenant_id, day, document) VALUES ($1, $2, $3::jsonb) ON CONFLICT DO NOTHING RETURNING day;

-- name: kept_report
SELECT document FROM health_report WHERE tenant_id = $1 AND day = $2;

-- name: report_channels
SELECT id FROM alert_channel WHERE tenant_id = $1 AND enabled AND report;
