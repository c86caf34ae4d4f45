-- name: to_read
SELECT l.id, l.tenant_id, l.connection_id, l.product_id, l.variation_id, l.doubt,
       (SELECT r.stream FROM record r WHERE r.connection_id = l.connection_id AND r.stream IN ('product', 'variation')
        AND r.external_id = coalesce(l.variation_id, l.product_id) LIMIT 1) AS stream
FROM sku_link l JOIN connection c ON c.id = l.connection_id
WHERE l.doubt IS NOT NULL AND l.doubt_at + $1::interval <= now() AND l.checked_at IS NULL AND l.owed = 0
  AND l.in_flight IS NULL AND c.state = 'active'
ORDER BY l.doubt_at
LIMIT $2;

-- name: note_reading
-- A product that is gone or whose stock the store does not manage shows nothing that could be settled.
UPDATE sku_link
SET checked = $3::bigint, checked_at = CASE WHEN $3::bigint IS NOT NULL THEN clock_timestamp() END,
    doubt = CASE WHEN $3::bigint IS NOT NULL AND $3::bigint <> shown THEN doubt END,
    doubt_at = CASE WHEN $3::bigint IS NOT NULL AND $3::bigint <> shown THEN doubt_at END,
    push_at = CASE WHEN $3::bigint IS NOT NULL AND $3::bigint <> shown THEN push_at
                   WHEN push_stock AND direction <> 'in' THEN clock_timestamp() END
WHERE id = $1 AND doubt = $2::bigint AND owed = 0 AND in_flight IS NULL AND checked_at IS NULL;

-- name: to_ask
-- A pull stays two seconds short of the shop's time: one that begins three seconds later sees what was there.
SELECT DISTINCT l.tenant_id, l.connection_id FROM sku_link l
WHERE l.doubt IS NOT NULL AND l.checked_at + interval '3 seconds' <= now()
  AND NOT EXISTS (SELECT 1 FROM run r
                  WHERE r.connection_id = l.connection_id AND r.kind = 'pull'
                    AND r.created_at > l.checked_at + interval '3 seconds');

-- name: certain
-- A pull of orders began after the reading and has ended, and the counter is beyond all events there are of the store.
SELECT l.id, l.tenant_id, l.connection_id, l.hub_sku, l.shown, l.owed, l.doubt, l.before, l.checked, l.checked_at
FROM sku_link l JOIN stock_cursor k ON k.tenant_id = l.tenant_id
WHERE l.doubt IS NOT NULL AND l.checked_at IS NOT NULL AND l.owed = 0 AND l.in_flight IS NULL
  AND (l.checked_at + $1::interval <= now()
       OR EXISTS (SELECT 1 FROM run r
                  WHERE r.connection_id = l.connection_id AND r.kind = 'pull' AND r.state = 'done'
                    AND r.started_at > l.checked_at + interval '3 seconds'
                    AND (r.streams = '{}' OR 'order' = ANY(r.streams))))
  AND NOT EXISTS (SELECT 1 FROM event e
                  WHERE e.tenant_id = l.tenant_id AND (e.era, e.xid, e.id) > (k.era, k.xid, k.id)
                    AND e.connection_id = l.connection_id AND e.stream = 'order')
ORDER BY l.checked_at
LIMIT $2;

-- name: settle
UPDATE sku_link
SET shown = $2, before = NULL, owed = 0, doubt = NULL, doubt_at = NULL, checked = NULL, checked_at = NULL,
    push_at = CASE WHEN push_stock AND direction <> 'in' THEN clock_timestamp() END
WHERE id = $1 AND checked_at = $3 AND owed = 0 AND in_flight IS NULL AND doubt IS NOT NULL
RETURNING id;
