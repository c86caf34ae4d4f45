-- name: routes_of
SELECT c.id AS connection_id, c.route_epoch, r.id, r.tenant_id, r.source_id, r.destination_id, r.stream, r.action,
       r.occurrence, r.historical, r.priority, r.types, r.skip_statuses, r.mapping_version, r.schedule
FROM connection c
LEFT JOIN route r ON r.source_id = c.id AND r.enabled
WHERE c.id = ANY($1::uuid[]);
