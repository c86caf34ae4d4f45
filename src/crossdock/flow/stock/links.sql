-- name: lock_products
SELECT l.id, l.connection_id, l.product_id, l.variation_id, l.store_sku, l.push_stock, l.push_price,
       l.push_on_fulfilment, l.direction, l.counts, l.backorders, l.active
FROM sku_link l
JOIN unnest($2::uuid[], $3::text[], $4::text[]) AS k(connection_id, product_id, variation_id)
  ON l.connection_id = k.connection_id AND l.product_id = k.product_id
 AND coalesce(l.variation_id, '') = k.variation_id
WHERE l.tenant_id = $1
ORDER BY l.id
FOR UPDATE OF l;

-- name: put_links
-- Another hub SKU begins to be counted now.
INSERT INTO sku_link AS l (tenant_id, id, connection_id, product_id, variation_id, store_sku, hub_sku, push_stock,
                           push_price, push_on_fulfilment, direction, counts, backorders, active, shown)
SELECT $1, k.* FROM unnest($2::uuid[], $3::uuid[], $4::text[], $5::text[], $6::text[], $7::text[], $8::boolean[],
                           $9::boolean[], $10::boolean[], $11::text[], $12::text[], $13::boolean[], $14::boolean[],
                           $15::bigint[])
     AS k(id, connection_id, product_id, variation_id, store_sku, hub_sku, push_stock, push_price,
          push_on_fulfilment, direction, counts, backorders, active, shown)
ON CONFLICT (connection_id, product_id, coalesce(variation_id, '')) DO UPDATE
SET store_sku = EXCLUDED.store_sku, hub_sku = EXCLUDED.hub_sku, push_stock = EXCLUDED.push_stock,
    push_price = EXCLUDED.push_price, push_on_fulfilment = EXCLUDED.push_on_fulfilment,
    direction = EXCLUDED.direction, counts = EXCLUDED.counts, backorders = EXCLUDED.backorders,
    active = EXCLUDED.active, changed_at = now(),
    counted_from = CASE WHEN l.hub_sku = EXCLUDED.hub_sku THEN l.counted_from ELSE now() END
WHERE l.tenant_id = $1;

-- name: mark_prices
UPDATE sku_link l SET price_at = clock_timestamp()
FROM (SELECT s.id FROM sku_link s
      WHERE s.tenant_id = $1 AND s.hub_sku = ANY($2::text[]) AND s.push_price AND s.direction <> 'in'
      ORDER BY s.id FOR UPDATE) AS due
WHERE l.id = due.id;

-- name: products_named
SELECT r.connection_id, k.product_id, k.variation_id, r.stream, r.external_id, r.presence, r.status, r.modified_at,
       e.id, e.body
FROM unnest($2::uuid[], $3::text[], $4::text[]) AS k(connection_id, product_id, variation_id)
JOIN record r ON r.connection_id = k.connection_id AND r.stream IN ('product', 'variation')
             AND r.external_id = coalesce(nullif(k.variation_id, ''), k.product_id)
JOIN event e ON e.id = r.event_id
WHERE r.tenant_id = $1 AND r.presence = 'live';

-- name: known_levels
SELECT DISTINCT hub_sku FROM stock_level WHERE tenant_id = $1 AND hub_sku = ANY($2::text[]) AND version > 0;

-- name: change_links
UPDATE sku_link l
SET push_stock = coalesce($3, push_stock), push_price = coalesce($4, push_price),
    push_on_fulfilment = coalesce($5, push_on_fulfilment), direction = coalesce($6, direction),
    counts = coalesce($7, counts), backorders = coalesce($8, backorders), active = coalesce($9, active),
    counted_from = CASE WHEN coalesce($10, hub_sku) = hub_sku THEN counted_from ELSE now() END,
    hub_sku = coalesce($10, hub_sku), changed_at = now()
FROM (SELECT s.id FROM sku_link s
      WHERE s.tenant_id = $1 AND s.id = ANY($2::uuid[]) ORDER BY s.id FOR UPDATE) AS asked
WHERE l.id = asked.id
RETURNING l.hub_sku;

-- name: resume
UPDATE sku_link
SET suspended_at = NULL, suspended_reason = NULL, failures = 0, last_error = NULL,
    push_at = CASE WHEN push_stock AND direction <> 'in' THEN clock_timestamp() ELSE push_at END,
    price_at = CASE WHEN push_price AND direction <> 'in' THEN clock_timestamp() ELSE price_at END
