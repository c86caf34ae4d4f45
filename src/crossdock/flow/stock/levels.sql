-- name: create_levels
INSERT INTO stock_level (tenant_id, hub_sku, location)
SELECT $1, k.hub_sku, k.location FROM unnest($2::text[], $3::text[]) AS k(hub_sku, location)
ORDER BY k.hub_sku, k.location
ON CONFLICT (tenant_id, hub_sku, location) DO NOTHING;

-- name: lock_levels
-- In one order for everybody, so that two batches never wait for each other in a circle.
SELECT l.hub_sku, l.location, l.on_hand, l.reserved, l.confirmed, l.version
FROM stock_level l JOIN unnest($2::text[], $3::text[]) AS k(hub_sku, location) USING (hub_sku, location)
WHERE l.tenant_id = $1
ORDER BY l.hub_sku, l.location
FOR UPDATE OF l;

-- name: known_moves
SELECT m.hub_sku, m.location, m.reference
FROM stock_move m
JOIN unnest($2::text[], $3::text[], $4::text[]) AS k(hub_sku, location, reference) USING (hub_sku, location, reference)
WHERE m.tenant_id = $1;

-- name: save_levels
UPDATE stock_level l
SET on_hand = k.on_hand, reserved = k.reserved, confirmed = k.confirmed, version = k.version,
    changed_at = clock_timestamp()
FROM unnest($2::text[], $3::text[], $4::bigint[], $5::bigint[], $6::boolean[], $7::bigint[])
     AS k(hub_sku, location, on_hand, reserved, confirmed, version)
WHERE l.tenant_id = $1 AND l.hub_sku = k.hub_sku AND l.location = k.location;

-- name: add_moves
INSERT INTO stock_move (id, tenant_id, hub_sku, location, delta, reserved_delta, on_hand, reserved, version, cause,
                        reference, connection_id)
SELECT k.id, $1, k.hub_sku, k.location, k.delta, k.reserved_delta, k.on_hand, k.reserved, k.version, k.cause,
       k.reference, k.connection_id
FROM unnest($2::uuid[], $3::text[], $4::text[], $5::bigint[], $6::bigint[], $7::bigint[], $8::bigint[], $9::bigint[],
            $10::text[], $11::text[], $12::uuid[])
     AS k(id, hub_sku, location, delta, reserved_delta, on_hand, reserved, version, cause, reference, connection_id);

-- name: mark_links
-- The locks are taken in the order of ids, as the pushers take them.
UPDATE sku_link l
SET push_at = clock_timestamp()
FROM (SELECT s.id FROM sku_link s
      WHERE s.tenant_id = $1 AND s.hub_sku = ANY($2::text[]) AND s.push_stock AND s.direction <> 'in'
      ORDER BY s.id FOR UPDATE) AS due
WHERE l.id = due.id;

-- name: wake
SELECT pg_notify($1, '');
