-- name: tenants_with_news
SELECT DISTINCT tenant_id FROM stock_move WHERE NOT announced LIMIT 100;

-- name: take_news
-- A level's movements follow each other by version.
SELECT id, hub_sku, location, delta, reserved_delta, on_hand, reserved, version, cause, reference, connection_id,
       made_at
FROM stock_move
WHERE tenant_id = $1 AND NOT announced
ORDER BY hub_sku, location, version
LIMIT $2;

-- name: tell_alone
SELECT pg_try_advisory_xact_lock(hashtextextended($1, 0));

-- name: mark_news
UPDATE stock_move SET announced = true WHERE id = ANY($1::uuid[]);
