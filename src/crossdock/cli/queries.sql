-- name: run_of
SELECT id, connection_id, kind, streams, state, progress, result, problem, failures, created_at, started_at, ended_at
FROM run WHERE tenant_id = $1 AND id = $2;

-- name: under_way
SELECT (SELECT count(*) FROM delivery d JOIN route r ON r.id = d.route_id
        WHERE d.tenant_id = $1 AND r.source_id = $2) AS deliveries,
       (SELECT count(*) FROM doorbell b WHERE b.tenant_id = $1 AND b.connection_id = $2) AS doorbells;

-- name: event
SELECT e.id, e.connection_id, c.name AS connection, e.record_id, e.seq, e.stream, e.external_id, e.type, e.origin,
       e.verdict, e.presence, e.status, e.modified_at, e.recorded_at, e.hops, e.body
FROM event e JOIN connection c ON c.id = e.connection_id
WHERE e.tenant_id = $1 AND e.id = $2;

-- name: tally
SELECT (SELECT count(*) FROM record WHERE tenant_id = $1 AND stream = 'order') AS orders,
       (SELECT count(*) FROM record WHERE tenant_id = $1) AS recorded,
       (SELECT count(*) FROM delivery WHERE tenant_id = $1) AS waiting,
       (SELECT count(*) FROM delivery_done WHERE tenant_id = $1 AND state = 'delivered') AS delivered,
       (SELECT count(*) FROM delivery_done WHERE tenant_id = $1 AND state = 'dead' AND NOT replayed) AS dead,
       (SELECT coalesce(sum(attempts - 1), 0) FROM delivery_done WHERE tenant_id = $1 AND attempts > 1)::bigint
           AS repeated;

-- name: lags
SELECT count(*) AS delivered,
       (percentile_cont(0.5) WITHIN GROUP (ORDER BY extract(epoch FROM ended_at - created_at)))::float8 AS p50_s,
       (percentile_cont(0.99) WITHIN GROUP (ORDER BY extract(epoch FROM ended_at - created_at)))::float8 AS p99_s
FROM delivery_done
WHERE tenant_id = $1 AND state = 'delivered' AND created_at >= $2 AND created_at < $3;

-- name: owners
SELECT owner FROM lane WHERE tenant_id = $1 AND owner IS NOT NULL AND until > now()
UNION ALL
SELECT owner FROM run WHERE tenant_id = $1 AND owner IS NOT NULL AND until > now();
