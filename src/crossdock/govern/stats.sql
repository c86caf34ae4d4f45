-- name: totals
SELECT stream, count(*) AS entities, count(*) FILTER (WHERE presence IN ('trashed', 'deleted')) AS gone
FROM record WHERE tenant_id = $1 AND connection_id = $2 GROUP BY stream ORDER BY stream;

-- name: arrivals
SELECT stream, origin, verdict, sum(count)::bigint AS count
FROM arrival_tally WHERE tenant_id = $1 AND connection_id = $2 AND day > (now() AT TIME ZONE 'UTC')::date - $3::integer
GROUP BY stream, origin, verdict ORDER BY stream, origin, verdict;

-- name: times
SELECT (SELECT max(heard_at) FROM hook WHERE tenant_id = $1 AND connection_id = $2) AS last_webhook,
       (SELECT max(ended_at) FROM run
        WHERE tenant_id = $1 AND connection_id = $2 AND kind = 'pull' AND state = 'done') AS last_pull,
       (SELECT count(*) FROM run
        WHERE tenant_id = $1 AND connection_id = $2 AND state = 'failed'
          AND ended_at > now() - make_interval(days => $3)) AS failed_runs,
       (SELECT coalesce(sum(refused), 0)::bigint FROM hook
        WHERE tenant_id = $1 AND connection_id = $2) AS refused_webhooks;

-- name: written
-- What went to this account since a day ($4: the smallest id of that day) and what it came to.
SELECT state, count(*) AS count, max(ended_at) AS last
FROM delivery_done WHERE tenant_id = $1 AND id >= $4
  AND ($3 = 'in' AND lane_id = $2 OR $3 = 'out' AND route_id = ANY(ARRAY(
      SELECT r.id FROM route r WHERE r.tenant_id = $1 AND r.source_id = $2)))
GROUP BY state;

-- name: waiting
SELECT count(*) FILTER (WHERE d.lane_id = $2) AS to_it,
       count(*) FILTER (WHERE r.source_id = $2) AS from_it
FROM delivery d JOIN route r ON r.id = d.route_id
WHERE d.tenant_id = $1 AND (d.lane_id = $2 OR r.source_id = $2);

-- name: errors
SELECT coalesce(d.rule, 'dead') AS rule, d.reason, count(*) AS count, max(d.ended_at) AS last
FROM delivery_done d JOIN route r ON r.id = d.route_id
WHERE d.tenant_id = $1 AND d.state = 'dead' AND NOT d.replayed AND d.id >= $3
  AND (d.lane_id = $2 OR r.source_id = $2)
GROUP BY 1, 2 ORDER BY max(d.ended_at) DESC LIMIT 20;
