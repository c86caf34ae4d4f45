-- name: is_watched
SELECT EXISTS (SELECT 1 FROM stock_threshold WHERE tenant_id = $1)
    OR EXISTS (SELECT 1 FROM stock_alert WHERE tenant_id = $1 AND ended_at IS NULL);

-- name: watching_tenants
SELECT tenant_id FROM stock_threshold UNION SELECT tenant_id FROM stock_alert WHERE ended_at IS NULL;

-- name: alone
SELECT pg_try_advisory_xact_lock(hashtextextended($1, 0));

-- name: states
-- Pieces sold a day over the window: a sale that only reserves is sold as well. A SKU that nobody counted is not low.
WITH free AS (
    SELECT l.tenant_id, l.hub_sku, sum(l.on_hand - l.reserved)::bigint AS available
    FROM stock_level l
    WHERE l.tenant_id = $1 AND l.version > 0 AND ($2::text[] IS NULL OR l.hub_sku = ANY($2::text[]))
    GROUP BY l.tenant_id, l.hub_sku
), limits AS (
    SELECT f.*, CASE WHEN t.tenant_id IS NULL THEN d.low_at ELSE t.low_at END AS low_at,
           CASE WHEN t.tenant_id IS NULL THEN d.cover_days ELSE t.cover_days END AS cover_days,
           coalesce(t.window_days, d.window_days, 28) AS window_days
    FROM free f
    LEFT JOIN stock_threshold t ON t.tenant_id = f.tenant_id AND t.hub_sku = f.hub_sku
    LEFT JOIN stock_threshold d ON d.tenant_id = f.tenant_id AND d.hub_sku = ''
), paces AS (
    SELECT l.*, coalesce((SELECT sum(m.reserved_delta - m.delta)::numeric FROM stock_move m
                          WHERE m.tenant_id = l.tenant_id AND m.hub_sku = l.hub_sku AND m.cause = 'sale'
                            AND m.made_at > now() - make_interval(days => l.window_days)), 0) / l.window_days AS per_day
    FROM limits l
), covers AS (
    SELECT p.*, CASE WHEN p.per_day > 0 THEN greatest(p.available, 0) / p.per_day END AS cover FROM paces p
)
SELECT c.tenant_id, c.hub_sku, c.available, c.low_at, c.cover_days, c.per_day, c.cover, now() AS now, a.id AS alert_id,
       a.since,
       CASE WHEN c.available <= c.low_at THEN 'low' WHEN c.cover < c.cover_days THEN 'cover' ELSE '' END AS reason
FROM covers c LEFT JOIN stock_alert a ON a.tenant_id = c.tenant_id AND a.hub_sku = c.hub_sku AND a.ended_at IS NULL
WHERE a.id IS NOT NULL OR c.available <= c.low_at OR c.cover < c.cover_days;

-- name: open
INSERT INTO stock_alert (id, tenant_id, hub_sku, reason, available, per_day, since) VALUES ($1, $2, $3, $4, $5, $6, $7);

-- name: close
UPDATE stock_alert SET ended_at = now() WHERE id = $1;

-- name: forget_moves
DELETE FROM stock_move WHERE announced AND made_at < now() - make_interval(days => $1);
