-- name: forget_keys
DELETE FROM arrival_key WHERE (connection_id, key) IN
    (SELECT connection_id, key FROM arrival_key WHERE expires_at < now() LIMIT 10000);

-- name: forget_bodies
-- Raw bodies past their time, except those a live delivery or a record points to.
UPDATE event e SET body = NULL
WHERE e.id < $1 AND e.body IS NOT NULL AND e.id IN (
    SELECT o.id FROM event o WHERE o.id < $1 AND o.body IS NOT NULL
      AND NOT EXISTS (SELECT 1 FROM record r WHERE r.id = o.record_id AND r.event_id = o.id)
      AND NOT EXISTS (SELECT 1 FROM delivery d WHERE d.record_id = o.record_id AND d.event_id = o.id)
    LIMIT 5000);

-- name: forget_intents
DELETE FROM write_intent WHERE at < now() - interval '1 day' AND delivery_id IN
    (SELECT delivery_id FROM write_intent WHERE at < now() - interval '1 day' ORDER BY at LIMIT 10000);

-- name: gauges
-- As one process has counted them for all: the queue itself may hold millions.
SELECT l.id, coalesce(g.depth, 0) AS depth,
       greatest(coalesce(extract(epoch FROM now() - g.oldest_at), 0), 0)::float8 AS age, l.breaker
FROM lane l LEFT JOIN connection_gauge g ON g.connection_id = l.id;

-- name: bells
SELECT count(*) FROM doorbell;

-- name: findings
SELECT code, count(*) AS n FROM finding WHERE resolved_at IS NULL GROUP BY code;
