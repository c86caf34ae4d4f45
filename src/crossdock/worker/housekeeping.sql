-- name: forget_keys
WITH gone AS (
    DELETE FROM arrival_key WHERE (connection_id, key) IN
        (SELECT connection_id, key FROM arrival_key WHERE expires_at < now() LIMIT $1)
    RETURNING 1
)
SELECT count(*) FROM gone;

-- name: forget_bodies
-- Raw bodies past their time, from $2 on, except those a live delivery or a record points to; returns the last event
-- that was looked at, NULL where fewer than $3 were left.
WITH old AS MATERIALIZED (
    SELECT o.id, o.record_id FROM event o WHERE o.id >= $2 AND o.id < $1 AND o.body IS NOT NULL ORDER BY o.id LIMIT $3
), gone AS (
    UPDATE event e SET body = NULL
    FROM old
    WHERE e.id = old.id AND e.id >= $2 AND e.id < $1
      AND NOT EXISTS (SELECT 1 FROM record r WHERE r.id = old.record_id AND r.event_id = old.id)
      AND NOT EXISTS (SELECT 1 FROM delivery d WHERE d.record_id = old.record_id AND d.event_id = old.id)
)
SELECT CASE WHEN count(*) = $3 THEN max(id::text)::uuid END FROM old;

-- name: forget_intents
WITH gone AS (
    DELETE FROM write_intent WHERE at < now() - interval '1 day' AND delivery_id IN
        (SELECT delivery_id FROM write_intent WHERE at < now() - interval '1 day' ORDER BY at LIMIT $1)
    RETURNING 1
)
SELECT count(*) FROM gone;

-- name: gauges
-- As one process has counted them for all: the queue itself may hold millions.
SELECT l.id, coalesce(g.depth, 0) AS depth,
       greatest(coalesce(extract(epoch FROM now() - g.oldest_at), 0), 0)::float8 AS age, l.breaker
FROM lane l LEFT JOIN connection_gauge g ON g.connection_id = l.id;

-- name: bells
SELECT count(*) FROM doorbell;

-- name: findings
SELECT code, count(*) AS n FROM finding WHERE resolved_at IS NULL GROUP BY code;