WHERE tenant_id = $1 AND suspended_at IS NOT NULL AND ($2::uuid[] IS NULL OR id = ANY($2::uuid[]))
RETURNING id;

-- name: remove_links
DELETE FROM sku_link l
USING (SELECT s.id FROM sku_link s
       WHERE s.tenant_id = $1 AND s.id = ANY($2::uuid[]) ORDER BY s.id FOR UPDATE) AS asked
WHERE l.id = asked.id
RETURNING l.id;

-- name: push_all
UPDATE sku_link l
SET push_at = CASE WHEN push_stock THEN clock_timestamp() ELSE push_at END, forced = push_stock,
    price_at = CASE WHEN push_price THEN clock_timestamp() ELSE price_at END,
    last_price = CASE WHEN push_price THEN NULL ELSE last_price END
FROM (SELECT s.id FROM sku_link s
      WHERE s.tenant_id = $1 AND s.connection_id = $2 AND s.direction <> 'in' AND (s.push_stock OR s.push_price)
      ORDER BY s.id FOR UPDATE) AS due
WHERE l.id = due.id
RETURNING l.id;

-- name: products_of
SELECT r.stream, r.external_id, r.presence, r.status, r.modified_at, e.id, e.body
FROM record r JOIN event e ON e.id = r.event_id
WHERE r.tenant_id = $1 AND r.connection_id = $2 AND r.stream IN ('product', 'variation') AND r.presence = 'live'
  AND r.external_id > $3 AND e.body IS NOT NULL
ORDER BY r.external_id
LIMIT $4;

-- name: hub_skus
SELECT hub_sku FROM stock_level WHERE tenant_id = $1
UNION
SELECT hub_sku FROM sku_link WHERE tenant_id = $1
ORDER BY hub_sku;

-- name: linked_products
SELECT product_id, variation_id FROM sku_link WHERE tenant_id = $1 AND connection_id = $2;

-- name: list_links
SELECT l.id, l.connection_id, l.product_id, l.variation_id, l.store_sku, l.hub_sku, l.push_stock, l.push_price,
       l.push_on_fulfilment, l.direction, l.counts, l.backorders, l.active, l.suspended_at, l.suspended_reason,
       l.failures, l.last_error, l.last_push_at, l.last_pushed, l.shown, l.owed, l.doubt, l.created_at
FROM sku_link l
WHERE l.tenant_id = $1 AND ($2::uuid IS NULL OR l.connection_id = $2) AND ($3::text IS NULL OR l.hub_sku = $3)
  AND ($4::text IS NULL OR CASE $4 WHEN 'suspended' THEN l.suspended_at IS NOT NULL
                                   WHEN 'active' THEN l.active AND l.suspended_at IS NULL
                                   WHEN 'inactive' THEN NOT l.active
                                   WHEN 'failing' THEN l.failures > 0 END)
  AND ($5::uuid IS NULL OR l.id > $5) AND ($7::uuid IS NULL OR l.id = $7)
ORDER BY l.id
LIMIT $6;

-- name: link_stats
SELECT c.id AS connection_id, c.name, count(*) AS links,
       count(*) FILTER (WHERE l.active AND l.suspended_at IS NULL) AS active,
       count(*) FILTER (WHERE NOT l.active) AS inactive,
       count(*) FILTER (WHERE l.suspended_at IS NOT NULL) AS suspended,
       count(*) FILTER (WHERE l.failures > 0) AS failing,
       count(*) FILTER (WHERE l.push_at IS NOT NULL) AS waiting,
       count(*) FILTER (WHERE l.in_flight IS NOT NULL) AS under_way,
       count(*) FILTER (WHERE l.doubt IS NOT NULL) AS in_doubt,
       count(DISTINCT l.hub_sku) AS skus, max(l.last_push_at) AS last_push_at,
       count(*) FILTER (WHERE NOT EXISTS (SELECT 1 FROM stock_level s WHERE s.tenant_id = l.tenant_id
                                          AND s.hub_sku = l.hub_sku AND s.version > 0)) AS without_level
FROM sku_link l JOIN connection c ON c.id = l.connection_id
WHERE l.tenant_id = $1
GROUP BY c.id, c.name
ORDER BY c.name;
