-- name: orders
-- The recorded orders that commands are about; the body only for those whose lines or amounts matter.
SELECT r.id, r.connection_id, r.external_id, r.code, r.seq, r.presence, r.status, r.modified_at, r.stream, r.event_id,
       CASE WHEN r.id = ANY($3::uuid[]) THEN e.body END AS body
FROM record r JOIN event e ON e.id = r.event_id
WHERE r.tenant_id = $1 AND r.id = ANY($2::uuid[]) AND r.stream = 'order';

-- name: named
-- Orders by what people call them, or by their id in the shop.
SELECT r.id FROM record r
WHERE r.tenant_id = $1 AND r.stream = 'order' AND r.code = $2 AND ($3::uuid IS NULL OR r.connection_id = $3)
UNION
SELECT r.id FROM record r
WHERE r.tenant_id = $1 AND r.stream = 'order' AND r.external_id = $2 AND r.connection_id = $3;

-- name: carriers
-- Which wish streams of a connection are carried out.
SELECT r.source_id, r.stream FROM route r
WHERE r.tenant_id = $1 AND r.source_id = ANY($2::uuid[]) AND r.destination_id = r.source_id AND r.enabled;

-- name: statuses
-- The statuses that recorded orders of a shop stand in: a loose walk over the store's index, one look a status.
WITH RECURSIVE walk AS (
    (SELECT status FROM record
     WHERE tenant_id = $1 AND connection_id = $2 AND stream = 'order' AND id <> '00000000-0000-0000-0000-000000000000'
     ORDER BY status LIMIT 1)
    UNION ALL
    SELECT (SELECT r.status FROM record r
            WHERE r.tenant_id = $1 AND r.connection_id = $2 AND r.stream = 'order' AND r.status > w.status
              AND r.id <> '00000000-0000-0000-0000-000000000000'
            ORDER BY r.status LIMIT 1)
    FROM walk w WHERE w.status IS NOT NULL
)
SELECT w.status FROM walk w WHERE w.status <> '';

-- name: status_counts
-- The newest orders of a shop by status.
SELECT status, count(*) AS count
FROM (SELECT r.status FROM record r WHERE r.tenant_id = $1 AND r.connection_id = $2 AND r.stream = 'order'
        AND r.id <> '00000000-0000-0000-0000-000000000000'
      ORDER BY r.placed_at DESC, r.id DESC LIMIT $3) AS newest
GROUP BY status ORDER BY status;

-- name: newest_bodies
SELECT r.stream, r.external_id, r.presence, r.status, r.modified_at, e.id AS event_id, e.body
FROM (SELECT * FROM record o WHERE o.connection_id = $2 AND o.tenant_id = $1 AND o.stream = 'order'
        AND o.id <> '00000000-0000-0000-0000-000000000000'
      ORDER BY o.placed_at DESC, o.id DESC LIMIT $3) AS r
JOIN event e ON e.id = r.event_id
WHERE e.body IS NOT NULL;

-- name: known_keys
-- Commands that were taken before under the same key.
SELECT a.connection_id, a.key, a.event_id, e.stream, e.external_id, e.body
FROM arrival_key a
JOIN unnest($2::uuid[], $3::text[]) AS k(connection_id, key) USING (connection_id, key)
JOIN event e ON e.id = a.event_id
WHERE a.tenant_id = $1 AND a.expires_at > now();

-- name: earlier
-- Wishes of one kind about an order that wait, and those that ended as delivered.
SELECT e.id, e.id AS event_id, e.body, NULL::text AS done_as, false AS settled, d.created_at
FROM record r JOIN delivery d ON d.record_id = r.id JOIN event e ON e.id = d.event_id
WHERE r.tenant_id = $1 AND r.connection_id = $2 AND r.stream = $3 AND r.external_id = $4 AND e.body IS NOT NULL
UNION ALL
SELECT e.id, e.id AS event_id, e.body, coalesce(d.external_id, ''), d.ended_at < now() - interval '15 minutes', d.created_at
FROM record r JOIN delivery_done d ON d.record_id = r.id JOIN event e ON e.id = d.event_id
WHERE r.tenant_id = $1 AND r.connection_id = $2 AND r.stream = $3 AND r.external_id = $4 AND d.state = 'delivered'
  AND e.body IS NOT NULL
ORDER BY created_at;

-- name: refunds
-- The recorded refunds of an order.
SELECT r.stream, r.external_id, r.presence, r.status, r.modified_at, e.id AS event_id, e.body
FROM record r JOIN event e ON e.id = r.event_id
WHERE r.tenant_id = $1 AND r.connection_id = $2 AND r.stream = 'refund' AND r.parent_id = $3
  AND r.presence <> 'deleted' AND e.body IS NOT NULL;

-- name: deliveries_of
SELECT d.id, d.event_id FROM delivery d WHERE d.tenant_id = $1 AND d.event_id = ANY($2::uuid[])
UNION ALL
SELECT d.id, d.event_id FROM event e JOIN delivery_done d ON d.record_id = e.record_id AND d.event_id = e.id
WHERE e.tenant_id = $1 AND e.id = ANY($2::uuid[]);
