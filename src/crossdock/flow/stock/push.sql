-- name: take_due
-- The due links of one store: whichever store's have waited longest. Variations stand beside their siblings.
WITH store AS (
    SELECT s.connection_id FROM sku_link s JOIN connection c ON c.id = s.connection_id
    WHERE s.push_at <= now() AND s.active AND s.suspended_at IS NULL AND c.state = 'active'
    ORDER BY s.push_at
    LIMIT 1
)
SELECT l.id, l.tenant_id, l.connection_id, l.product_id, l.variation_id, l.store_sku, l.hub_sku, l.shown, l.owed,
       l.doubt, l.before, l.forced, coalesce(l.owed_until > now(), false) AS waiting,
       coalesce(l.doubt_at + $2::interval > now(), false) AS doubting
FROM sku_link l JOIN store USING (connection_id)
WHERE l.push_at <= now() AND l.active AND l.suspended_at IS NULL
ORDER BY l.variation_id IS NOT NULL, l.product_id, l.variation_id
LIMIT $1
FOR UPDATE OF l SKIP LOCKED;

-- name: has_way
SELECT EXISTS (SELECT 1 FROM route r WHERE r.source_id = $1 AND r.destination_id = $1 AND r.stream = $2 AND r.enabled);

-- name: no_way
UPDATE sku_link SET push_at = now() + $2::interval, last_error = $3 WHERE id = ANY($1::uuid[]);

-- name: put_off
-- Nothing to tell now: later, when something is waited for, else when something changes.
UPDATE sku_link
SET push_at = CASE WHEN owed <> 0 AND owed_until > now() THEN owed_until
                   WHEN doubt IS NOT NULL AND doubt_at + $2::interval > now() THEN doubt_at + $2::interval END,
    forced = forced AND doubt IS NOT NULL
WHERE id = ANY($1::uuid[]);

-- name: told_levels
UPDATE sku_link l
SET push_at = NULL, forced = false, in_flight = k.event_id, shown = k.shown, before = k.before, last_pushed = k.shown,
    owed = 0, owed_until = NULL, doubt = NULL, doubt_at = NULL, checked = NULL, checked_at = NULL
FROM unnest($1::uuid[], $2::uuid[], $3::bigint[], $4::bigint[]) AS k(id, event_id, shown, before)
WHERE l.id = k.id;

-- name: levels_of
SELECT hub_sku, location, on_hand, reserved, confirmed FROM stock_level
WHERE tenant_id = $1 AND hub_sku = ANY($2::text[]) AND version > 0;

-- name: sellers_of
SELECT hub_sku, connection_id, bool_or(backorders) AS backorders FROM sku_link
WHERE tenant_id = $1 AND hub_sku = ANY($2::text[]) AND active AND direction <> 'in'
  AND (push_stock OR push_on_fulfilment)
GROUP BY hub_sku, connection_id;

-- name: shares
SELECT connection_id, location, weight, reserve, share FROM store_share WHERE tenant_id = $1;

-- name: take_due_prices
WITH store AS (
    SELECT s.connection_id FROM sku_link s JOIN connection c ON c.id = s.connection_id
    WHERE s.price_at <= now() AND s.active AND s.suspended_at IS NULL AND c.state = 'active'
    ORDER BY s.price_at
    LIMIT 1
)
SELECT l.id, l.tenant_id, l.connection_id, l.product_id, l.variation_id, l.store_sku, l.hub_sku, l.last_price
FROM sku_link l JOIN store USING (connection_id)
WHERE l.price_at <= now() AND l.active AND l.suspended_at IS NULL
ORDER BY l.variation_id IS NOT NULL, l.product_id, l.variation_id
LIMIT $1
FOR UPDATE OF l SKIP LOCKED;

-- name: prices_of
SELECT hub_sku, regular_price, sale_price FROM price_level
WHERE tenant_id = $1 AND hub_sku = ANY($2::text[]) AND currency = $3;

-- name: told_prices
UPDATE sku_link l SET price_in_flight = k.event_id, last_price = k.price
FROM unnest($1::uuid[], $2::uuid[], $3::text[]) AS k(id, event_id, price)
WHERE l.id = k.id;

-- name: done_prices
UPDATE sku_link SET price_at = NULL WHERE id = ANY($1::uuid[]);
