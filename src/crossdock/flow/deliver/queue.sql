-- name: take_lane
-- One unleased lane that is due, or whose owner let its lease run out. Only lanes are read, never deliveries. Lanes take
-- turns: who was left first goes first; unless it is everybody's turn ($5 false), the most urgent go before. The lane of
-- a connection that has ended is taken too: what waits in it ends. That of a tenant who has ended goes with its rows.
UPDATE lane
SET owner = $1, epoch = lane.epoch + 1, until = now() + $2::interval, due_at = NULL
WHERE lane.id = (
    SELECT l.id
    FROM lane l JOIN connection c ON c.id = l.id
    WHERE (l.due_at <= now() OR l.until < now()) AND (l.until IS NULL OR l.until < now())
      AND (c.state = 'active' AND c.writes_stopped IS NULL AND (l.breaker_until IS NULL OR l.breaker_until <= now())
           OR c.state = 'revoked'
              AND EXISTS (SELECT FROM tenant t WHERE t.tenant_id = l.tenant_id AND t.ending_at IS NULL))
      AND NOT (l.id = ANY($3::uuid[])) AND NOT (l.tenant_id = ANY($4::uuid[]))
    ORDER BY CASE WHEN $5::boolean THEN l.best ELSE 0 END, l.due_at NULLS FIRST
    LIMIT 1
    FOR UPDATE OF l SKIP LOCKED)
RETURNING id, tenant_id, epoch, breaker, breaker_opened, now() AS at,
          (SELECT c.state = 'revoked' FROM connection c WHERE c.id = lane.id) AS ended,
          CASE WHEN breaker_at > now() - interval '10 minutes' THEN breaker_seen ELSE 1 END AS breaker_seen;

-- name: next_lane
-- Seconds until the next lane is due by its own time; NULL: none is.
SELECT extract(epoch FROM min(greatest(l.due_at, l.breaker_until)) - clock_timestamp())::float8
FROM lane l WHERE greatest(l.due_at, l.breaker_until) > now() AND l.due_at IS NOT NULL;

-- name: keep_lane
UPDATE lane SET until = now() + $4::interval WHERE id = $1 AND owner = $2 AND epoch = $3 RETURNING id;

-- name: leave_lane
-- Due again when its next delivery is; now, when a hint came meanwhile (due_at is the row's own, so that it is seen even
-- when it was written while this statement waited). Behind the others: round robin.
-- What the breaker has seen goes to the next holder; when there is nothing to remember its time stands still.
UPDATE lane
SET owner = NULL, until = NULL, best = next.best, breaker_seen = $4,
    breaker_at = CASE WHEN $4 = breaker_seen THEN breaker_at ELSE now() END,
    due_at = CASE WHEN lane.due_at IS NOT NULL THEN now() WHEN next.at IS NOT NULL THEN greatest(next.at, now()) END
FROM (SELECT l.id, n.at, n.best FROM lane l CROSS JOIN LATERAL lane_next(l.id, l.held_priority, l.held_until) AS n
      WHERE l.id = $1) AS next
WHERE lane.id = next.id AND lane.owner = $2 AND lane.epoch = $3;

-- name: hold_lane
-- What is at or behind a priority waits for the account's quota; more urgent deliveries go on.
UPDATE lane SET held_priority = $4, held_until = now() + $5::interval, reason = $6
WHERE id = $1 AND owner = $2 AND epoch = $3;

-- name: rest_lane
UPDATE lane SET breaker = $4, breaker_until = now() + $5::interval, reason = $6, breaker_opened = $7
WHERE id = $1 AND owner = $2 AND epoch = $3;

-- name: close_breaker
UPDATE lane SET breaker = 'closed', breaker_until = NULL, reason = NULL, breaker_opened = 0
WHERE id = $1 AND owner = $2 AND epoch = $3;

-- name: hint_lanes
-- Hints, after the commit: the truth is a due head. A lane that is due already stays as it is, unless something more
-- urgent has come; but it is told of again: who takes lanes skips what is locked, and it may have been locked by this.
WITH rung AS MATERIALIZED (
    SELECT l.id, CASE WHEN l.until > now() THEN now() ELSE n.at END AS at, n.best
    FROM lane l CROSS JOIN LATERAL lane_next(l.id, l.held_priority, l.held_until) AS n
    WHERE l.id = ANY($1::uuid[])
    ORDER BY l.id
    FOR UPDATE OF l
), marked AS (
    UPDATE lane SET due_at = rung.at, best = rung.best
    FROM rung
    WHERE lane.id = rung.id AND rung.at IS NOT NULL
      AND (lane.due_at IS NULL OR lane.due_at > rung.at OR (lane.due_at <= now() AND rung.best < lane.best))
)
SELECT pg_notify('crossdock_lane', $3::text) FROM (SELECT set_config('synchronous_commit', 'off', true)) AS unhurried
WHERE $2::boolean OR EXISTS (SELECT 1 FROM rung WHERE rung.at IS NOT NULL);

