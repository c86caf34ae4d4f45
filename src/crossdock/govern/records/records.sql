-- name: stores
SELECT id, tenant_id, connector, name, state, account_uid, config, account, route_epoch FROM connection
WHERE tenant_id = $1;

-- name: by_id
SELECT r.id AS record_id, r.connection_id, r.stream, r.external_id, r.parent_id, r.seq, r.presence, r.status,
       r.modified_at, r.made_at, r.contested, e.id AS event_id, e.recorded_at, e.body
FROM record r JOIN event e ON e.id = r.event_id
WHERE r.tenant_id = $1 AND r.stream = $2 AND r.id = $3;

-- name: by_code
SELECT r.id AS record_id, r.connection_id, r.stream, r.external_id, r.parent_id, r.seq, r.presence, r.status,
       r.modified_at, r.made_at, r.contested, e.id AS event_id, e.recorded_at, e.body
FROM record r JOIN event e ON e.id = r.event_id
WHERE r.tenant_id = $1 AND r.stream = $2 AND r.code = $3 AND r.code <> '' AND r.connection_id = ANY($4::uuid[])
ORDER BY r.id DESC LIMIT $5;

-- name: by_external_id
SELECT r.id AS record_id, r.connection_id, r.stream, r.external_id, r.parent_id, r.seq, r.presence, r.status,
       r.modified_at, r.made_at, r.contested, e.id AS event_id, e.recorded_at, e.body
FROM record r JOIN event e ON e.id = r.event_id
WHERE r.tenant_id = $1 AND r.stream = $2 AND r.external_id = $3 AND r.connection_id = ANY($4::uuid[])
ORDER BY r.id DESC LIMIT $5;

-- name: by_subject
SELECT r.id AS record_id, r.connection_id, r.stream, r.external_id, r.parent_id, r.seq, r.presence, r.status,
       r.modified_at, r.made_at, r.contested, e.id AS event_id, e.recorded_at, e.body
FROM record r JOIN event e ON e.id = r.event_id
WHERE r.tenant_id = $1 AND r.subject = $3 AND r.stream = $2 AND r.connection_id = ANY($4::uuid[])
  AND (r.placed_at, r.id) < ($6, $7) AND r.placed_at >= $8
  AND ($9::text IS NULL OR r.status = $9)
ORDER BY r.placed_at DESC, r.id DESC LIMIT $5;

-- name: listed
-- One look along the index a store, so that one store's page costs the same however large the others are.
SELECT r.id AS record_id, r.connection_id, r.stream, r.external_id, r.parent_id, r.seq, r.presence, r.status,
       r.modified_at, r.made_at, r.contested, e.id AS event_id, e.recorded_at, e.body
FROM (SELECT n.* FROM unnest($3::uuid[]) AS store(id), LATERAL (
          SELECT * FROM record o
          WHERE o.tenant_id = $1 AND o.connection_id = store.id AND o.stream = $2
            AND (o.placed_at, o.id) < ($5, $6) AND o.placed_at >= $7 AND o.id <> '00000000-0000-0000-0000-000000000000'
          ORDER BY o.placed_at DESC, o.id DESC LIMIT $4) AS n
      ORDER BY n.placed_at DESC, n.id DESC LIMIT $4) AS r
JOIN event e ON e.id = r.event_id
ORDER BY r.placed_at DESC, r.id DESC;

-- name: listed_by_status
SELECT r.id AS record_id, r.connection_id, r.stream, r.external_id, r.parent_id, r.seq, r.presence, r.status,
       r.modified_at, r.made_at, r.contested, e.id AS event_id, e.recorded_at, e.body
FROM (SELECT n.* FROM unnest($3::uuid[]) AS store(id), LATERAL (
          SELECT * FROM record o
          WHERE o.tenant_id = $1 AND o.connection_id = store.id AND o.stream = $2 AND o.status = $8
            AND (o.placed_at, o.id) < ($5, $6) AND o.placed_at >= $7 AND o.id <> '00000000-0000-0000-0000-000000000000'
          ORDER BY o.placed_at DESC, o.id DESC LIMIT $4) AS n
      ORDER BY n.placed_at DESC, n.id DESC LIMIT $4) AS r
JOIN event e ON e.id = r.event_id
ORDER BY r.placed_at DESC, r.id DESC;

