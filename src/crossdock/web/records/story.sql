-- name: versions
-- Every event of a record, the newest first.
SELECT e.id, e.type, e.origin, e.verdict, e.seq, e.stream, e.external_id, e.presence, e.status, e.modified_at,
       e.recorded_at, e.hops, e.body
FROM event e WHERE e.tenant_id = $1 AND e.record_id = $2
ORDER BY e.seq DESC, e.id DESC LIMIT $3;

-- name: tries
SELECT a.delivery_id, a.number, a.step, a.outcome, a.code, a.reason, a.took_ms, a.ended_at
FROM attempt a WHERE a.tenant_id = $1 AND a.delivery_id = ANY($2::uuid[]) AND a.id >= $3
ORDER BY a.id LIMIT 500;

-- name: wishes
-- What was asked of the store about one of its entities, and what became of it.
SELECT e.id, e.stream, e.recorded_at, e.body,
       coalesce(done.id, live.id) AS delivery_id, coalesce(live.state, done.state) AS state, done.rule,
       coalesce(live.reason, done.reason) AS reason, done.ended_at
FROM record r JOIN event e ON e.record_id = r.id
LEFT JOIN LATERAL (SELECT d.id, d.state, d.rule, d.reason, d.ended_at FROM delivery_done d
                   WHERE d.record_id = r.id AND d.event_id = e.id ORDER BY d.id DESC LIMIT 1) AS done ON true
LEFT JOIN LATERAL (SELECT d.id, d.state, d.reason FROM delivery d
                   WHERE d.record_id = r.id AND d.event_id = e.id ORDER BY d.id DESC LIMIT 1) AS live ON true
WHERE r.tenant_id = $1 AND r.connection_id = $2 AND r.stream = ANY($3::text[]) AND r.external_id = $4
ORDER BY e.id DESC LIMIT 50;

-- name: notes
SELECT r.made_at, e.id, e.body, e.recorded_at
FROM record r JOIN event e ON e.id = r.event_id
WHERE r.tenant_id = $1 AND r.connection_id = $2 AND r.stream = 'note' AND r.parent_id = $3 AND r.presence <> 'deleted'
  AND e.body IS NOT NULL
ORDER BY r.made_at DESC NULLS LAST, r.id DESC LIMIT 30;

-- name: proofs
-- The newest proofs of a store, with the days each was about.
SELECT p.id, p.depth, p.ended_at, p.report::json #>> '{days,first}' AS first,
       p.report::json #>> '{days,last}' AS last
FROM proof p WHERE p.tenant_id = $1 AND p.connection_id = $2 ORDER BY p.id DESC LIMIT 12;

-- name: exceptions
SELECT x.kind, x.what, x.state, x.told, c.name AS destination
FROM proof_exception x JOIN connection c ON c.id = x.destination_id
WHERE x.tenant_id = $1 AND x.proof_id = $2 AND x.record_id = $3 ORDER BY x.id LIMIT 50;

-- name: newest_events
-- The present events of records, for a replay of what a list shows.
SELECT r.event_id FROM record r WHERE r.tenant_id = $1 AND r.id = ANY($2::uuid[]);
