-- name: keep_causes
INSERT INTO dead_cause AS c (tenant_id, id, connector, code, field, rule, reason, seen)
SELECT $1, k.id, k.connector, k.code, k.field, k.rule, k.reason, k.seen
FROM unnest($2::uuid[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::bigint[])
     AS k(id, connector, code, field, rule, reason, seen)
ORDER BY k.id
ON CONFLICT (tenant_id, id) DO UPDATE
SET seen = c.seen + EXCLUDED.seen, last_at = now(), reason = EXCLUDED.reason;
