-- name: add_tally
INSERT INTO arrival_tally AS t (connection_id, tenant_id, day, stream, origin, verdict, count)
SELECT k.connection_id, k.tenant_id, (now() AT TIME ZONE 'UTC')::date, k.stream, k.origin, k.verdict, k.count
FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::text[], $6::bigint[])
     AS k(connection_id, tenant_id, stream, origin, verdict, count)
ON CONFLICT (connection_id, day, stream, origin, verdict) DO UPDATE SET count = t.count + EXCLUDED.count;
