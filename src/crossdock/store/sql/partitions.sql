-- name: partitioned_tables
-- Tables split by the day inside their uuid key, with the names of their partitions.
SELECT c.relname::text AS name,
       coalesce(array_agg(child.relname::text) FILTER (WHERE child.oid IS NOT NULL), '{}') AS partitions
FROM pg_catalog.pg_partitioned_table p
JOIN pg_catalog.pg_class c ON c.oid = p.partrelid
JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum = p.partattrs[0]
LEFT JOIN pg_catalog.pg_inherits i ON i.inhparent = c.oid
LEFT JOIN pg_catalog.pg_class child ON child.oid = i.inhrelid
WHERE p.partstrat = 'r' AND p.partnatts = 1 AND a.atttypid = 'uuid'::regtype AND a.attname = 'id'
  AND c.relnamespace = 'public'::regnamespace
GROUP BY c.relname
ORDER BY c.relname;

-- name: lock
-- Until the end of the transaction; one keeper of partitions at a time.
SELECT pg_advisory_xact_lock(7283465123002);

-- name: short_waits
-- Whoever comes while a lock is waited for waits behind it.
SELECT set_config('lock_timeout', '1s', true);

-- name: create_default
CREATE TABLE IF NOT EXISTS {partition} PARTITION OF {table} DEFAULT;

-- name: create_loose
CREATE TABLE {partition} (LIKE {table} INCLUDING ALL);

-- name: stray_days
-- Days of rows that fell into the default partition: the first 48 bits of a UUIDv7 are milliseconds.
SELECT DISTINCT to_timestamp(('x' || left(replace(id::text, '-', ''), 12))::bit(48)::bigint / 1000)::date AS day
FROM {partition}
WHERE id >= $1 AND id < $2
LIMIT 100;

-- name: move_strays
WITH moved AS (
    DELETE FROM {source} WHERE id >= $1 AND id < $2 RETURNING *
)
INSERT INTO {partition} SELECT * FROM moved;

-- name: attach
ALTER TABLE {table} ATTACH PARTITION {partition} FOR VALUES FROM ('{low}') TO ('{high}');

-- name: lock_partition
LOCK TABLE {partition} IN ACCESS EXCLUSIVE MODE;

-- name: lock_parent
-- Whoever reads rows of it (a replay) has committed before we look at what still points into a partition. The parent
-- first, as every reader locks it: dropping a partition locks its parent too, and whoever had that one already and came
-- for the partition would wait for us while we wait for them.
LOCK TABLE ONLY {table} IN ACCESS EXCLUSIVE MODE;

-- name: drop
DROP TABLE {partition};

-- name: still_there
-- Asked of the table itself: to_regclass may answer from a cache that has not heard of another keeper's drop yet.
SELECT EXISTS (
    SELECT FROM pg_catalog.pg_class WHERE relname = $1 AND relnamespace = 'public'::regnamespace
) AS present;

-- name: pinned_events
-- Whether a live delivery or a record's current body lies in a range of events.
-- By way of the event's record, so that neither table pays for an index on event_id with every arrival.
SELECT EXISTS (SELECT FROM event e JOIN record r ON r.id = e.record_id AND r.event_id = e.id
               WHERE e.id >= $1 AND e.id < $2)
    OR EXISTS (SELECT FROM event e JOIN delivery d ON d.record_id = e.record_id AND d.event_id = e.id
               WHERE e.id >= $1 AND e.id < $2);

-- name: pinned_meanwhile
-- Asked while events are locked, so it must not read them: whether somebody started a delivery of an event in
-- the range since the first look ($3, an id of that moment). A record never begins to point to an old event.
SELECT EXISTS (SELECT FROM delivery WHERE id >= $3 AND event_id >= $1 AND event_id < $2);

-- name: pinned_audit
-- Whether the chain still holds an entry of the range, or one waits to be chained.
SELECT EXISTS (SELECT FROM audit_link WHERE entry_id >= $1 AND entry_id < $2)
    OR EXISTS (SELECT FROM audit_waiting WHERE entry_id >= $1 AND entry_id < $2);