-- name: sweep_lanes
-- Lanes whose hint was lost. All processes share one look in a while: whoever comes first looks for all.
WITH turn AS (
    UPDATE lane_sweep SET at = now() WHERE at < now() - $1::interval RETURNING at
), found AS MATERIALIZED (
    SELECT l.id, n.at, n.best
    FROM lane l CROSS JOIN LATERAL lane_next(l.id, l.held_priority, l.held_until) AS n
    WHERE EXISTS (SELECT 1 FROM turn) AND (l.until IS NULL OR l.until < now())
      AND n.at IS NOT NULL AND (l.due_at IS NULL OR l.due_at > n.at)
    ORDER BY l.id
)
UPDATE lane SET due_at = found.at, best = found.best
FROM found
WHERE lane.id = found.id AND (lane.until IS NULL OR lane.until < now())
  AND (lane.due_at IS NULL OR lane.due_at > found.at);

-- name: claim
-- The most urgent first; but a part of the places ($5 for each priority) belongs to standard and bulk deliveries that
-- have waited longer than their patience, so that what is less urgent is late, and never for ever. Reads at most three
-- times the batch, by the index.
-- Beside it, and for the next claim: what an earlier owner was doing when it lost the lane is in doubt until its call can
-- no longer take effect, and doubts whose time is up end. $9: the connection has ended, and nothing is to be sent.
WITH fence AS MATERIALIZED (
    SELECT l.id, l.held_priority, l.held_until FROM lane l JOIN connection c ON c.id = l.id
    WHERE l.id = $1 AND l.epoch = $2 AND l.until > now()
      AND CASE WHEN $9::boolean THEN c.state = 'revoked' ELSE c.state = 'active' AND c.writes_stopped IS NULL END
    FOR SHARE OF l
), lost AS (
    UPDATE delivery
    SET state = CASE WHEN call_deadline_at + $8::interval > now() THEN 'in_doubt' ELSE 'waiting' END,
        due_at = greatest(now(), call_deadline_at + $8::interval),
        reason = 'its worker was lost in the middle of a call', doubted = true
    WHERE lane_id = $1 AND state = 'claimed' AND lane_epoch < $2 AND EXISTS (SELECT 1 FROM fence)
), ended AS (
    UPDATE delivery SET state = 'waiting'
    WHERE lane_id = $1 AND state = 'in_doubt' AND due_at <= now() AND EXISTS (SELECT 1 FROM fence)
), due AS (
    SELECT found.id
    FROM fence, (VALUES (0::smallint, NULL::interval), (1::smallint, $6::interval), (2::smallint, $7::interval))
                AS p(priority, patience), LATERAL (
        SELECT d.id, d.due_at, row_number() OVER (ORDER BY d.due_at) AS place FROM delivery d
        WHERE d.lane_id = $1 AND d.head AND d.state = 'waiting' AND d.priority = p.priority AND d.due_at <= now()
        ORDER BY d.due_at
        LIMIT $3) AS found
    WHERE fence.held_priority IS NULL OR p.priority < fence.held_priority OR fence.held_until <= now() OR $9::boolean
    ORDER BY (found.place <= $5::integer AND found.due_at <= now() - p.patience) IS NOT TRUE, p.priority, found.due_at
    LIMIT $3
)
UPDATE delivery d
SET state = 'claimed', lane_epoch = $2, attempt = d.attempt + 1, step = 0, call_deadline_at = now() + $4::interval
FROM due
WHERE d.id = due.id AND d.state = 'waiting' AND d.lane_id = $1  -- it may have been moved while this waited for the lane
RETURNING d.id, d.tenant_id, d.route_id, d.record_id, d.event_id, d.seq, d.attempt, d.created_at, d.priority,
          d.doubted, d.failing_since, d.mapping_version;

