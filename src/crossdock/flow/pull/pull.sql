-- name: now
SELECT clock_timestamp();

-- name: checkpoints
SELECT stream, kind, cursor FROM checkpoint WHERE connection_id = $1 AND cursor IS NOT NULL;

-- name: save_checkpoint
-- Where reading goes on; a sweep keeps the time of its first page until its last.
INSERT INTO checkpoint AS c (connection_id, stream, kind, tenant_id, cursor, swept_from)
VALUES ($1, $2, $3, $4, $5::jsonb, $6::timestamptz)
ON CONFLICT (connection_id, stream, kind) DO UPDATE
SET cursor = EXCLUDED.cursor, changed_at = now(),
    swept_from = CASE WHEN EXCLUDED.swept_from IS NULL THEN NULL ELSE coalesce(c.swept_from, EXCLUDED.swept_from) END;

-- name: passed
-- They stand, though nothing of them is kept anew.
UPDATE record SET seen_to = $4
WHERE connection_id = $1 AND stream = $2 AND external_id = ANY($3::text[]) AND seen_to < $4;

-- name: ring_missed
-- Entities of ours that a sweep from end to end has not met.
INSERT INTO doorbell AS d (connection_id, stream, external_id, tenant_id, parent_id, reason)
SELECT r.connection_id, r.stream, r.external_id, r.tenant_id, r.parent_id, 'not met by a sweep'
FROM record r
WHERE r.connection_id = $1 AND r.tenant_id = $2 AND r.stream = $3 AND r.presence <> 'deleted'
  AND r.seen_to < coalesce((SELECT c.swept_from FROM checkpoint c
                            WHERE c.connection_id = $1 AND c.stream = $3 AND c.kind = $4), $5)
ORDER BY r.external_id
LIMIT $6
ON CONFLICT (connection_id, stream, external_id) DO UPDATE SET due_at = least(d.due_at, now())
RETURNING 1;

-- name: ring_children
-- Entities of ours that their parent does not show any more.
INSERT INTO doorbell AS d (connection_id, stream, external_id, tenant_id, parent_id, reason)
SELECT r.connection_id, r.stream, r.external_id, r.tenant_id, r.parent_id, 'its parent does not show it'
FROM record r
WHERE r.connection_id = $1 AND r.tenant_id = $2 AND r.stream = $3 AND r.parent_id = $4 AND r.presence <> 'deleted'
  AND r.external_id <> ALL($5::text[]) AND r.seen_to < $6
ORDER BY r.external_id
ON CONFLICT (connection_id, stream, external_id) DO UPDATE SET due_at = least(d.due_at, now())
RETURNING 1;

-- name: clear_checkpoint
DELETE FROM checkpoint WHERE connection_id = $1 AND stream = $2 AND kind = $3;

-- name: take_bells
-- Some of each shop, the longest due first; shops in $4 are being answered.
UPDATE doorbell d
SET due_at = now() + $1::interval
FROM (
    SELECT b.connection_id, b.stream, b.external_id
    FROM connection c, LATERAL (
        SELECT o.connection_id, o.stream, o.external_id, o.due_at
        FROM doorbell o
        WHERE o.connection_id = c.id AND o.due_at <= now()
        ORDER BY o.due_at
        LIMIT $3
        FOR UPDATE SKIP LOCKED) AS b
    WHERE c.state = 'active' AND NOT (c.id = ANY($4::uuid[]))
    ORDER BY b.due_at
    LIMIT $2
) AS due
WHERE (d.connection_id, d.stream, d.external_id) = (due.connection_id, due.stream, due.external_id)
RETURNING d.connection_id, d.tenant_id, d.stream, d.external_id, d.parent_id, d.reason, d.rung_at, d.failures;

-- name: answer_bell
-- Rung again since: it stays, and is due at once.
WITH still AS (
    UPDATE doorbell SET due_at = now()
    WHERE connection_id = $1 AND stream = $2 AND external_id = $3 AND rung_at > $4
)
DELETE FROM doorbell WHERE connection_id = $1 AND stream = $2 AND external_id = $3 AND rung_at <= $4;

