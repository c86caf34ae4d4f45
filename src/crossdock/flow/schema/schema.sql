-- name: newest
-- The newest entities of a stream with their bodies.
SELECT r.stream, r.external_id, r.presence, r.status, r.modified_at, e.id AS event_id, e.body
FROM (SELECT * FROM record o WHERE o.connection_id = $2 AND o.tenant_id = $1 AND o.stream = $3
        AND o.id <> '00000000-0000-0000-0000-000000000000'
      ORDER BY o.placed_at DESC, o.id DESC LIMIT $4) AS r
JOIN event e ON e.id = r.event_id
WHERE e.body IS NOT NULL AND r.presence <> 'deleted';

-- name: streams
-- The streams of a connection that have records: a loose walk over the index, one look a stream.
WITH RECURSIVE walk AS (
    (SELECT stream FROM record WHERE tenant_id = $1 AND connection_id = $2 ORDER BY stream LIMIT 1)
    UNION ALL
    SELECT (SELECT r.stream FROM record r WHERE r.tenant_id = $1 AND r.connection_id = $2 AND r.stream > w.stream
            ORDER BY r.stream LIMIT 1)
    FROM walk w WHERE w.stream IS NOT NULL
)
SELECT w.stream FROM walk w WHERE w.stream IS NOT NULL LIMIT 100;

-- name: tell
SELECT pg_notify('crossdock_cache', 'schema:' || $1::uuid::text);