-- name: give_back
-- Of what was claimed of a second destination that has been disconnected: what was surely not tried there waits for its
-- route's own again, with all that follows for the same record.
WITH heads AS MATERIALIZED (
    SELECT d.id, d.route_id, d.record_id, r.destination_id FROM delivery d JOIN route r ON r.id = d.route_id
    WHERE d.id = ANY($1::uuid[]) AND d.lane_epoch = $2 AND d.state = 'claimed' AND NOT d.doubted
      AND r.destination_id <> d.lane_id AND r.enabled
), line AS MATERIALIZED (
    SELECT d.id, h.destination_id, d.state = 'claimed' AS claimed
    FROM delivery d JOIN heads h ON h.route_id = d.route_id AND h.record_id = d.record_id
    WHERE d.id = h.id OR d.state = 'waiting' AND NOT d.doubted
    ORDER BY d.id
    FOR UPDATE OF d
)
UPDATE delivery d
SET lane_id = line.destination_id, state = 'waiting', attempt = d.attempt - line.claimed::integer,
    due_at = least(d.due_at, now()), failing_since = NULL, reason = 'the second destination was disconnected'
FROM line WHERE d.id = line.id
RETURNING d.id;

-- name: fence
SELECT now() FROM lane WHERE id = $1 AND epoch = $2 FOR SHARE;

-- name: tell_channel
SELECT pg_notify($1, 'news');

-- name: advance
-- A step is done: the next call's deadline stands before the call is made.
UPDATE delivery SET step = $3, call_deadline_at = now() + $4::interval
WHERE id = ANY($1::uuid[]) AND lane_epoch = $2;

-- name: settle
WITH ends AS (
    SELECT * FROM unnest($2::settle_end[])
), line AS (
    SELECT d.id FROM delivery d JOIN ends USING (id) WHERE d.lane_epoch = $1 ORDER BY d.id FOR UPDATE OF d
), gone AS (
    DELETE FROM delivery d USING line WHERE d.id = line.id
    RETURNING d.id, d.tenant_id, d.lane_id, d.route_id, d.record_id, d.event_id, d.seq, d.attempt, d.created_at,
              d.replay_id
)
INSERT INTO delivery_done (id, tenant_id, lane_id, route_id, record_id, event_id, seq, state, rule, reason, evidence,
                           external_id, attempts, created_at, cause_id, mapping_version, replay_id)
SELECT g.id, g.tenant_id, g.lane_id, g.route_id, g.record_id, g.event_id, g.seq, k.state, k.rule, k.reason,
       k.evidence, k.external_id, g.attempt, g.created_at, k.cause_id, k.mapping_version, g.replay_id
FROM gone g JOIN ends k USING (id)
RETURNING id;

-- name: promote
-- A statement of its own: it has to see followers that were added while `settle` waited for their arrival's commit.
UPDATE delivery d
SET head = true, due_at = least(d.due_at, now())
FROM (
    SELECT DISTINCT ON (f.route_id, f.record_id) f.id, f.route_id, f.record_id
    FROM delivery f
    JOIN unnest($1::uuid[], $2::uuid[]) AS k(route_id, record_id) USING (route_id, record_id)
    ORDER BY f.route_id, f.record_id, f.seq, f.id
) AS next
WHERE d.id = next.id AND NOT d.head
  AND NOT EXISTS (SELECT 1 FROM delivery h
                  WHERE h.route_id = next.route_id AND h.record_id = next.record_id AND h.head);

-- name: put_back
-- Not ended: tried again later. A throttled or refused-credential call burns no attempt.
UPDATE delivery d
SET state = k.state, due_at = now() + k.wait, attempt = d.attempt - k.unburnt, reason = k.reason,
    doubted = d.doubted OR k.doubted,
    failing_since = CASE WHEN k.unburnt = 1 THEN d.failing_since ELSE coalesce(d.failing_since, now()) END
FROM unnest($2::uuid[], $3::text[], $4::interval[], $5::integer[], $6::text[], $7::boolean[])
     AS k(id, state, wait, unburnt, reason, doubted)
WHERE d.id = k.id AND d.lane_epoch = $1;

-- name: gone_before
-- How often each of these was told that the record is no longer there.
SELECT a.delivery_id, count(*) AS times FROM attempt a
WHERE a.tenant_id = $1 AND a.delivery_id = ANY($2::uuid[]) AND a.outcome = 'gone'
GROUP BY a.delivery_id;

