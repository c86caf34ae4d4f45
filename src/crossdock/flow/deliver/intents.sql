-- name: intend
-- What is about to be written, before the call; a further try begins anew and keeps what an earlier one was answered.
INSERT INTO write_intent AS w (connection_id, stream, external_id, delivery_id, tenant_id, origin_id, caused_at, sent,
                               derived, hops)
SELECT $1, k.stream, k.external_id, k.delivery_id, $2, k.origin_id, k.caused_at, k.sent::jsonb,
       string_to_array(k.derived, ','), k.hops
FROM unnest($3::text[], $4::text[], $5::uuid[], $6::uuid[], $7::timestamptz[], $8::text[], $9::text[], $10::smallint[])
     AS k(stream, external_id, delivery_id, origin_id, caused_at, sent, derived, hops)
ON CONFLICT (connection_id, stream, external_id, delivery_id) DO UPDATE
SET at = clock_timestamp(), answered_at = NULL, sent = EXCLUDED.sent;

-- name: writes_until
-- Touched now and then, not at every write.
UPDATE connection SET writes_until = now() + $2::interval
WHERE id = $1 AND (writes_until IS NULL OR writes_until < now() + $2::interval - interval '5 minutes');

-- name: answer
UPDATE write_intent w SET answered_at = clock_timestamp(), returned = k.returned::jsonb
FROM unnest($1::uuid[], $2::text[]) AS k(delivery_id, returned)
WHERE w.delivery_id = k.delivery_id;

-- name: withdraw
-- It surely took no effect.
DELETE FROM write_intent WHERE delivery_id = ANY($1::uuid[]) AND returned IS NULL;
