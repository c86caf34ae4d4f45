-- name: levels
SELECT l.hub_sku, l.location, l.on_hand, l.reserved, l.confirmed, l.version, l.changed_at
FROM stock_level l
WHERE l.tenant_id = $1 AND l.version > 0 AND ($2::text[] IS NULL OR l.hub_sku = ANY($2::text[]))
  AND ($3::uuid IS NULL OR EXISTS (SELECT 1 FROM sku_link k WHERE k.tenant_id = $1 AND k.connection_id = $3
                                   AND k.hub_sku = l.hub_sku))
  AND (l.hub_sku, l.location) > ($4, $5)
ORDER BY l.hub_sku, l.location
LIMIT $6;

-- name: moves
SELECT id, hub_sku, location, delta, reserved_delta, on_hand, reserved, version, cause, reference, connection_id,
       made_at
FROM stock_move
WHERE tenant_id = $1 AND ($2::text IS NULL OR hub_sku = $2) AND id < $3
ORDER BY id DESC
LIMIT $4;

-- name: alerts
SELECT id, hub_sku, reason, available, per_day, since, ended_at FROM stock_alert
WHERE tenant_id = $1 AND ($2::boolean IS NULL OR (ended_at IS NULL) = $2) AND id < $3
ORDER BY id DESC
LIMIT $4;

-- name: shares
SELECT location, weight, reserve, share FROM store_share WHERE tenant_id = $1 AND connection_id = $2 ORDER BY location;

-- name: thresholds
SELECT hub_sku, low_at, cover_days, window_days FROM stock_threshold WHERE tenant_id = $1 ORDER BY hub_sku;

-- name: prices
SELECT hub_sku, currency, regular_price, sale_price, version, changed_at FROM price_level
WHERE tenant_id = $1 AND ($2::text IS NULL OR hub_sku = $2) AND (hub_sku, currency) > ($3, $4)
ORDER BY hub_sku, currency
LIMIT $5;
