-- name: put_prices
INSERT INTO price_level AS p (tenant_id, hub_sku, currency, regular_price, sale_price)
SELECT $1, k.* FROM unnest($2::text[], $3::text[], $4::numeric[], $5::numeric[])
     AS k(hub_sku, currency, regular_price, sale_price)
ON CONFLICT (tenant_id, hub_sku, currency) DO UPDATE
SET regular_price = EXCLUDED.regular_price, sale_price = EXCLUDED.sale_price, version = p.version + 1,
    changed_at = clock_timestamp()
WHERE (p.regular_price, p.sale_price) IS DISTINCT FROM (EXCLUDED.regular_price, EXCLUDED.sale_price)
RETURNING hub_sku;

-- name: mark_prices
UPDATE sku_link l SET price_at = clock_timestamp()
FROM (SELECT s.id FROM sku_link s
      WHERE s.tenant_id = $1 AND s.hub_sku = ANY($2::text[]) AND s.push_price AND s.direction <> 'in'
      ORDER BY s.id FOR UPDATE) AS due
WHERE l.id = due.id;

-- name: drop_shares
DELETE FROM store_share WHERE tenant_id = $1 AND connection_id = $2;

-- name: put_shares
INSERT INTO store_share (tenant_id, connection_id, location, weight, reserve, share)
SELECT $1, $2, k.* FROM unnest($3::text[], $4::integer[], $5::bigint[], $6::numeric[])
     AS k(location, weight, reserve, share);

-- name: mark_all
UPDATE sku_link l SET push_at = clock_timestamp()
FROM (SELECT s.id FROM sku_link s WHERE s.tenant_id = $1 AND s.push_stock AND s.direction <> 'in'
      ORDER BY s.id FOR UPDATE) AS due
WHERE l.id = due.id;

-- name: put_thresholds
INSERT INTO stock_threshold AS t (tenant_id, hub_sku, low_at, cover_days, window_days)
SELECT $1, k.* FROM unnest($2::text[], $3::bigint[], $4::numeric[], $5::integer[])
     AS k(hub_sku, low_at, cover_days, window_days)
ON CONFLICT (tenant_id, hub_sku) DO UPDATE
SET low_at = EXCLUDED.low_at, cover_days = EXCLUDED.cover_days, window_days = EXCLUDED.window_days;

-- name: drop_thresholds
DELETE FROM stock_threshold WHERE tenant_id = $1 AND low_at IS NULL AND cover_days IS NULL;
