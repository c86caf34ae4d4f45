-- name: routes
-- With how many rules the version that acts has; null where the connector's own acts.
SELECT r.id, r.stream, r.action, r.mapping_version, r.enabled, d.id AS destination_id, d.name AS destination,
       d.connector,
       (SELECT sum(jsonb_array_length(part -> 'rules')) FROM jsonb_array_elements(m.document -> 'objects') AS part)
           AS rules
FROM route r JOIN connection d ON d.id = r.destination_id
     LEFT JOIN mapping_version m ON m.route_id = r.id AND m.version = r.mapping_version AND m.tenant_id = $1
WHERE r.tenant_id = $1 AND r.source_id = $2 AND NOT r.occurrence AND r.stream <> '*' AND d.state <> 'revoked'
ORDER BY r.stream, d.name, r.id;
