-- name: orders_of
-- The orders of some people, whichever shop of the tenant they were made at.
SELECT r.connection_id, r.stream, r.external_id, r.presence, r.status, r.modified_at, r.subject,
       e.id AS event_id, e.body
FROM record r JOIN event e ON e.id = r.event_id JOIN connection c ON c.id = r.connection_id
WHERE r.tenant_id = $1 AND r.subject = ANY($2::bytea[]) AND r.stream = 'order' AND r.presence = 'live'
  AND c.state <> 'revoked';

-- name: products
SELECT r.connection_id, r.stream, r.external_id, r.presence, r.status, r.modified_at, e.id AS event_id, e.body
FROM record r
JOIN unnest($1::uuid[], $2::text[], $3::text[]) AS k(connection_id, stream, external_id)
  USING (connection_id, stream, external_id)
JOIN event e ON e.id = r.event_id
WHERE r.presence <> 'deleted' AND e.body IS NOT NULL;
