-- name: told_before
SELECT item, event_id FROM site_item WHERE connection_id = $1 AND item = ANY($2::uuid[]);

-- name: remember
INSERT INTO site_item (connection_id, item, tenant_id, event_id)
SELECT $1, k.item, $2, k.event_id FROM unnest($3::uuid[], $4::uuid[]) AS k(item, event_id)
ON CONFLICT (connection_id, item) DO NOTHING;

-- name: by_mail
-- The customers of a connection by e-mail, a registered one before one without an id of the site's, then the newest.
SELECT k.subject, r.id, r.external_id, r.event_id, e.body
FROM unnest($3::bytea[]) AS k(subject)
CROSS JOIN LATERAL (
    SELECT r.id, r.external_id, r.event_id FROM record r
    WHERE r.tenant_id = $1 AND r.subject = k.subject AND r.connection_id = $2 AND r.stream = 'customer'
      AND r.presence = 'live'
    ORDER BY r.external_id LIKE 'mail-%', r.id DESC LIMIT 1) AS r
LEFT JOIN event e ON e.id = r.event_id AND $4::boolean;

-- name: records
SELECT r.stream, r.external_id, r.id, r.seq, r.event_id
FROM unnest($2::text[], $3::text[]) AS k(stream, external_id)
CROSS JOIN LATERAL (
    SELECT r.* FROM record r
    WHERE r.connection_id = $1 AND r.stream = k.stream AND r.external_id = k.external_id LIMIT 1) AS r
WHERE r.tenant_id = $4;

-- name: persons
-- Who is known by an e-mail: as a customer, or by an order that is none of $4.
SELECT k.subject, c.id, c.seq, c.event_id,
       EXISTS (SELECT 1 FROM record o
               WHERE o.tenant_id = $1 AND o.subject = k.subject AND o.connection_id = $2 AND o.stream = 'order'
                 AND o.id <> ALL($4::uuid[])) AS bought
FROM unnest($3::bytea[]) AS k(subject)
LEFT JOIN LATERAL (
    SELECT r.id, r.seq, r.event_id FROM record r
    WHERE r.tenant_id = $1 AND r.subject = k.subject AND r.connection_id = $2 AND r.stream = 'customer'
      AND r.presence = 'live'
    ORDER BY r.external_id LIKE 'mail-%', r.id DESC LIMIT 1) AS c ON true;
