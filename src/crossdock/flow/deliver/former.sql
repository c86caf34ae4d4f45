-- name: kept
SELECT f.route_id, f.version, f.object, f.key FROM former_value f
JOIN unnest($1::uuid[], $2::integer[], $3::text[], $4::text[]) AS k(route_id, version, object, key)
     USING (route_id, version, object, key);

-- name: keep
INSERT INTO former_value (route_id, version, object, key, tenant_id, lane_id, record_id, delivery_id, external_id, sealed)
SELECT k.route_id, k.version, k.object, k.key, $1, $2, k.record_id, k.delivery_id, k.external_id, k.sealed
FROM unnest($3::uuid[], $4::integer[], $5::text[], $6::text[], $7::uuid[], $8::uuid[], $9::text[], $10::bytea[])
     AS k(route_id, version, object, key, record_id, delivery_id, external_id, sealed)
ON CONFLICT DO NOTHING;