-- name: note_attempts
INSERT INTO attempt (id, tenant_id, delivery_id, lane_id, number, step, outcome, code, reason, took_ms, detail)
SELECT k.id, $1, k.delivery_id, $2, k.number, k.step, k.outcome, k.code, k.reason, $3, k.detail
FROM unnest($4::settle_attempt[]) AS k;

-- name: break_connection
-- Unless somebody put new credentials in meanwhile: what was refused were the old ones (processes may keep them 2 s).
UPDATE connection SET state = 'broken', problem = $2, changed_at = now()
WHERE id = $1 AND state = 'active'
  AND NOT EXISTS (SELECT 1 FROM credential k WHERE k.connection_id = $1 AND k.changed_at > $3::timestamptz - interval '2 s'
                  AND k.generation > 1)
  AND NOT EXISTS (SELECT 1 FROM oauth_grant g WHERE g.connection_id = $1
                  AND g.granted_at > $3::timestamptz - interval '2 s' AND g.generation > 1)
RETURNING id;

-- name: bodies
SELECT id, connection_id, stream, external_id, type, origin, presence, status, modified_at, recorded_at, hops, body
FROM event WHERE id = ANY($1::uuid[]);

-- name: links
SELECT l.object, l.key, l.external_id
FROM link l JOIN unnest($2::text[], $3::text[]) AS k(object, key) USING (object, key)
WHERE l.connection_id = $1;

-- name: save_links
INSERT INTO link AS l (connection_id, object, key, tenant_id, external_id, parent_key, lane_epoch)
SELECT $1, k.object, k.key, $2, k.external_id, k.parent_key, $3
FROM unnest($4::text[], $5::text[], $6::text[], $7::text[]) AS k(object, key, external_id, parent_key)
ON CONFLICT (connection_id, object, key) DO UPDATE
SET external_id = EXCLUDED.external_id, parent_key = EXCLUDED.parent_key, lane_epoch = EXCLUDED.lane_epoch,
    changed_at = now()
WHERE l.lane_epoch <= EXCLUDED.lane_epoch;

-- name: drop_links
DELETE FROM link l USING unnest($2::text[], $3::text[]) AS k(object, key)
WHERE l.connection_id = $1 AND l.object = k.object AND l.key = k.key;

-- name: children
SELECT parent_key, object, key FROM link WHERE connection_id = $1 AND parent_key = ANY($2::text[]) ORDER BY key;

-- name: related
SELECT r.connection_id, r.stream, r.external_id, r.presence, r.status, r.modified_at, e.id AS event_id, e.body
FROM record r
JOIN unnest($1::uuid[], $2::text[], $3::text[]) AS k(connection_id, stream, external_id)
  USING (connection_id, stream, external_id)
JOIN event e ON e.id = r.event_id
WHERE r.presence <> 'deleted';

-- name: speakers
-- Whose data a person's fields follow: a registered customer before a guest's order, then the newest.
SELECT DISTINCT ON (r.subject) r.subject, r.stream, c.account_uid || ':' || r.external_id AS name
FROM record r JOIN connection c ON c.id = r.connection_id
WHERE r.tenant_id = $1 AND r.subject = ANY($2::bytea[]) AND r.stream IN ('customer', 'order')
  AND r.presence IN ('live', 'trashed') AND c.state <> 'revoked'
ORDER BY r.subject, (r.stream = 'customer') DESC,
         CASE WHEN r.stream = 'customer' THEN coalesce(r.modified_at, r.made_at) ELSE r.made_at END DESC NULLS LAST,
         c.account_uid, length(r.external_id) DESC, r.external_id DESC;

-- name: routes
SELECT id, tenant_id, source_id, destination_id, stream, action, occurrence, historical, priority, types,
       skip_statuses, mapping_version, schedule, enabled, fallback_id, fallback_action
FROM route WHERE id = ANY($1::uuid[]);

-- name: standing
-- How the records of waiting messages stand now, and whether a newer message of the same record waits behind.
SELECT k.id AS delivery_id, e.id, e.connection_id, e.stream, e.external_id, e.type, e.origin, r.presence, r.status,
       e.modified_at, e.recorded_at, e.hops, e.body,
       EXISTS (SELECT 1 FROM delivery f WHERE f.record_id = k.record_id AND f.route_id = k.route_id AND f.seq > k.seq)
           AS followed
FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::bigint[]) AS k(id, route_id, record_id, seq)
JOIN record r ON r.id = k.record_id
JOIN event e ON e.id = r.event_id;
