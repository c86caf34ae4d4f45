-- name: status
SELECT c.id, c.connector, c.name, c.state, c.problem, l.breaker, c.hooks_ok, c.writes_stopped,
       ARRAY(SELECT f.code FROM finding f WHERE f.tenant_id = c.tenant_id AND f.connection_id = c.id
             AND f.resolved_at IS NULL ORDER BY f.since) AS findings,
       (SELECT count(*) FROM delivery d WHERE d.lane_id = c.id) AS waiting,
       (SELECT count(*) FROM delivery_done d WHERE d.lane_id = c.id AND d.state = 'dead' AND NOT d.replayed) AS dead,
       (SELECT coalesce(sum(t.count), 0)::bigint FROM arrival_tally t
        WHERE t.connection_id = c.id AND t.day >= (now() AT TIME ZONE 'UTC')::date - 1) AS arrivals
FROM connection c LEFT JOIN lane l ON l.id = c.id
WHERE c.tenant_id = $1 AND c.state <> 'revoked'
ORDER BY c.created_at;