-- name: place
SELECT placed_at AS at, id FROM record WHERE tenant_id = $1 AND id = $2;

-- name: children
SELECT r.id AS record_id, r.connection_id, r.stream, r.external_id, r.parent_id, r.seq, r.presence, r.status,
       r.modified_at, r.made_at, r.contested, e.id AS event_id, e.recorded_at, e.body
FROM record r JOIN event e ON e.id = r.event_id
WHERE r.tenant_id = $1 AND r.connection_id = $2 AND r.stream = $3 AND r.parent_id = $4 AND r.presence <> 'deleted'
ORDER BY r.id LIMIT 500;

-- name: links
SELECT l.connection_id, l.object, l.external_id, l.changed_at
FROM link l WHERE l.tenant_id = $1 AND l.connection_id = ANY($2::uuid[]) AND l.key = $3;

-- name: history
SELECT id, type, origin, verdict, seq, status, recorded_at FROM event
WHERE tenant_id = $1 AND record_id = $2 ORDER BY seq DESC, id DESC LIMIT 100;

-- name: changes
-- Only what nothing can appear before any more: an earlier era, or below the oldest transaction still running.
SELECT e.id, e.era, e.xid::text::bigint AS xid, e.connection_id, e.record_id, e.stream, e.external_id, e.type,
       e.presence, e.status, e.seq, e.modified_at, e.recorded_at, e.origin, e.body
FROM event e
WHERE e.tenant_id = $1 AND (e.era, e.xid, e.id) > ($2::smallint, $3::text::xid8, $4::uuid) AND e.id > $5
  AND (e.era < (SELECT max(era) FROM feed_era) OR e.xid < pg_snapshot_xmin(pg_current_snapshot()))
  AND e.verdict <> 'contested' AND e.stream <> ALL($6::text[])
  AND ($7::text[] IS NULL OR e.stream = ANY($7)) AND ($8::uuid[] IS NULL OR e.connection_id = ANY($8))
ORDER BY e.era, e.xid, e.id LIMIT $9;

-- name: in_order
-- For the transaction: a page of the feed is read along its index. The planner takes the page for the whole feed (it
-- guesses a handful of rows) and would read and sort all of it.
SELECT set_config('enable_sort', 'off', true);

-- name: newest_change
-- Where a filtered feed has come to when it holds nothing more: all below this place has been looked at.
SELECT (SELECT max(era) FROM feed_era) AS era, pg_snapshot_xmin(pg_current_snapshot())::text::bigint AS xid;

-- name: guests
-- Whose newest order in a store this is, where no account of that store has the address; with how often they bought.
SELECT r.id AS record_id, r.connection_id, r.stream, r.external_id, r.parent_id, r.seq, r.presence, r.status,
       r.modified_at, r.made_at, r.contested, r.placed_at, e.id AS event_id, e.recorded_at, e.body,
       (SELECT count(*) FROM record a WHERE a.tenant_id = $1 AND a.subject = r.subject AND a.stream = 'order'
          AND a.connection_id = r.connection_id AND a.presence = 'live') AS orders,
       (SELECT min(a.placed_at) FROM record a WHERE a.tenant_id = $1 AND a.subject = r.subject AND a.stream = 'order'
          AND a.connection_id = r.connection_id AND a.presence = 'live') AS first_at
FROM (SELECT n.* FROM unnest($2::uuid[]) AS store(id), LATERAL (
          SELECT * FROM record o
          WHERE o.tenant_id = $1 AND o.connection_id = store.id AND o.stream = 'order' AND o.presence = 'live'
            AND o.subject IS NOT NULL AND (o.placed_at, o.id) < ($4, $5)
            AND o.id <> '00000000-0000-0000-0000-000000000000'
            AND NOT EXISTS (SELECT 1 FROM record b WHERE b.tenant_id = $1 AND b.subject = o.subject
                            AND b.connection_id = o.connection_id AND b.presence = 'live'
                            AND (b.stream = 'customer'
                                 OR b.stream = 'order' AND (b.placed_at, b.id) > (o.placed_at, o.id)))
          ORDER BY o.placed_at DESC, o.id DESC LIMIT $3) AS n
      ORDER BY n.placed_at DESC, n.id DESC LIMIT $3) AS r
JOIN event e ON e.id = r.event_id
ORDER BY r.placed_at DESC, r.id DESC;
