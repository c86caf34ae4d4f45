-- name: deliveries
SELECT * FROM (
    SELECT d.id, d.state, NULL::text AS rule, d.reason, d.attempt AS attempts, d.event_id, d.route_id, d.lane_id,
           d.created_at, NULL::timestamptz AS ended_at, NULL::text AS external_id
    FROM delivery d
    WHERE d.tenant_id = $1 AND d.id < $3 AND ($2::text IS NULL OR d.state = $2)
    UNION ALL
    SELECT d.id, d.state, d.rule, d.reason, d.attempts, d.event_id, d.route_id, d.lane_id, d.created_at, d.ended_at,
           d.external_id
    FROM delivery_done d
    WHERE d.tenant_id = $1 AND d.id < $3 AND ($2::text IS NULL OR d.state = $2)
) AS listed
ORDER BY id DESC
LIMIT $4;

-- name: event
SELECT e.id, e.type, e.stream, e.external_id, e.origin, e.verdict, e.presence, e.status, e.seq, e.modified_at,
       e.recorded_at, e.connection_id
FROM event e WHERE e.tenant_id = $1 AND e.id = $2;

-- name: event_deliveries
SELECT d.id, d.state, d.rule, d.reason, d.attempts, d.external_id, d.ended_at FROM delivery_done d
WHERE d.tenant_id = $1 AND d.record_id = (SELECT e.record_id FROM event e WHERE e.id = $2) AND d.event_id = $2
UNION ALL
SELECT d.id, d.state, NULL, d.reason, d.attempt, NULL, NULL FROM delivery d
WHERE d.tenant_id = $1 AND d.event_id = $2;
