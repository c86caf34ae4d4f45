-- name: intents
SELECT w.connection_id, w.stream, w.external_id, w.origin_id, w.caused_at, w.sent, w.derived, w.returned, w.hops,
       w.at, w.answered_at
FROM write_intent w
JOIN unnest($1::uuid[], $2::text[], $3::text[]) AS k(connection_id, stream, external_id)
  USING (connection_id, stream, external_id)
WHERE w.at > now() - $4::interval;

-- name: present_bodies
SELECT id, body FROM event WHERE id = ANY($1::uuid[]) AND body IS NOT NULL;

-- name: delivered_since
-- Of (record, origin, moment): to which origin something of the record is on its way or went since.
SELECT k.record_id, k.lane_id
FROM unnest($1::uuid[], $2::uuid[], $3::timestamptz[]) AS k(record_id, lane_id, at)
WHERE EXISTS (SELECT 1 FROM delivery d WHERE d.record_id = k.record_id AND d.lane_id = k.lane_id)
   OR EXISTS (SELECT 1 FROM delivery_done d
              WHERE d.record_id = k.record_id AND d.lane_id = k.lane_id AND d.state = 'delivered' AND d.ended_at > k.at);

-- name: found
-- A loop that was ended: the watch's own table, so that it is shown and alerted like any other finding.
INSERT INTO finding AS f (id, tenant_id, connection_id, code, severity, cause, remedy, evidence, since, last_seen)
VALUES ($1, $2, $3, $4, 'error', $5, $6, $7::jsonb, now(), now())
ON CONFLICT (connection_id, code) WHERE resolved_at IS NULL
DO UPDATE SET evidence = EXCLUDED.evidence, last_seen = EXCLUDED.last_seen, seen = f.seen + 1
RETURNING f.seen = 1 AS fresh;
