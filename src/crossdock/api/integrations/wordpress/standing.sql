-- name: destinations
SELECT DISTINCT d.id, d.name, d.connector, d.state, d.problem
FROM route r JOIN connection d ON d.id = r.destination_id
WHERE r.tenant_id = $1 AND r.source_id = $2 AND r.enabled AND r.destination_id <> $2 AND d.state <> 'revoked'
ORDER BY d.name, d.id;

-- name: home
SELECT state, problem FROM connection WHERE tenant_id = $1 AND id = $2;
