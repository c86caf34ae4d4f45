-- name: of_record
-- The routes of states that a record goes out on, each with the record's present event.
SELECT o.id, o.tenant_id, o.source_id, o.destination_id, o.action, o.occurrence, o.historical,
       o.priority, o.types, o.skip_statuses, o.mapping_version, o.stream, c.name AS destination, r.id AS record_id,
       e.id AS event_id, e.connection_id, e.external_id, e.type, e.origin, e.presence, e.status, e.modified_at,
       e.recorded_at, e.hops, e.body
FROM record r JOIN event e ON e.id = r.event_id
     JOIN route o ON o.tenant_id = r.tenant_id AND o.source_id = r.connection_id AND o.stream = r.stream AND o.enabled
     JOIN connection c ON c.id = o.destination_id
WHERE r.tenant_id = $1 AND r.id = $2 AND NOT o.occurrence AND o.destination_id <> o.source_id
ORDER BY c.name, o.action;
