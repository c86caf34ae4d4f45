-- name: reached
-- How far a tenant has come, each answer found by an index.
SELECT EXISTS (SELECT FROM route r WHERE r.tenant_id = $1 AND r.enabled AND r.source_id = ANY ($2) AND r.destination_id <> r.source_id
               AND r.stream IN ('order', '*')) AS routed,
       EXISTS (SELECT FROM record r WHERE r.tenant_id = $1 AND r.connection_id = ANY ($2) AND r.stream = 'order') AS ordered,
       EXISTS (SELECT FROM delivery_done d JOIN route r ON r.id = d.route_id
               WHERE r.tenant_id = $1 AND d.tenant_id = $1 AND r.source_id = ANY ($2) AND r.stream IN ('order', '*')
               AND r.destination_id <> r.source_id AND d.state = 'delivered') AS delivered,
       EXISTS (SELECT FROM delivery_done d WHERE d.tenant_id = $1 AND d.state = 'dead' AND NOT d.replayed) AS dead,
       EXISTS (SELECT FROM proof p WHERE p.tenant_id = $1 AND p.connection_id = ANY ($2) AND p.ok) AS proven,
       EXISTS (SELECT FROM run r WHERE r.tenant_id = $1 AND r.connection_id = ANY ($2) AND r.state IN ('waiting', 'running')
               AND r.kind IN ('pull', 'backfill')) AS reading,
       EXISTS (SELECT FROM run r WHERE r.tenant_id = $1 AND r.connection_id = ANY ($2) AND r.state IN ('waiting', 'running')
               AND r.kind = 'reconcile') AS proving;
