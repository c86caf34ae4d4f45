-- name: checkpoints
-- How far each stream of a connection has been read, and when it is read next.
SELECT c.stream, c.kind, c.cursor, c.next_at, c.changed_at FROM checkpoint c
WHERE c.tenant_id = $1 AND c.connection_id = $2 AND c.stream <> '*' ORDER BY c.stream, c.kind;

-- name: arrivals
-- What came of each stream in the last 30 days, by how it came.
SELECT t.stream, t.origin, t.verdict, sum(t.count)::bigint AS count FROM arrival_tally t
WHERE t.tenant_id = $1 AND t.connection_id = $2 AND t.day > (now() AT TIME ZONE 'UTC')::date - 30
GROUP BY t.stream, t.origin, t.verdict;

-- name: samples
-- The newest records of a route's stream, to choose one to look at.
SELECT r.external_id, r.code, r.status, r.placed_at FROM record r
WHERE r.tenant_id = $1 AND r.connection_id = $2 AND r.stream = $3 AND r.presence = 'live'
ORDER BY r.placed_at DESC, r.id DESC LIMIT $4;

-- name: by_code
-- The record of a stream with a number as people know it (an order's number).
SELECT r.external_id FROM record r
WHERE r.tenant_id = $1 AND r.connection_id = $2 AND r.stream = $3 AND r.code = $4 LIMIT 1;