-- name: postpone_bell
UPDATE doorbell SET due_at = now() + $4::interval, failures = failures + $5::integer
WHERE connection_id = $1 AND stream = $2 AND external_id = $3;

-- name: unplanned
-- Connections whose streams are to be planned anew.
SELECT k.connection_id FROM checkpoint k JOIN connection c ON c.id = k.connection_id
WHERE k.kind = 'pull' AND k.stream = '*' AND k.next_at <= now() AND c.state = 'active'
LIMIT 200;

-- name: plan_anew
INSERT INTO checkpoint AS k (connection_id, stream, kind, tenant_id, next_at) VALUES ($1, '*', 'pull', $2, now())
ON CONFLICT (connection_id, stream, kind) DO UPDATE SET next_at = least(k.next_at, now());

-- name: plan_streams
INSERT INTO checkpoint AS k (connection_id, stream, kind, tenant_id, next_at)
SELECT $1, stream, 'pull', $2, now() FROM unnest($3::text[]) AS stream
ON CONFLICT (connection_id, stream, kind) DO UPDATE SET next_at = least(coalesce(k.next_at, now()), now());

-- name: plan_missing
-- Streams of a planned connection that have no time of their own yet (a newer connector reads more).
INSERT INTO checkpoint AS k (connection_id, stream, kind, tenant_id, next_at)
SELECT $1, stream, 'pull', $2, now() FROM unnest($3::text[]) AS stream
WHERE EXISTS (SELECT 1 FROM checkpoint p WHERE p.connection_id = $1 AND p.kind = 'pull' AND p.next_at IS NOT NULL)
ON CONFLICT (connection_id, stream, kind) DO UPDATE SET next_at = EXCLUDED.next_at WHERE k.next_at IS NULL;

-- name: planned
DELETE FROM checkpoint WHERE connection_id = $1 AND stream = '*' AND kind = 'pull' AND next_at <= now();

-- name: due_streams
-- One run a connection carries all its due streams; while it is under way the others wait.
SELECT k.connection_id, c.hooks_ok, array_agg(k.stream) AS streams
FROM checkpoint k JOIN connection c ON c.id = k.connection_id
WHERE k.kind = 'pull' AND k.stream <> '*' AND k.next_at <= now() AND c.state = 'active'
  AND NOT EXISTS (
      SELECT 1 FROM run r
      WHERE r.connection_id = k.connection_id AND r.kind = 'pull' AND r.state IN ('waiting', 'running'))
GROUP BY k.connection_id, c.hooks_ok
ORDER BY min(k.next_at)
LIMIT 200;

-- name: being_read
-- Streams that a backfill of this connection reads now, or will; a backfill that names no streams reads all. One that
-- does not get on holds nothing up.
SELECT stream FROM unnest($2::text[]) AS stream
WHERE EXISTS (
    SELECT 1 FROM run r
    WHERE r.connection_id = $1 AND r.kind = 'backfill' AND r.state IN ('waiting', 'running')
      AND coalesce(r.progress_at, r.created_at) > now() - interval '15 minutes'
      AND (r.streams = '{}' OR stream = ANY(r.streams))
      AND NOT coalesce((r.progress -> stream ->> 'done')::boolean, false));

-- name: next_times
UPDATE checkpoint k SET next_at = now() + n.span
FROM unnest($2::text[], $3::interval[]) AS n(stream, span)
WHERE k.connection_id = $1 AND k.kind = 'pull' AND k.stream = n.stream AND k.next_at <= now();

-- name: forget_times
UPDATE checkpoint SET next_at = NULL WHERE connection_id = $1 AND kind = 'pull' AND stream = ANY($2::text[]);

-- name: rest
-- A pull that took long comes later.
UPDATE checkpoint SET next_at = greatest(next_at, now() + $3::interval)
WHERE connection_id = $1 AND stream = $2 AND kind = 'pull' AND next_at IS NOT NULL;

-- name: wait_until
UPDATE checkpoint SET next_at = $3 WHERE connection_id = $1 AND kind = 'pull' AND stream = ANY($2::text[]);
