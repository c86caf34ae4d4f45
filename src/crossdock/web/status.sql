-- name: connections
SELECT c.name, c.connector, c.state, c.problem,
       (SELECT string_agg(f.code, ', ' ORDER BY f.since) FROM finding f
        WHERE f.tenant_id = c.tenant_id AND f.connection_id = c.id AND f.resolved_at IS NULL) AS findings,
       (SELECT coalesce(sum(t.count), 0)::bigint FROM arrival_tally t WHERE t.connection_id = c.id) AS arrivals,
       (SELECT count(*) FROM delivery d WHERE d.tenant_id = c.tenant_id AND d.lane_id = c.id) AS waiting,
       (SELECT count(*) FROM attempt a
        WHERE a.tenant_id = c.tenant_id AND a.lane_id = c.id AND a.outcome = 'delivered' AND a.id > $1) AS delivered,
       (SELECT count(*) FROM delivery_done d
        WHERE d.tenant_id = c.tenant_id AND d.lane_id = c.id AND d.state = 'dead' AND NOT d.replayed) AS dead
FROM connection c
WHERE c.state <> 'revoked'
ORDER BY c.created_at
LIMIT 200;
