-- name: lock_cursor
SELECT era, xid::text AS xid, id FROM stock_cursor WHERE tenant_id = $1 FOR UPDATE SKIP LOCKED;

-- name: begin_cursor
-- Counting begins now: nothing that is visible already is looked at again.
INSERT INTO stock_cursor (tenant_id, era, xid, id)
SELECT $1, (SELECT max(era) FROM feed_era), pg_snapshot_xmin(pg_current_snapshot()),
       '00000000-0000-0000-0000-000000000000'
ON CONFLICT (tenant_id) DO NOTHING;

-- name: move_cursor
UPDATE stock_cursor SET era = $2, xid = $3::text::xid8, id = $4 WHERE tenant_id = $1;

-- name: counted_tenants
SELECT c.tenant_id FROM stock_cursor c
WHERE EXISTS (SELECT 1 FROM sku_link l WHERE l.tenant_id = c.tenant_id)
ORDER BY c.tenant_id;

-- name: events_after
-- In the order in which they became visible; nothing can appear before the last of them any more.
SELECT e.era, e.xid::text AS xid, e.id, e.connection_id, e.verdict
FROM event e
WHERE e.tenant_id = $1 AND (e.era, e.xid, e.id) > ($2::smallint, $3::text::xid8, $4::uuid)
  AND (e.era < (SELECT max(f.era) FROM feed_era f) OR e.xid < pg_snapshot_xmin(pg_current_snapshot()))
ORDER BY e.era, e.xid, e.id
LIMIT $5;

-- name: linked_stores
SELECT DISTINCT connection_id FROM sku_link WHERE tenant_id = $1;

-- name: bodies
SELECT id, tenant_id, connection_id, record_id, seq, stream, external_id, presence, status, modified_at, recorded_at,
       body
FROM event WHERE id = ANY($1::uuid[]) AND stream IN ('order', 'product', 'variation', 'fulfilment');

-- name: links_of
SELECT l.id, l.connection_id, l.product_id, l.variation_id, l.hub_sku, l.direction, l.counts, l.push_on_fulfilment,
       l.counted_from, l.shown, l.owed, l.doubt, l.before, l.seen_seq
FROM sku_link l JOIN unnest($2::uuid[], $3::text[]) AS k(connection_id, product_id) USING (connection_id, product_id)
WHERE l.tenant_id = $1;

-- name: lock_accounts
SELECT id, shown, owed, doubt, doubt_at, before, seen_seq, counts, push_stock AND direction <> 'in' AS written
FROM sku_link
WHERE id = ANY($1::uuid[]) ORDER BY id FOR UPDATE;

-- name: save_accounts
-- A new doubt, or one that an order changed, is looked into from the start.
UPDATE sku_link l
SET shown = k.shown, owed = k.owed, doubt = k.doubt, doubt_at = k.doubt_at, before = k.before, seen_seq = k.seen_seq,
    checked = NULL, checked_at = NULL
FROM unnest($1::uuid[], $2::bigint[], $3::bigint[], $4::bigint[], $5::timestamptz[], $6::bigint[], $7::bigint[])
     AS k(id, shown, owed, doubt, doubt_at, before, seen_seq)
WHERE l.id = k.id;

-- name: owe
UPDATE sku_link
SET owed_until = clock_timestamp() + $2::interval,
    push_at = CASE WHEN push_stock AND direction <> 'in' THEN least(push_at, clock_timestamp()) END
WHERE id = ANY($1::uuid[]);

-- name: levels_of
SELECT hub_sku, location, on_hand, reserved FROM stock_level
WHERE tenant_id = $1 AND hub_sku = ANY($2::text[]) AND version > 0;

-- name: lines_of
SELECT l.connection_id, l.order_id, l.line_id, l.hub_sku, l.location, l.taken, l.fulfilled, l.baseline, l.reserves,
       l.seq
FROM stock_line l JOIN unnest($2::uuid[], $3::text[]) AS k(connection_id, order_id) USING (connection_id, order_id)
WHERE l.tenant_id = $1;

-- name: save_lines
INSERT INTO stock_line AS l (tenant_id, connection_id, order_id, line_id, hub_sku, location, taken, fulfilled, baseline,
                             reserves, seq)
SELECT $1, k.* FROM unnest($2::uuid[], $3::text[], $4::text[], $5::text[], $6::text[], $7::bigint[], $8::bigint[],
                           $9::bigint[], $10::boolean[], $11::bigint[])
     AS k(connection_id, order_id, line_id, hub_sku, location, taken, fulfilled, baseline, reserves, seq)
ON CONFLICT (connection_id, order_id, line_id) DO UPDATE
SET taken = EXCLUDED.taken, fulfilled = EXCLUDED.fulfilled, seq = EXCLUDED.seq;

-- name: await_fulfilment
INSERT INTO stock_fulfilment (event_id, tenant_id, connection_id, record_id, order_id, lines)
VALUES ($1, $2, $3, $4, $5, $6::jsonb)
ON CONFLICT (event_id) DO NOTHING;

-- name: awaits_fulfilments
SELECT EXISTS (SELECT 1 FROM stock_fulfilment WHERE tenant_id = $1);

-- name: ended_fulfilments
SELECT f.event_id, f.tenant_id, f.connection_id, f.order_id, f.lines, d.state
FROM stock_fulfilment f JOIN delivery_done d ON d.record_id = f.record_id AND d.event_id = f.event_id
WHERE f.tenant_id = $1
ORDER BY f.event_id
LIMIT $2;

-- name: forget_fulfilments
DELETE FROM stock_fulfilment WHERE event_id = ANY($1::uuid[]);

-- name: order_record
SELECT r.id AS record_id, r.tenant_id, r.connection_id, r.stream, r.external_id, r.presence, r.status, r.modified_at,
       r.seq, e.id, e.body
FROM record r JOIN event e ON e.id = r.event_id
WHERE r.tenant_id = $1 AND r.connection_id = $2 AND r.stream = 'order' AND r.external_id = $3;

-- name: force_links
UPDATE sku_link l SET push_at = clock_timestamp(), forced = true
FROM (SELECT s.id FROM sku_link s
      WHERE s.tenant_id = $1 AND s.hub_sku = ANY($2::text[]) AND s.push_on_fulfilment AND s.direction <> 'in'
      ORDER BY s.id FOR UPDATE) AS due
WHERE l.id = due.id;
