-- Figures of the overview: roll-ups and tallies alone, nothing here looks at events or deliveries.

-- name: arrivals
SELECT t.day, coalesce(sum(t.count) FILTER (WHERE t.verdict IN ('applied', 'contested', 'rewound')), 0)::bigint AS recorded,
       coalesce(sum(t.count) FILTER (WHERE t.verdict IN ('unchanged', 'stale', 'duplicate')), 0)::bigint AS unchanged
FROM arrival_tally t WHERE t.tenant_id = $1 AND t.day >= $2 AND t.day < $3 GROUP BY t.day;

-- name: ends
-- How deliveries ended, by hour or day; what is not added up yet counts too.
SELECT k.at, coalesce(sum(k.count) FILTER (WHERE k.outcome = 'delivered'), 0)::bigint AS delivered,
       coalesce(sum(k.count) FILTER (WHERE k.outcome = 'dead'), 0)::bigint AS dead,
       coalesce(sum(k.count) FILTER (WHERE k.outcome LIKE 'skipped:%'), 0)::bigint AS skipped
FROM (
    SELECT r.at, r.outcome, r.count FROM rollup r
    WHERE r.tenant_id = $1 AND r.span = $2 AND r.at >= $3 AND r.at < $4 AND r.kind = 'delivery'
    UNION ALL
    SELECT date_trunc($2, d.hour, 'UTC'), d.outcome, d.count FROM rollup_delta d
    WHERE d.tenant_id = $1 AND d.hour >= $3 AND d.hour < $4 AND d.kind = 'delivery'
) AS k
GROUP BY k.at;

-- name: latencies
SELECT r.at, r.sketch FROM rollup r
WHERE r.tenant_id = $1 AND r.span = $2 AND r.at >= $3 AND r.at < $4 AND r.kind = 'delivery' AND r.outcome = 'delivered';

-- name: tries
SELECT coalesce(sum(r.count) FILTER (WHERE r.outcome = 'delivered'), 0)::bigint AS good,
       coalesce(sum(r.count) FILTER (WHERE r.outcome <> 'skipped'), 0)::bigint AS tries
FROM rollup r WHERE r.tenant_id = $1 AND r.span = 'day' AND r.at = $2 AND r.kind = 'attempt';

-- name: proofs
-- The last proof of each store and day.
SELECT p.day, p.connection_id, p.ok, p.exceptions FROM (
    SELECT DISTINCT ON (p.connection_id, (p.ended_at AT TIME ZONE 'UTC')::date)
           (p.ended_at AT TIME ZONE 'UTC')::date AS day, p.connection_id, p.ok, p.exceptions
    FROM proof p WHERE p.tenant_id = $1 AND p.id >= $2
    ORDER BY p.connection_id, (p.ended_at AT TIME ZONE 'UTC')::date, p.id DESC) AS p
ORDER BY p.day;
