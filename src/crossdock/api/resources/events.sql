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
