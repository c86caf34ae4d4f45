-- name: oldest_flight
-- A wish's delivery is made after its event: no partition of an earlier day has to be looked at.
SELECT f.id FROM (
    (SELECT in_flight AS id FROM sku_link WHERE in_flight IS NOT NULL ORDER BY in_flight LIMIT 1)
    UNION ALL
    (SELECT price_in_flight FROM sku_link WHERE price_in_flight IS NOT NULL ORDER BY price_in_flight LIMIT 1)
) AS f ORDER BY f.id LIMIT 1;

-- name: landed
WITH flights AS (
    SELECT id, connection_id, product_id, variation_id, in_flight AS event_id, 'stock_level' AS stream
    FROM sku_link WHERE in_flight IS NOT NULL
    UNION ALL
    SELECT id, connection_id, product_id, variation_id, price_in_flight, 'price_level'
    FROM sku_link WHERE price_in_flight IS NOT NULL
)
SELECT f.id, f.event_id, d.state, d.reason, d.ended_at
FROM flights f
JOIN record r ON r.connection_id = f.connection_id AND r.stream = f.stream
             AND r.external_id = coalesce(f.variation_id, f.product_id)
JOIN delivery_done d ON d.record_id = r.id AND d.event_id = f.event_id AND d.id > $1
ORDER BY f.id
LIMIT $2;

-- name: lock_links
SELECT id, tenant_id, connection_id, product_id, variation_id, hub_sku, failures, last_error, in_flight,
       price_in_flight
FROM sku_link WHERE id = ANY($1::uuid[]) ORDER BY id FOR UPDATE;

-- name: land_level
-- After a refusal nobody knows what the store shows: it is told again, later each time, unless the link is suspended.
UPDATE sku_link
SET in_flight = NULL, failures = $5, last_error = $6,
    last_push_at = CASE WHEN $3 = 'delivered' THEN $4::timestamptz ELSE last_push_at END,
    shown = CASE WHEN $3 = 'delivered' THEN shown END,
    push_at = CASE WHEN $3 <> 'dead' THEN push_at
                   ELSE clock_timestamp() + make_interval(secs => least(300, power(2, least($5, 10)))) END,
    suspended_at = CASE WHEN $7 THEN now() ELSE suspended_at END,
    suspended_reason = CASE WHEN $7 THEN $6 ELSE suspended_reason END
WHERE id = $1 AND in_flight = $2;

-- name: land_price
UPDATE sku_link
SET price_in_flight = NULL, failures = $5, last_error = $6,
    last_push_at = CASE WHEN $3 = 'delivered' THEN $4::timestamptz ELSE last_push_at END,
    last_price = CASE WHEN $3 = 'delivered' THEN last_price END,
    price_at = CASE WHEN $3 <> 'dead' THEN price_at
                    ELSE clock_timestamp() + make_interval(secs => least(300, power(2, least($5, 10)))) END,
    suspended_at = CASE WHEN $7 THEN now() ELSE suspended_at END,
    suspended_reason = CASE WHEN $7 THEN $6 ELSE suspended_reason END
WHERE id = $1 AND price_in_flight = $2;
