-- name: standing
-- Where a lane stands, for what waits in it.
SELECT l.breaker, l.held_until, c.state, c.problem
FROM connection c LEFT JOIN lane l ON l.id = c.id WHERE c.tenant_id = $1 AND c.id = $2;

-- name: ahead
-- What a delivery waits behind: the head of its route and record.
SELECT d.id FROM delivery d
WHERE d.tenant_id = $1 AND d.route_id = $2 AND d.record_id = $3 AND d.head AND d.id <> $4;

-- name: proof
-- The first proof of the whole store after a delivery, and what it says of the record.
SELECT p.id, p.ended_at, x.kind, x.what, x.state
FROM (SELECT f.id, f.ended_at FROM proof f
      WHERE f.tenant_id = $1 AND f.connection_id = $2 AND f.id > $3 AND f.began_at > $4 AND f.whole
      ORDER BY f.id LIMIT 1) AS p
LEFT JOIN LATERAL (SELECT e.kind, e.what, e.state FROM proof_exception e
                   WHERE e.proof_id = p.id AND e.tenant_id = $1 AND e.route_id = $5 AND e.record_id = $6
                   ORDER BY (e.state = 'open') DESC LIMIT 1) AS x ON true;

-- name: links_of
-- What a record is at a destination: our key's own links.
SELECT l.object, l.external_id FROM link l WHERE l.tenant_id = $1 AND l.connection_id = $2 AND l.key = $3;
