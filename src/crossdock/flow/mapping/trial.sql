-- name: record
-- A record's present event, as a plan reads it: by its id, or by the store's.
SELECT c.id AS record_id, e.id, e.connection_id, e.stream, e.external_id, e.type, e.origin, e.presence, e.status,
       e.modified_at, e.recorded_at, e.hops, e.body
FROM record c JOIN event e ON e.id = c.event_id
WHERE c.tenant_id = $1 AND c.connection_id = $2 AND c.stream = $3 AND (c.id = $4 OR c.external_id = $5)
  AND e.body IS NOT NULL;

-- name: newest
-- The newest records of a route's stream that it would take, above the place, with their present events.
SELECT r.record_id, e.id, e.connection_id, e.stream, e.external_id, e.type, e.origin, e.presence, e.status,
       e.modified_at, e.recorded_at, e.hops, e.body, r.place
FROM (SELECT c.id AS record_id, c.event_id, row_number() OVER (ORDER BY c.placed_at DESC, c.id DESC) AS place
      FROM record c
      WHERE c.tenant_id = $1 AND c.connection_id = $2 AND c.stream = $3 AND c.presence <> 'deleted'
        AND NOT c.status = ANY($4::text[]) AND c.id <> '00000000-0000-0000-0000-000000000000'
      ORDER BY c.placed_at DESC, c.id DESC LIMIT $5) AS r
JOIN event e ON e.id = r.event_id
WHERE r.place > $6 AND e.body IS NOT NULL
ORDER BY r.place LIMIT $7;

-- name: count_newest
SELECT count(*) FROM (SELECT 1 FROM record c
                      WHERE c.tenant_id = $1 AND c.connection_id = $2 AND c.stream = $3 AND c.presence <> 'deleted'
                        AND NOT c.status = ANY($4::text[]) LIMIT $5) AS few;

-- name: last_written
-- What was written last of some records by a route: the event, and the mapping it was written by.
SELECT DISTINCT ON (d.record_id) d.record_id, d.mapping_version, e.id, e.connection_id, e.stream, e.external_id, e.type,
       e.origin, e.presence, e.status, e.modified_at, e.recorded_at, e.hops, e.body
FROM unnest($3::uuid[]) AS k(record_id)
     JOIN delivery_done d ON d.route_id = $2 AND d.record_id = k.record_id AND d.state = 'delivered'
     JOIN event e ON e.id = d.event_id
WHERE d.tenant_id = $1 AND e.body IS NOT NULL
ORDER BY d.record_id, d.seq DESC, d.id DESC;
