-- name: left_at
-- When the version that acts again was left, before this way back ($4 is its run): it may have been left once more since.
SELECT a.at FROM mapping_activation a
WHERE a.tenant_id = $1 AND a.route_id = $2 AND a.before = $3 AND a.version <> $3
  AND a.at < (SELECT r.created_at FROM run r WHERE r.id = $4)
ORDER BY a.id DESC LIMIT 1;

-- name: count
SELECT count(DISTINCT f.record_id) FROM former_value f
WHERE f.tenant_id = $1 AND f.route_id = $2 AND f.at >= $3;

-- name: next_records
-- The next records that later versions wrote to.
SELECT DISTINCT f.record_id FROM former_value f
WHERE f.tenant_id = $1 AND f.route_id = $2 AND f.at >= $3 AND f.record_id > $4
ORDER BY f.record_id LIMIT $5;

-- name: former
-- What stood before the first of them wrote.
SELECT DISTINCT ON (f.object, f.key) f.record_id, f.version, f.object, f.key, f.external_id, f.sealed
FROM former_value f
WHERE f.tenant_id = $1 AND f.route_id = $2 AND f.at >= $3 AND f.record_id = ANY($4::uuid[])
ORDER BY f.object, f.key, f.at, f.version;

-- name: present
-- The records' present events, as a plan reads them.
SELECT c.id AS record_id, e.id, e.connection_id, e.stream, e.external_id, e.type, e.origin, e.presence, e.status,
       e.modified_at, e.recorded_at, e.hops, e.body
FROM record c JOIN event e ON e.id = c.event_id
WHERE c.tenant_id = $1 AND c.id = ANY($2::uuid[]) AND e.body IS NOT NULL;

-- name: done
DELETE FROM former_value WHERE tenant_id = $1 AND route_id = $2 AND at >= $3 AND record_id = ANY($4::uuid[]);

-- name: forget
DELETE FROM former_value WHERE (route_id, version, object, key) IN
    (SELECT route_id, version, object, key FROM former_value WHERE at < now() - $1::interval ORDER BY at LIMIT 5000);

-- name: take_lane
-- Under the lane's lease nobody else writes to the account meanwhile.
UPDATE lane SET owner = $2, epoch = epoch + 1, until = now() + $3::interval
WHERE id = $1 AND (until IS NULL OR until < now()) AND (breaker_until IS NULL OR breaker_until <= now())
RETURNING epoch;

-- name: leave_lane
UPDATE lane SET owner = NULL, until = NULL, due_at = now() WHERE id = $1 AND owner = $2 AND epoch = $3;

-- name: keep_lane
UPDATE lane SET until = now() + $4::interval WHERE id = $1 AND owner = $2 AND epoch = $3 RETURNING id;
