-- name: gate
-- The connections of a batch with their route epochs, the database's time, and the records that are there already,
-- locked in one order for everybody, so that two batches never wait for each other in a circle.
-- One lookup a key, whatever the planner knows of the table: a plan that was made while the table was small would
-- else read whole streams for as long as it is kept.
WITH locked AS (
    SELECT r.*
    FROM unnest($2::uuid[], $3::text[], $4::text[]) AS k(connection_id, stream, external_id)
    CROSS JOIN LATERAL (
        SELECT r.id, r.connection_id, r.stream, r.external_id, r.parent_id, r.seq, r.digest, r.digest_version,
               r.presence, r.status, r.modified_at, r.made_at, r.seen_to, r.contested, r.subject, r.event_id, r.code
        FROM record r
        WHERE r.connection_id = k.connection_id AND r.stream = k.stream AND r.external_id = k.external_id
        LIMIT 1
        FOR NO KEY UPDATE OF r) AS r
)
SELECT c.id AS gate_id, c.tenant_id, c.route_epoch, c.state, clock_timestamp() AS at,
       coalesce(c.writes_until > now(), false) AS writes, l.*
FROM connection c LEFT JOIN locked l ON l.connection_id = c.id
WHERE c.id = ANY($1::uuid[]);

-- name: known_keys
SELECT a.connection_id, a.key, a.event_id, a.body_hash
FROM arrival_key a
JOIN unnest($1::uuid[], $2::text[]) AS k(connection_id, key) USING (connection_id, key)
WHERE a.expires_at > now();

-- name: lock_deliveries
-- Live deliveries of records that change: a pump that is completing one of them is waited for.
SELECT d.id, d.route_id, d.record_id, d.seq, d.head, d.state, d.occurrence
FROM delivery d
WHERE d.record_id = ANY($1::uuid[])
ORDER BY d.id
FOR UPDATE;

-- name: supersede
-- A newer state takes the place of one that nobody has begun to deliver.
WITH gone AS (
    DELETE FROM delivery WHERE id = ANY($1::uuid[])
    RETURNING id, tenant_id, lane_id, route_id, record_id, event_id, seq, attempt, created_at
)
INSERT INTO delivery_done (id, tenant_id, lane_id, route_id, record_id, event_id, seq, state, rule, attempts, created_at)
SELECT id, tenant_id, lane_id, route_id, record_id, event_id, seq, 'skipped', 'superseded', attempt, created_at
FROM gone;

-- name: wake_planned
-- Messages that wait for a time their source gave: the pump asks the source's newest state for it again. The records'
-- lines are looked up one by one, and waiting is said so that the index of what is due does not offer itself: by the plan
-- of a young table all that is due would be read.
UPDATE delivery d SET due_at = now()
FROM (
    SELECT w.id FROM unnest($1::uuid[]) AS k(record_id) CROSS JOIN LATERAL (
        SELECT l.id, l.route_id FROM delivery l WHERE l.record_id = k.record_id OFFSET 0) AS w
    WHERE w.route_id = ANY($2::uuid[])
) AS line
WHERE d.id = line.id AND d.head AND d.state NOT IN ('claimed', 'in_doubt') AND d.attempt = 0 AND d.due_at > now()
RETURNING d.lane_id;

-- name: touch_records
-- Seen again, unchanged: only the times move (a heap-only update).
UPDATE record r
SET modified_at = k.modified_at, seen_to = k.seen_to, contested = k.contested, code = k.code
FROM unnest($1::uuid[], $2::timestamptz[], $3::timestamptz[], $4::boolean[], $5::text[])
     AS k(id, modified_at, seen_to, contested, code)
WHERE r.id = k.id;

-- name: renew_digests
-- The same content by a newer rule of digesting: nothing has changed.
UPDATE record r SET digest = k.digest, digest_version = k.digest_version
FROM unnest($1::uuid[], $2::bytea[], $3::smallint[]) AS k(id, digest, digest_version)
WHERE r.id = k.id;

-- name: append_done
INSERT INTO delivery_done (id, tenant_id, lane_id, route_id, record_id, event_id, seq, state, rule, attempts, created_at)
SELECT k.id, k.tenant_id, k.lane_id, k.route_id, k.record_id, k.event_id, k.seq, 'skipped', k.rule, 0, now()
FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::uuid[], $5::uuid[], $6::uuid[], $7::bigint[], $8::text[])
     AS k(id, tenant_id, lane_id, route_id, record_id, event_id, seq, rule);

-- name: keep_keys
WITH written AS (
    INSERT INTO arrival_key AS a (connection_id, key, tenant_id, event_id, body_hash, expires_at)
    SELECT k.connection_id, k.key, k.tenant_id, k.event_id, k.body_hash, now() + $6::interval
    FROM unnest($1::uuid[], $2::text[], $3::uuid[], $4::uuid[], $5::bytea[])
         AS k(connection_id, key, tenant_id, event_id, body_hash)
    ON CONFLICT (connection_id, key) DO UPDATE
    SET event_id = EXCLUDED.event_id, body_hash = EXCLUDED.body_hash, expires_at = EXCLUDED.expires_at
    WHERE a.expires_at <= now()
    RETURNING 1
)
SELECT count(*) FROM written;

-- name: ring
INSERT INTO doorbell AS d (connection_id, stream, external_id, tenant_id, parent_id, reason, due_at)
SELECT k.connection_id, k.stream, k.external_id, k.tenant_id, k.parent_id, k.reason, now() + k.wait
FROM unnest($1::uuid[], $2::text[], $3::text[], $4::uuid[], $5::text[], $6::text[], $7::interval[])
     AS k(connection_id, stream, external_id, tenant_id, parent_id, reason, wait)
ON CONFLICT (connection_id, stream, external_id) DO UPDATE
SET rung_at = clock_timestamp(), reason = EXCLUDED.reason, parent_id = coalesce(EXCLUDED.parent_id, d.parent_id),
    due_at = least(d.due_at, EXCLUDED.due_at);
